package dev.starling.rdma.disni;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ibm.disni.RdmaEndpointProvider;
import dev.starling.rdma.FakeVerbs;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** What each test of this package starts from and must leave behind. */
final class VerbsState {
  /** Names an address that leads to the device, where its GIDs do not tell one. */
  private static final String ADDRESS_PROPERTY = "starling.verbs.address";

  private static long before;

  private VerbsState() {}

  static void enter() {
    FakeVerbs.enter();
    FfmProvider.install();
    if (FakeVerbs.isFake()) {
      FakeVerbs.reset();
      before = live();
    }
  }

  private static long live() {
    return FakeVerbs.live("all");
  }

  /**
   * Closes the protection domains that DiSNI's endpoint groups share and keep until the process
   * ends.
   */
  static void closeSharedDomains() throws IOException, ReflectiveOperationException {
    Map<?, ?> domains =
        (Map<?, ?>)
            MethodHandles.privateLookupIn(RdmaEndpointProvider.class, MethodHandles.lookup())
                .findVarHandle(RdmaEndpointProvider.class, "pdMap", HashMap.class)
                .get(RdmaEndpointProvider.getEndpointProvider());
    for (Object domain : domains.values()) {
      ((FfmPd) domain).close();
    }
    domains.clear();
  }

  /** An address whose interface has the device: a property names it, else its GIDs do. */
  static InetAddress address() {
    String named = System.getProperty(ADDRESS_PROPERTY);
    return named == null ? addressOfGid(gid -> isMapped(gid)) : inetAddress(named);
  }

  /** An IPv6 address of the device that needs no scope; null when it has none. */
  static InetAddress address6() {
    return addressOfGid(gid -> !isMapped(gid) && (gid[0] & 0xff) != 0xfe && gid[0] != 0);
  }

  private static InetAddress addressOfGid(Predicate<byte[]> wanted) {
    try (FfmContext context = FfmContext.open(FakeVerbs.device())) {
      int gids = Math.min(16, context.port(1).gidTableLength());
      for (int i = 0; i < gids; i++) {
        byte[] gid = context.gid(1, i);
        if (wanted.test(gid)) {
          return InetAddress.getByAddress(gid);
        }
      }
      return null;
    } catch (UnknownHostException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static boolean isMapped(byte[] gid) {
    return gid[10] == -1 && gid[11] == -1 && gid[12] != 0;
  }

  private static InetAddress inetAddress(String named) {
    try {
      return InetAddress.getByName(named);
    } catch (UnknownHostException failure) {
      throw new AssertionError(ADDRESS_PROPERTY + "=" + named + " is no address", failure);
    }
  }

  static void assertNothingLeft() {
    if (FakeVerbs.isFake()) {
      assertEquals(before, live(), "live objects");
      assertEquals("", FakeVerbs.misuse());
    }
  }
}

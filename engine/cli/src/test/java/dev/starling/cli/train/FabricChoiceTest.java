package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.cluster.ClusterBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.cluster.RollCall;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.fabric.FabricSettings;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.rendezvous.ControlLink;
import dev.starling.engine.rendezvous.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which fabric ranks choose that are on one host or, as far as their links know, on several. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FabricChoiceTest {
  private static final long SECOND_NS = 1_000_000_000L;

  private final ShmFabric shared = new ShmFabric(Path.of("/dev/shm"));
  private final List<String> told = new ArrayList<>();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<ControlLink> links = new ArrayList<>();
  private int workers;

  /** A fabric between hosts that is shared memory in truth. */
  private final class Verbs implements FabricProvider {
    private final Optional<String> reason;
    private final Fabric fabric = new ShmFabric(Path.of("/dev/shm"));
    private FabricSettings settings;

    Verbs(String reason) {
      this.reason = Optional.ofNullable(reason);
    }

    @Override
    public String name() {
      return "verbs";
    }

    @Override
    public Optional<String> unavailableReason() {
      return reason;
    }

    @Override
    public Fabric open(FabricSettings given) {
      settings = given;
      return fabric;
    }
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : opened.reversed()) {
      resource.close();
    }
  }

  /** Ranks on the hosts that are named, "" for one that has not come. */
  private void start(String... hosts) throws IOException {
    Endpoint master;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      master = new Endpoint("127.0.0.1", socket.getLocalPort());
    }
    List<CompletableFuture<ControlLink>> opening = new ArrayList<>();
    for (int rank = 0; rank < hosts.length; rank++) {
      if (!hosts[rank].isEmpty()) {
        ControlLink.Context context =
            new ControlLink.Context(rank, hosts.length, master)
                .hostId(hosts[rank])
                .progressLongs(ClusterBoard.PROGRESS_WORDS)
                .foundAfterNs(SECOND_NS / 5)
                .joinTimeoutNs(20 * SECOND_NS);
        opening.add(CompletableFuture.supplyAsync(() -> ControlLink.open(context)));
      }
    }
    for (CompletableFuture<ControlLink> link : opening) {
      links.add(link.orTimeout(30, TimeUnit.SECONDS).join());
    }
    opened.addAll(links);
    links.forEach(link -> roll(link, hosts.length).announce());
    ControlLink first = links.getFirst();
    await(() -> links.stream().allMatch(link -> roll(first, hosts.length).isHere(link.rank())));
    workers = hosts.length;
  }

  private static RollCall roll(ControlLink link, int workers) {
    return new RollCall(link, workers);
  }

  private static void await(BooleanSupplier condition) {
    long deadlineNs = System.nanoTime() + 20 * SECOND_NS;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "it never came to that");
      LockSupport.parkNanos(SECOND_NS / 1000);
    }
  }

  /** What the first rank chooses. */
  private Fabric choose(String wanted, FabricProvider... providers) {
    TrainOptions options = new TrainOptions();
    options.launch.fabric = wanted;
    ControlLink link = links.getFirst();
    return FabricChoice.open(
        options, link, roll(link, workers), shared, List.of(providers), told::add);
  }

  private String refused(String wanted, FabricProvider... providers) {
    return assertThrows(ConfigurationException.class, () -> choose(wanted, providers)).getMessage();
  }

  @Test
  void shouldTakeSharedMemoryWhenAllRanksAreOnOneHost() throws IOException {
    start("a", "a");
    assertSame(shared, choose("auto", new Verbs(null)));
    assertEquals(List.of("fabric shm: all ranks are on this host"), told);
    assertSame(shared, choose("shm"));
    assertSame(shared, choose("auto"));
  }

  @Test
  void shouldTakeTheOtherFabricWhenRanksAreOnOtherHosts() throws IOException {
    start("a", "a", "b");
    Verbs verbs = new Verbs(null);
    assertSame(verbs.fabric, choose("auto", verbs));
    assertEquals("fabric verbs: ranks [2] are on other hosts", told.getLast());
    assertTrue(verbs.settings.sharesHost());
    assertSame(verbs.fabric, choose("verbs", verbs));
    assertEquals("fabric verbs: asked for", told.getLast());
  }

  @Test
  void shouldSayWhetherOthersShareTheHost() throws IOException {
    start("a", "b");
    Verbs verbs = new Verbs(null);
    choose("auto", verbs);
    assertEquals(false, verbs.settings.sharesHost());
  }

  @Test
  void shouldRefuseInOneSentenceWhatCannotBe() throws IOException {
    start("a", "b");
    assertEquals(
        "the fabric shm reaches ranks of one host, and ranks [1] are on other hosts: start every"
            + " rank with --fabric verbs",
        refused("shm"));
    String noDevice = "the fabric verbs cannot be used: no device; 'starling doctor' tells more";
    assertEquals(noDevice, refused("auto", new Verbs("no device")));
    assertEquals(noDevice, refused("verbs", new Verbs("no device")));
    assertTrue(refused("auto").contains("no fabric between hosts is on the class path"));
    assertEquals(
        "--fabric=pigeon is unknown: choose one of auto, shm, verbs",
        refused("pigeon", new Verbs(null)));
  }

  @Test
  void shouldReachRanksThatHaveNotComeWhereItCan() throws IOException {
    start("a", "a", "");
    Verbs verbs = new Verbs(null);
    assertSame(verbs.fabric, choose("auto", verbs), "they may be on other hosts");
    assertTrue(verbs.settings.sharesHost());
    assertSame(shared, choose("auto", new Verbs("no device")));
    assertEquals(
        "fabric shm: all ranks that have come are on this host; ranks [2] can only join from here",
        told.getLast());
    assertSame(shared, choose("shm"), "the dead and the late stop nobody");
  }

  @Test
  void shouldFollowTheFabricInUse() throws IOException {
    start("a", "a", "");
    try (ClusterBoard other =
        new ClusterBoard(
            links.get(1), roll(links.get(1), 3), shared, shared, 1, SECOND_NS, told::add)) {
      other.board().rank(1).joined(0, RankRecord.INITIAL);
      await(() -> roll(links.getFirst(), 3).fabricInUse().isPresent());
      assertSame(shared, choose("auto", new Verbs(null)));
      assertEquals("fabric shm: the job uses it already", told.getLast());
      assertEquals(
          "--fabric=verbs, but the job uses shm already: start every rank with the same options",
          refused("verbs", new Verbs(null)));
    }
  }
}

package dev.starling.rdma.disni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import dev.starling.jextract.Lanes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections on DiSNI's plain API. */
@Timeout(60)
@Tag("device")
class CmFlowTest {
  @BeforeEach
  void enter() {
    VerbsState.enter();
  }

  @AfterEach
  void checkLeaks() {
    VerbsState.assertNothingLeft();
  }

  @Test
  void shouldConnectWithPrivateDataAndDisconnect() throws IOException {
    try (CmSide listener = new CmSide();
        CmSide server = new CmSide();
        CmSide client = new CmSide();
        Arena arena = Arena.ofConfined()) {
      InetSocketAddress address = listener.listen();
      client.resolve(address);
      assertEquals(address, client.id.getDestination());
      client.makeQueuePair(client.id);
      MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1, (byte) 2, (byte) 3);
      RdmaConnParam param = CmSide.parameters();
      param.setPrivate_data(data.address());
      param.setPrivate_data_len((byte) 3);
      client.id.connect(param);
      FfmCmEvent request = listener.expect(EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
      assertSame(listener.id, request.getListenIdPriv());
      assertEquals(0, request.getStatus());
      assertEquals("[1, 2, 3]", Arrays.toString(Arrays.copyOf(request.privateData(), 3)));
      RdmaCmId accepted = request.getConnIdPriv();
      server.makeQueuePair(accepted);
      accepted.accept(CmSide.parameters());
      client.expect(EventType.RDMA_CM_EVENT_ESTABLISHED);
      FfmCmEvent established = listener.expect(EventType.RDMA_CM_EVENT_ESTABLISHED);
      assertSame(accepted, established.getConnIdPriv());
      assertEquals(QpState.RTS, ((FfmQp) client.qp).state());
      assertEquals(((FfmCmId) client.id).pkey(), ((FfmCmId) accepted).pkey());
      assertEquals(0, client.id.disconnect());
      listener.expect(EventType.RDMA_CM_EVENT_DISCONNECTED);
      assertEquals(0, accepted.disconnect());
      assertEquals(QpState.ERR, ((FfmQp) client.qp).state());
      server.qp.close();
      accepted.close();
    }
  }

  @Test
  void shouldCloseRequestsThatNobodyAccepted() throws IOException {
    try (CmSide listener = new CmSide();
        CmSide client = new CmSide()) {
      client.resolve(listener.listen());
      client.makeQueuePair(client.id);
      client.id.connect(CmSide.parameters());
      assertNotNull(listener.expect(EventType.RDMA_CM_EVENT_CONNECT_REQUEST).getConnIdPriv());
    }
  }

  @Test
  void shouldConnectByIpv6() throws IOException {
    InetAddress address = VerbsState.address6();
    Lanes.enter("verbs-ipv6", address != null, "the device has no IPv6 address beyond its link");
    try (CmSide listener = new CmSide();
        CmSide client = new CmSide()) {
      listener.id = listener.channel.createId(RdmaCm.RDMA_PS_TCP);
      listener.id.bindAddr(new InetSocketAddress(address, 0));
      listener.id.listen(1);
      InetSocketAddress bound = (InetSocketAddress) listener.id.getSource();
      assertTrue(bound.getAddress() instanceof Inet6Address, bound::toString);
      assertEquals(address, bound.getAddress());
      client.resolve(bound);
      assertEquals(bound, client.id.getDestination());
    }
  }

  @Test
  void shouldGiveNoEventWhenTheTimeIsUp() throws IOException {
    try (CmSide side = new CmSide()) {
      assertNull(side.channel.getCmEvent(10));
      assertNull(side.channel.getCmEvent(0));
    }
  }

  @Test
  void shouldSetOptionsOfAConnection() throws IOException {
    try (CmSide side = new CmSide()) {
      FfmCmId id = (FfmCmId) (side.id = side.channel.createId(RdmaCm.RDMA_PS_TCP));
      assertNull(id.getVerbs());
      assertNull(id.getSource());
      id.setTrafficClass(104);
      id.setAckTimeout(14);
      sentence(assertThrows(IOException.class, () -> id.setAckTimeout(0)));
      sentence(assertThrows(IOException.class, () -> id.setTrafficClass(256)));
    }
  }

  @Test
  void shouldSayWhatIsWrongWithAnAddress() throws IOException {
    try (CmSide side = new CmSide()) {
      RdmaCmId id = side.id = side.channel.createId(RdmaCm.RDMA_PS_TCP);
      sentence(
          assertThrows(
              IOException.class,
              () -> id.bindAddr(InetSocketAddress.createUnresolved("no-such-host", 1))));
      IOException failure =
          assertThrows(
              IOException.class, () -> id.bindAddr(new InetSocketAddress("203.0.113.9", 1)));
      sentence(failure);
      assertTrue(failure.getMessage().contains("203.0.113.9"), failure::getMessage);
      assertTrue(failure.getCause() instanceof VerbsException, failure::toString);
    }
  }

  @Test
  void shouldRefuseEndlessRetriesAndUseAfterClose() throws IOException {
    try (CmSide listener = new CmSide();
        CmSide client = new CmSide()) {
      client.resolve(listener.listen());
      client.makeQueuePair(client.id);
      RdmaConnParam param = CmSide.parameters();
      param.setRetry_count((byte) 7);
      sentence(assertThrows(IOException.class, () -> client.id.connect(param)));
      client.id.destroyId();
      sentence(assertThrows(IOException.class, () -> client.id.connect(CmSide.parameters())));
      sentence(assertThrows(IOException.class, () -> client.id.disconnect()));
    }
  }

  private static void sentence(IOException failure) {
    String message = failure.getMessage();
    assertTrue(message.contains(": ") && !message.contains("\n"), message);
  }
}

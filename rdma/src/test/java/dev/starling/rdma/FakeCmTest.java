package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.jextract.verbs.Rdmacm;
import dev.starling.jextract.verbs.ibv_qp;
import dev.starling.jextract.verbs.ibv_qp_init_attr;
import dev.starling.jextract.verbs.rdma_cm_event;
import dev.starling.jextract.verbs.rdma_cm_id;
import dev.starling.jextract.verbs.rdma_conn_param;
import dev.starling.jextract.verbs.sockaddr_in;
import dev.starling.jextract.verbs.sockaddr_in6;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What rdma_cm does, through the bindings. */
@Timeout(60)
class FakeCmTest {
  private static final int ENODEV = 19;
  private static final int EADDRINUSE = 98;
  private static final int PORT = 7171;
  private static final int TIMEOUT_MS = 1000;

  private final Arena arena = Arena.ofShared();
  private MemorySegment callState;
  private MemorySegment channel;

  @BeforeEach
  void open() {
    FakeVerbs.enterFake();
    assertEquals(0, FakeVerbs.reset(), "objects that an earlier test left");
    callState = CallState.allocate(arena);
    channel = Rdmacm.rdma_create_event_channel(callState);
    assertNotEquals(0, channel.address());
  }

  @AfterEach
  void closeAll() {
    if (channel != null) {
      Rdmacm.rdma_destroy_event_channel(channel);
      assertEquals("", FakeVerbs.misuse());
      assertEquals(0, FakeVerbs.live("all"));
    }
    arena.close();
  }

  private void ok(int result) {
    assertEquals(0, result, () -> "errno " + CallState.errno(callState));
  }

  private void refused(int errno, int result) {
    assertEquals(-1, result);
    assertEquals(errno, CallState.errno(callState));
  }

  private MemorySegment id() {
    MemorySegment id = arena.allocate(ValueLayout.ADDRESS);
    ok(Rdmacm.rdma_create_id(callState, channel, id, MemorySegment.NULL, Rdmacm.RDMA_PS_TCP()));
    return rdma_cm_id.reinterpret(id.get(ValueLayout.ADDRESS, 0));
  }

  private MemorySegment address(int a, int b, int c, int d, int port) {
    MemorySegment address = sockaddr_in.allocate(arena);
    sockaddr_in.sin_family(address, (short) Rdmacm.AF_INET());
    sockaddr_in.sin_port(address, Short.reverseBytes((short) port));
    sockaddr_in.sin_addr_s_addr(address, a | b << 8 | c << 16 | d << 24);
    return address;
  }

  private MemorySegment next(int expected) {
    MemorySegment event = arena.allocate(ValueLayout.ADDRESS);
    ok(Rdmacm.rdma_get_cm_event(callState, channel, event));
    MemorySegment found = rdma_cm_event.reinterpret(event.get(ValueLayout.ADDRESS, 0));
    assertEquals(
        Ibverbs.string(Rdmacm.rdma_event_str(expected)),
        Ibverbs.string(Rdmacm.rdma_event_str(rdma_cm_event.event(found))));
    return found;
  }

  private void ack(MemorySegment event) {
    ok(Rdmacm.rdma_ack_cm_event(callState, event));
  }

  private MemorySegment listener(int port) {
    MemorySegment listener = id();
    ok(Rdmacm.rdma_bind_addr(callState, listener, address(10, 9, 9, 1, port)));
    ok(Rdmacm.rdma_listen(callState, listener, 4));
    return listener;
  }

  private MemorySegment routed(MemorySegment destination) {
    MemorySegment active = id();
    ok(Rdmacm.rdma_resolve_addr(callState, active, MemorySegment.NULL, destination, TIMEOUT_MS));
    ack(next(Rdmacm.RDMA_CM_EVENT_ADDR_RESOLVED()));
    ok(Rdmacm.rdma_resolve_route(callState, active, TIMEOUT_MS));
    ack(next(Rdmacm.RDMA_CM_EVENT_ROUTE_RESOLVED()));
    return active;
  }

  private MemorySegment param(String data) {
    MemorySegment param = rdma_conn_param.allocate(arena);
    MemorySegment text = arena.allocateFrom(data);
    rdma_conn_param.private_data(param, text);
    rdma_conn_param.private_data_len(param, (byte) data.length());
    rdma_conn_param.responder_resources(param, (byte) 4);
    rdma_conn_param.initiator_depth(param, (byte) 2);
    rdma_conn_param.retry_count(param, (byte) 6);
    rdma_conn_param.rnr_retry_count(param, (byte) 6);
    return param;
  }

  private static String data(MemorySegment event) {
    int length = Byte.toUnsignedInt(rdma_cm_event.param_conn_private_data_len(event));
    return RawNode.view(rdma_cm_event.param_conn_private_data(event), length).getString(0);
  }

  /** A queue pair on the id's device, with all that it needs. */
  private final class Endpoint implements AutoCloseable {
    final MemorySegment id;
    final MemorySegment pd;
    final MemorySegment cq;

    Endpoint(MemorySegment id) {
      this.id = id;
      MemorySegment verbs = rdma_cm_id.verbs(id);
      pd = Ibverbs.ibv_alloc_pd(callState, verbs);
      cq = Ibverbs.ibv_create_cq(callState, verbs, 8, MemorySegment.NULL, MemorySegment.NULL, 0);
      MemorySegment init = ibv_qp_init_attr.allocate(arena);
      ibv_qp_init_attr.send_cq(init, cq);
      ibv_qp_init_attr.recv_cq(init, cq);
      ibv_qp_init_attr.cap_max_send_wr(init, 4);
      ibv_qp_init_attr.cap_max_send_sge(init, 1);
      ibv_qp_init_attr.qp_type(init, Ibverbs.IBV_QPT_RC());
      ok(Rdmacm.rdma_create_qp(callState, id, pd, init));
      assertEquals(Ibverbs.IBV_QPS_INIT(), state());
    }

    int state() {
      return ibv_qp.state(ibv_qp.reinterpret(rdma_cm_id.qp(id)));
    }

    @Override
    public void close() {
      Rdmacm.rdma_destroy_qp(id);
      assertEquals(0, Ibverbs.ibv_destroy_cq(cq));
      assertEquals(0, Ibverbs.ibv_dealloc_pd(pd));
      ok(Rdmacm.rdma_destroy_id(callState, id));
    }
  }

  @Test
  void shouldConnectExchangePrivateDataAndDisconnect() {
    MemorySegment listener = listener(PORT);
    try (Endpoint active = new Endpoint(routed(address(10, 9, 9, 1, PORT)))) {
      ok(Rdmacm.rdma_connect(callState, active.id, param("hello")));
      MemorySegment request = next(Rdmacm.RDMA_CM_EVENT_CONNECT_REQUEST());
      assertEquals(listener.address(), rdma_cm_event.listen_id(request).address());
      assertEquals("hello", data(request));
      assertEquals(56, rdma_cm_event.param_conn_private_data_len(request), "padded as on the wire");
      assertEquals(2, rdma_cm_event.param_conn_responder_resources(request), "the other's depth");
      assertEquals(4, rdma_cm_event.param_conn_initiator_depth(request));
      try (Endpoint passive = new Endpoint(rdma_cm_id.reinterpret(rdma_cm_event.id(request)))) {
        ack(request);
        ok(Rdmacm.rdma_accept(callState, passive.id, param("welcome")));
        MemorySegment established = next(Rdmacm.RDMA_CM_EVENT_ESTABLISHED());
        assertEquals(active.id.address(), rdma_cm_event.id(established).address());
        assertEquals("welcome", data(established));
        ack(established);
        ack(next(Rdmacm.RDMA_CM_EVENT_ESTABLISHED()));
        assertEquals(Ibverbs.IBV_QPS_RTS(), active.state());
        assertEquals(Ibverbs.IBV_QPS_RTS(), passive.state());

        ok(Rdmacm.rdma_disconnect(callState, active.id));
        ack(next(Rdmacm.RDMA_CM_EVENT_DISCONNECTED()));
        ack(next(Rdmacm.RDMA_CM_EVENT_DISCONNECTED()));
        assertEquals(Ibverbs.IBV_QPS_ERR(), active.state());
        assertEquals(Ibverbs.IBV_QPS_RTS(), passive.state(), "until it disconnects, too");
        ok(Rdmacm.rdma_disconnect(callState, passive.id));
        assertEquals(Ibverbs.IBV_QPS_ERR(), passive.state());
        ack(next(Rdmacm.RDMA_CM_EVENT_TIMEWAIT_EXIT()));
        ack(next(Rdmacm.RDMA_CM_EVENT_TIMEWAIT_EXIT()));
      }
    }
    ok(Rdmacm.rdma_destroy_id(callState, listener));
    assertEquals(FakeVerbs.stat("cm_events"), FakeVerbs.stat("cm_acks"));
  }

  @Test
  void shouldTellWhyThereIsNoConnection() {
    MemorySegment nobody = routed(address(10, 9, 9, 1, PORT));
    ok(Rdmacm.rdma_connect(callState, nobody, param("")));
    MemorySegment noListener = next(Rdmacm.RDMA_CM_EVENT_REJECTED());
    assertEquals(8, rdma_cm_event.status(noListener));
    ack(noListener);

    MemorySegment listener = listener(PORT);
    ok(Rdmacm.rdma_connect(callState, nobody, param("again")));
    MemorySegment request = next(Rdmacm.RDMA_CM_EVENT_CONNECT_REQUEST());
    MemorySegment passive = rdma_cm_event.id(request);
    ack(request);
    ok(Rdmacm.rdma_reject(callState, passive, arena.allocateFrom("no"), 2));
    MemorySegment refused = next(Rdmacm.RDMA_CM_EVENT_REJECTED());
    assertEquals(28, rdma_cm_event.status(refused));
    assertEquals("no", data(refused));
    ack(refused);

    MemorySegment elsewhere = id();
    ok(
        Rdmacm.rdma_resolve_addr(
            callState, elsewhere, MemorySegment.NULL, address(192, 0, 2, 1, 1), TIMEOUT_MS));
    MemorySegment unknown = next(Rdmacm.RDMA_CM_EVENT_ADDR_ERROR());
    assertEquals(-ENODEV, rdma_cm_event.status(unknown));
    ack(unknown);

    MemorySegment loopback = id();
    ok(
        Rdmacm.rdma_resolve_addr(
            callState, loopback, MemorySegment.NULL, address(127, 0, 0, 1, 1), TIMEOUT_MS));
    ack(next(Rdmacm.RDMA_CM_EVENT_ADDR_RESOLVED()));
    refused(ENODEV, Rdmacm.rdma_resolve_route(callState, loopback, TIMEOUT_MS));
    for (MemorySegment id : new MemorySegment[] {nobody, listener, passive, elsewhere, loopback}) {
      ok(Rdmacm.rdma_destroy_id(callState, id));
    }
  }

  @Test
  void shouldGiveEachListenerAPortOfItsOwn() {
    MemorySegment first = listener(PORT);
    MemorySegment second = id();
    refused(EADDRINUSE, Rdmacm.rdma_bind_addr(callState, second, address(10, 9, 9, 1, PORT)));
    ok(Rdmacm.rdma_bind_addr(callState, second, address(10, 9, 9, 1, 0)));
    MemorySegment bound = rdma_cm_id.route_addr_src_storage(second);
    assertNotEquals(0, sockaddr_in.sin_port(bound));
    MemorySegment other = id();
    ok(Rdmacm.rdma_bind_addr(callState, other, address(10, 9, 9, 2, PORT)));
    for (MemorySegment id : new MemorySegment[] {first, second, other}) {
      ok(Rdmacm.rdma_destroy_id(callState, id));
    }
  }

  @Test
  void shouldResolveAnAddressOfVersionSix() {
    MemorySegment address = sockaddr_in6.allocate(arena);
    sockaddr_in6.sin6_family(address, (short) Rdmacm.AF_INET6());
    sockaddr_in6.sin6_port(address, Short.reverseBytes((short) PORT));
    MemorySegment bytes = address.asSlice(sockaddr_in6.sin6_addr$offset(), 16);
    bytes.set(ValueLayout.JAVA_BYTE, 0, (byte) 0xfd);
    bytes.set(ValueLayout.JAVA_BYTE, 1, (byte) 0x09);
    bytes.set(ValueLayout.JAVA_BYTE, 15, (byte) 2);
    MemorySegment active = routed(address);
    assertNotEquals(0, rdma_cm_id.verbs(active).address());
    ok(Rdmacm.rdma_destroy_id(callState, active));
  }

  @Test
  void shouldTellTheOtherSideWhenOneIsDestroyed() {
    MemorySegment listener = listener(PORT);
    MemorySegment active = routed(address(10, 9, 9, 1, PORT));
    ok(Rdmacm.rdma_connect(callState, active, param("")));
    MemorySegment request = next(Rdmacm.RDMA_CM_EVENT_CONNECT_REQUEST());
    MemorySegment passive = rdma_cm_event.id(request);
    ack(request);
    ok(Rdmacm.rdma_accept(callState, passive, param("")));
    ack(next(Rdmacm.RDMA_CM_EVENT_CONNECT_RESPONSE()));
    ok(Rdmacm.rdma_establish(callState, active));
    ack(next(Rdmacm.RDMA_CM_EVENT_ESTABLISHED()));
    ok(Rdmacm.rdma_destroy_id(callState, passive));
    ack(next(Rdmacm.RDMA_CM_EVENT_DISCONNECTED()));

    MemorySegment late = routed(address(10, 9, 9, 1, PORT));
    ok(Rdmacm.rdma_connect(callState, late, param("")));
    ok(Rdmacm.rdma_destroy_id(callState, listener));
    ack(next(Rdmacm.RDMA_CM_EVENT_REJECTED()));
    ok(Rdmacm.rdma_destroy_id(callState, active));
    ok(Rdmacm.rdma_destroy_id(callState, late));
    assertEquals(0, FakeVerbs.live("ids"));
  }

  @Test
  void shouldWakeAThreadThatWaitsForAnEvent() throws Exception {
    MemorySegment waiting = id();
    CompletableFuture<Integer> found =
        CompletableFuture.supplyAsync(
            () -> {
              try (Arena own = Arena.ofConfined()) {
                MemorySegment state = CallState.allocate(own);
                MemorySegment event = own.allocate(ValueLayout.ADDRESS);
                assertEquals(0, Rdmacm.rdma_get_cm_event(state, channel, event));
                MemorySegment read = rdma_cm_event.reinterpret(event.get(ValueLayout.ADDRESS, 0));
                int type = rdma_cm_event.event(read);
                assertEquals(0, Rdmacm.rdma_ack_cm_event(state, read));
                return type;
              }
            });
    ok(
        Rdmacm.rdma_resolve_addr(
            callState, waiting, MemorySegment.NULL, address(10, 9, 9, 1, PORT), TIMEOUT_MS));
    assertEquals(Rdmacm.RDMA_CM_EVENT_ADDR_RESOLVED(), found.get(30, TimeUnit.SECONDS));
    ok(Rdmacm.rdma_destroy_id(callState, waiting));
    assertTrue(FakeVerbs.log().startsWith("id"));
  }
}

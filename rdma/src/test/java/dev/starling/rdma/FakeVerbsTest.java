package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.jextract.verbs.ibv_device_attr;
import dev.starling.jextract.verbs.ibv_mr;
import dev.starling.jextract.verbs.ibv_port_attr;
import dev.starling.jextract.verbs.ibv_qp;
import dev.starling.jextract.verbs.ibv_qp_attr;
import dev.starling.jextract.verbs.ibv_send_wr;
import dev.starling.rdma.RawNode.Completion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a device does, through the bindings. */
@Timeout(60)
class FakeVerbsTest {
  private static final int EINVAL = 22;
  private static final int EBUSY = 16;
  private static final int ENOMEM = 12;
  private static final int EFAULT = 14;

  private RawNode node;

  @BeforeEach
  void open() {
    FakeVerbs.enterFake();
    assertEquals(0, FakeVerbs.reset(), "objects that an earlier test left");
    node = new RawNode(FakeVerbs.device());
  }

  @AfterEach
  void closeAll() {
    if (node != null) {
      node.close();
      assertEquals(0, FakeVerbs.live("all"));
    }
  }

  private Completion ok(long id, int opcode, int length, MemorySegment qp) {
    return new Completion(id, 0, opcode, 0, length, RawNode.num(qp));
  }

  @Test
  void shouldHaveTheBindingsLoadTheFakeBeforeTheFirstTest() {
    assertEquals(FakeVerbs.library().toString(), System.getProperty("starling.ibverbs.library"));
    assertEquals(FakeVerbs.library().toString(), System.getProperty("starling.rdmacm.library"));
    assertEquals("fake0", FakeVerbs.device());
    assertTrue(Ibverbs.isAvailable());
  }

  @Test
  void shouldRefuseNamesItDoesNotKnow() {
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> FakeVerbs.calls("ibv_nothing"))
            .getMessage()
            .contains("ibv_nothing"));
    assertThrows(IllegalArgumentException.class, () -> FakeVerbs.fail("ibv_nothing", 1, ENOMEM));
    assertThrows(IllegalArgumentException.class, () -> FakeVerbs.setDevice(0, "colour", 1));
    assertThrows(IllegalArgumentException.class, () -> FakeVerbs.killQp(1));
  }

  @Test
  void shouldDescribeItsDeviceAndPort() {
    FakeVerbs.setDevice(0, "max_msg_sz", 8 << 20);
    MemorySegment device = ibv_device_attr.allocate(node.arena);
    MemorySegment port = ibv_port_attr.allocate(node.arena);
    assertEquals(0, Ibverbs.ibv_query_device(node.context, device));
    assertEquals(0, Ibverbs.ibv_query_port(node.context, 1, port));
    assertEquals(Ibverbs.IBV_ATOMIC_HCA(), ibv_device_attr.atomic_cap(device));
    assertEquals(16, ibv_device_attr.max_qp_rd_atom(device));
    assertEquals(Ibverbs.IBV_PORT_ACTIVE(), ibv_port_attr.state(port));
    assertEquals(Ibverbs.IBV_MTU_4096(), ibv_port_attr.active_mtu(port));
    assertEquals(8 << 20, ibv_port_attr.max_msg_sz(port));
    assertEquals(EINVAL, Ibverbs.ibv_query_port(node.context, 2, port));
  }

  @Test
  void shouldMoveWordsAsEachOperationSays() {
    MemorySegment a = node.pair()[0];
    node.word(0, 42);
    node.word(1, 43);
    assertEquals(0, node.post(a, node.request(1, Ibverbs.IBV_WR_RDMA_WRITE(), 0, 10, 2)));
    assertEquals(List.of(ok(1, Ibverbs.IBV_WC_RDMA_WRITE(), 0, a)), node.poll());
    assertEquals(0, node.post(a, node.request(2, Ibverbs.IBV_WR_RDMA_READ(), 20, 10, 2)));
    assertEquals(List.of(ok(2, Ibverbs.IBV_WC_RDMA_READ(), 16, a)), node.poll());
    assertEquals(43, node.word(21));
    assertEquals(0, node.post(a, node.compareAndSwap(3, 30, 10, 41, 99)));
    assertEquals(0, node.post(a, node.compareAndSwap(4, 31, 10, 42, 99)));
    assertEquals(
        List.of(ok(3, Ibverbs.IBV_WC_COMP_SWAP(), 8, a), ok(4, Ibverbs.IBV_WC_COMP_SWAP(), 8, a)),
        node.poll());
    assertEquals(List.of(42L, 42L, 99L), List.of(node.word(30), node.word(31), node.word(10)));
    MemorySegment add = node.compareAndSwap(5, 32, 10, -9, 0);
    ibv_send_wr.opcode(add, Ibverbs.IBV_WR_ATOMIC_FETCH_AND_ADD());
    assertEquals(0, node.post(a, add));
    assertEquals(List.of(ok(5, Ibverbs.IBV_WC_FETCH_ADD(), 8, a)), node.poll());
    assertEquals(List.of(99L, 90L), List.of(node.word(32), node.word(10)));
    assertEquals(2, FakeVerbs.stat("compares"));
    assertEquals("", FakeVerbs.misuse());
  }

  @Test
  void shouldDeliverMessagesToPostedReceivesAndKeepThemUntilThereIsOne() {
    MemorySegment[] pair = node.pair();
    node.word(0, 7);
    assertEquals(0, node.post(pair[0], node.request(1, Ibverbs.IBV_WR_SEND(), 0, 0, 1)));
    assertEquals(List.of(), node.poll());
    assertEquals(0, node.postReceive(pair[1], 9, 40, 2));
    List<Completion> both = node.poll();
    assertEquals(ok(9, Ibverbs.IBV_WC_RECV(), 8, pair[1]), both.get(0));
    assertEquals(ok(1, Ibverbs.IBV_WC_SEND(), 0, pair[0]), both.get(1));
    assertEquals(7, node.word(40));
  }

  @Test
  void shouldGiveUpAMessageWhenNoReceiveIsEverPosted() {
    MemorySegment a = node.pair()[0];
    assertEquals(0, node.post(a, node.request(1, Ibverbs.IBV_WR_SEND(), 0, 0, 1)));
    List<Integer> statuses = List.of();
    for (int poll = 0; poll < 100 && statuses.isEmpty(); poll++) {
      statuses = node.statuses();
    }
    assertEquals(List.of(Ibverbs.IBV_WC_RNR_RETRY_EXC_ERR()), statuses);
  }

  @Test
  void shouldPostAChainAndCompleteOnlyWhatIsSignalled() {
    MemorySegment a = node.pair()[0];
    MemorySegment first = node.write(1, 0, 10);
    MemorySegment second = node.write(2, 0, 11);
    ibv_send_wr.send_flags(first, 0);
    ibv_send_wr.next(first, second);
    node.word(0, 5);
    assertEquals(0, node.post(a, first));
    assertEquals(List.of(ok(2, Ibverbs.IBV_WC_RDMA_WRITE(), 0, a)), node.poll());
    assertEquals(List.of(5L, 5L), List.of(node.word(10), node.word(11)));
  }

  @Test
  void shouldKeepASlotUntilALaterCompletionIsPolled() {
    MemorySegment a = node.pair()[0];
    for (int i = 0; i < RawNode.MAX_SEND_WR; i++) {
      MemorySegment write = node.write(i, 0, 10);
      ibv_send_wr.send_flags(write, i == 3 ? Ibverbs.IBV_SEND_SIGNALED() : 0);
      assertEquals(0, node.post(a, write));
    }
    assertEquals(ENOMEM, node.post(a, node.write(8, 0, 10)));
    assertEquals(List.of(3L), node.poll().stream().map(Completion::id).toList());
    for (int i = 0; i < 4; i++) {
      assertEquals(0, node.post(a, node.write(i, 0, 10)));
    }
    assertEquals(ENOMEM, node.post(a, node.write(8, 0, 10)));
  }

  @Test
  void shouldTakeInlineDataWhenTheRequestIsPosted() {
    MemorySegment a = node.pair()[0];
    FakeVerbs.setDelay(1);
    node.word(0, 1);
    MemorySegment inline = node.write(1, 0, 10);
    ibv_send_wr.send_flags(inline, Ibverbs.IBV_SEND_SIGNALED() | Ibverbs.IBV_SEND_INLINE());
    assertEquals(0, node.post(a, inline));
    assertEquals(0, node.post(a, node.write(2, 0, 11)));
    node.word(0, 2);
    assertEquals(List.of(), node.poll());
    assertEquals(2, node.poll().size());
    assertEquals(List.of(1L, 2L), List.of(node.word(10), node.word(11)));
    MemorySegment large = node.request(3, Ibverbs.IBV_WR_RDMA_WRITE(), 0, 10, 9);
    ibv_send_wr.send_flags(large, Ibverbs.IBV_SEND_INLINE());
    assertEquals(EINVAL, node.post(a, large));
  }

  @Test
  void shouldRefuseAtomicsThatAreMisalignedOrNotToBeHad() {
    MemorySegment a = node.pair()[0];
    MemorySegment odd = node.compareAndSwap(1, 0, 10, 0, 1);
    ibv_send_wr.wr_atomic_remote_addr(odd, node.address(10) + 4);
    assertEquals(EINVAL, node.post(a, odd));
    FakeVerbs.setDevice(0, "atomic_cap", Ibverbs.IBV_ATOMIC_NONE());
    assertEquals(EINVAL, node.post(a, node.compareAndSwap(1, 0, 10, 0, 1)));
  }

  @Test
  void shouldFailBothSidesWhenARequestAimsWhereItMayNot() {
    MemorySegment[] pair = node.pair();
    assertEquals(0, node.postReceive(pair[1], 9, 40, 2));
    MemorySegment beyond = node.request(1, Ibverbs.IBV_WR_RDMA_READ(), 0, RawNode.WORDS - 1, 2);
    assertEquals(0, node.post(pair[0], beyond));
    List<Completion> completions = node.poll();
    assertEquals(2, completions.size());
    assertEquals(
        List.of(9L, Ibverbs.IBV_WC_WR_FLUSH_ERR()),
        List.of(completions.get(0).id(), completions.get(0).status()));
    Completion failed = completions.get(1);
    assertEquals(Ibverbs.IBV_WC_REM_ACCESS_ERR(), failed.status());
    assertEquals(FakeVerbs.VENDOR_ERROR, failed.vendorError());
    assertEquals(RawNode.num(pair[0]), failed.qpNum());
    assertEquals(Ibverbs.IBV_QPS_ERR(), ibv_qp.state(pair[0]));
    assertEquals(Ibverbs.IBV_QPS_ERR(), ibv_qp.state(pair[1]));
    MemorySegment unsignalled = node.write(2, 0, 10);
    ibv_send_wr.send_flags(unsignalled, 0);
    assertEquals(0, node.post(pair[0], unsignalled));
    assertEquals(List.of(Ibverbs.IBV_WC_WR_FLUSH_ERR()), node.statuses());
  }

  @Test
  void shouldFailWithTheStatusOfEachMistake() {
    MemorySegment readOnly = ibv_mr.reinterpret(node.made(node.register(4)));
    MemorySegment noAccess = node.write(1, 0, 10);
    ibv_send_wr.wr_rdma_rkey(noAccess, ibv_mr.rkey(readOnly));
    assertEquals(0, node.post(node.pair()[0], noAccess));
    assertEquals(List.of(Ibverbs.IBV_WC_REM_ACCESS_ERR()), node.statuses());
    assertEquals(0, Ibverbs.ibv_dereg_mr(readOnly));

    MemorySegment swappedKeys = node.write(1, 0, 10);
    ibv_send_wr.wr_rdma_rkey(swappedKeys, ibv_mr.lkey(node.mr));
    assertEquals(0, node.post(node.pair()[0], swappedKeys));
    assertEquals(List.of(Ibverbs.IBV_WC_REM_ACCESS_ERR()), node.statuses());

    MemorySegment badLocal = node.request(1, Ibverbs.IBV_WR_RDMA_WRITE(), RawNode.WORDS, 10, 1);
    assertEquals(0, node.post(node.pair()[0], badLocal));
    assertEquals(List.of(Ibverbs.IBV_WC_LOC_PROT_ERR()), node.statuses());

    FakeVerbs.setDevice(0, "max_msg_sz", 8);
    MemorySegment large = node.request(1, Ibverbs.IBV_WR_RDMA_WRITE(), 0, 10, 2);
    assertEquals(0, node.post(node.pair()[0], large));
    assertEquals(List.of(Ibverbs.IBV_WC_LOC_LEN_ERR()), node.statuses());
  }

  @Test
  void shouldFenceAPeerByTakingItsQueuePairOrItsRightsAway() {
    MemorySegment[] fenced = node.pair();
    MemorySegment attr = node.attributes(0, node);
    assertEquals(0, node.modify(fenced[1], Ibverbs.IBV_QPS_ERR(), Ibverbs.IBV_QP_STATE(), attr));
    node.word(0, 1);
    assertEquals(0, node.post(fenced[0], node.write(1, 0, 10)));
    assertEquals(List.of(Ibverbs.IBV_WC_RETRY_EXC_ERR()), node.statuses());
    assertEquals("qp_err", FakeVerbs.log());

    MemorySegment[] deprived = node.pair();
    MemorySegment rights = node.attributes(RawNode.num(deprived[0]), node);
    ibv_qp_attr.qp_access_flags(rights, Ibverbs.IBV_ACCESS_REMOTE_READ());
    assertEquals(0, Ibverbs.ibv_modify_qp(deprived[1], rights, Ibverbs.IBV_QP_ACCESS_FLAGS()));
    assertEquals(0, node.post(deprived[0], node.write(1, 0, 10)));
    assertEquals(List.of(Ibverbs.IBV_WC_REM_INV_REQ_ERR()), node.statuses());
    assertEquals(0, node.word(10));
  }

  @Test
  void shouldRefuseTransitionsWithAnotherMaskOrOrder() {
    MemorySegment qp = node.createQp(0);
    MemorySegment attr = node.attributes(RawNode.num(qp), node);
    assertEquals(EINVAL, node.modify(qp, Ibverbs.IBV_QPS_RTR(), RawNode.TO_RTR, attr));
    assertEquals(
        EINVAL,
        node.modify(qp, Ibverbs.IBV_QPS_INIT(), RawNode.TO_INIT & ~Ibverbs.IBV_QP_PORT(), attr));
    assertEquals(0, node.modify(qp, Ibverbs.IBV_QPS_INIT(), RawNode.TO_INIT, attr));
    assertEquals(
        EINVAL,
        node.modify(qp, Ibverbs.IBV_QPS_RTR(), RawNode.TO_RTR | Ibverbs.IBV_QP_SQ_PSN(), attr));
    assertEquals(EINVAL, node.post(qp, node.write(1, 0, 10)), "not yet connected");
    assertEquals(0, node.modify(qp, Ibverbs.IBV_QPS_RTR(), RawNode.TO_RTR, attr));
    assertEquals(0, node.modify(qp, Ibverbs.IBV_QPS_RTS(), RawNode.TO_RTS, attr));
    node.word(0, 3);
    assertEquals(0, node.post(qp, node.compareAndSwap(1, 1, 0, 3, 4)), "to itself");
    assertEquals(List.of(0), node.statuses());
    assertEquals(List.of(4L, 3L), List.of(node.word(0), node.word(1)));
  }

  @Test
  void shouldNotReachAQueuePairThatIsConnectedOtherwise() {
    MemorySegment a = node.createQp(0);
    MemorySegment[] others = node.pair();
    node.connect(a, RawNode.num(others[0]), node);
    assertEquals(0, node.post(a, node.write(1, 0, 10)));
    assertEquals(List.of(Ibverbs.IBV_WC_RETRY_EXC_ERR()), node.statuses());

    try (RawNode other = new RawNode("fake1")) {
      MemorySegment b = node.createQp(0);
      MemorySegment c = other.createQp(0);
      node.connect(b, RawNode.num(c), other);
      other.connect(c, RawNode.num(b), other);
      MemorySegment across = node.write(1, 0, 10);
      ibv_send_wr.wr_rdma_remote_addr(across, other.address(10));
      ibv_send_wr.wr_rdma_rkey(across, ibv_mr.rkey(other.mr));
      node.word(0, 8);
      assertEquals(0, node.post(b, across));
      assertEquals(List.of(0), node.statuses());
      assertEquals(8, other.word(10));
      assertEquals(0, other.post(c, other.write(1, 0, 10)), "its path names its own device");
      assertEquals(List.of(Ibverbs.IBV_WC_RETRY_EXC_ERR()), other.statuses());
    }
  }

  @Test
  void shouldRefuseRegionsThatCannotBe() {
    int remoteWriteOnly = Ibverbs.IBV_ACCESS_REMOTE_WRITE();
    assertEquals(0, node.register(remoteWriteOnly).address());
    assertEquals(EINVAL, CallState.errno(node.callState));
    int relaxed = Ibverbs.IBV_ACCESS_RELAXED_ORDERING() | RawNode.ALL_ACCESS;
    assertEquals(0, node.register(relaxed).address(), "needs ibv_reg_mr_iova2");
    MemorySegment nowhere = RawNode.view(MemorySegment.ofAddress(4096), 4096);
    assertEquals(
        0,
        Ibverbs.ibv_reg_mr(node.callState, node.pd, nowhere, 4096, RawNode.ALL_ACCESS).address());
    assertEquals(EFAULT, CallState.errno(node.callState));
    MemorySegment shifted =
        node.made(Ibverbs.ibv_reg_mr_iova2(node.callState, node.pd, node.words, 4096, 0, relaxed));
    MemorySegment write = node.write(1, 0, 0);
    ibv_send_wr.wr_rdma_remote_addr(write, 8 * 10);
    ibv_send_wr.wr_rdma_rkey(write, ibv_mr.rkey(ibv_mr.reinterpret(shifted)));
    node.word(0, 6);
    assertEquals(0, node.post(node.pair()[0], write));
    assertEquals(List.of(0), node.statuses());
    assertEquals(6, node.word(10));
    assertEquals(0, Ibverbs.ibv_dereg_mr(shifted));
  }

  @Test
  void shouldRefuseToDestroyWhatIsInUseAndRecordMisuse() {
    node.pair();
    assertEquals(EBUSY, Ibverbs.ibv_destroy_cq(node.cq));
    assertEquals(EBUSY, Ibverbs.ibv_dealloc_pd(node.pd));
    assertEquals(EBUSY, Ibverbs.ibv_destroy_comp_channel(node.channel));
    assertEquals(List.of(2L, 1L), List.of(FakeVerbs.live("qps"), FakeVerbs.live("mrs")));
    MemorySegment twice = node.made(Ibverbs.ibv_alloc_pd(node.callState, node.context));
    assertEquals(0, Ibverbs.ibv_dealloc_pd(twice));
    assertEquals("", FakeVerbs.misuse());
    assertEquals(EINVAL, Ibverbs.ibv_dealloc_pd(twice));
    assertTrue(FakeVerbs.misuse().startsWith("ibv_dealloc_pd was called with 0x"));
    assertTrue(FakeVerbs.misuse().endsWith("which is destroyed"));
    FakeVerbs.reset();
    node.close();
    node = null;
    assertEquals("qp,qp,mr,cq,channel,pd,context", FakeVerbs.log());
  }

  @Test
  void shouldWakeAReaderOfTheChannelForAnArmedQueue() {
    MemorySegment a = node.pair()[0];
    MemorySegment notify = Ibverbs.ibv_req_notify_cq$pointer(node.context);
    assertEquals(0, Ibverbs.ibv_req_notify_cq(notify, node.cq.address(), 0));
    FakeVerbs.setDelay(5);
    assertEquals(0, node.post(a, node.write(1, 0, 10)));
    MemorySegment found = node.arena.allocate(ValueLayout.ADDRESS);
    MemorySegment queueContext = node.arena.allocate(ValueLayout.ADDRESS);
    assertEquals(0, Ibverbs.ibv_get_cq_event(node.callState, node.channel, found, queueContext));
    assertEquals(node.cq.address(), found.get(ValueLayout.JAVA_LONG, 0));
    Ibverbs.ibv_ack_cq_events(node.cq, 1);
    assertEquals(List.of(0), node.statuses());
    assertEquals(1, FakeVerbs.stat("cq_events"));
  }
}

package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.Errno;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.jextract.verbs.ibv_device;
import dev.starling.jextract.verbs.ibv_gid;
import dev.starling.jextract.verbs.ibv_mr;
import dev.starling.jextract.verbs.ibv_qp;
import dev.starling.jextract.verbs.ibv_qp_attr;
import dev.starling.jextract.verbs.ibv_qp_init_attr;
import dev.starling.jextract.verbs.ibv_recv_wr;
import dev.starling.jextract.verbs.ibv_send_wr;
import dev.starling.jextract.verbs.ibv_sge;
import dev.starling.jextract.verbs.ibv_wc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A device with one domain, one completion queue and one page of words, all by plain bindings. */
final class RawNode implements AutoCloseable {
  static final int WORDS = 512;
  static final int PSN = 7;
  static final int MAX_SEND_WR = 8;
  static final int ALL_ACCESS =
      Ibverbs.IBV_ACCESS_LOCAL_WRITE()
          | Ibverbs.IBV_ACCESS_REMOTE_WRITE()
          | Ibverbs.IBV_ACCESS_REMOTE_READ()
          | Ibverbs.IBV_ACCESS_REMOTE_ATOMIC();
  static final int TO_INIT =
      Ibverbs.IBV_QP_STATE()
          | Ibverbs.IBV_QP_PKEY_INDEX()
          | Ibverbs.IBV_QP_PORT()
          | Ibverbs.IBV_QP_ACCESS_FLAGS();
  static final int TO_RTR =
      Ibverbs.IBV_QP_STATE()
          | Ibverbs.IBV_QP_AV()
          | Ibverbs.IBV_QP_PATH_MTU()
          | Ibverbs.IBV_QP_DEST_QPN()
          | Ibverbs.IBV_QP_RQ_PSN()
          | Ibverbs.IBV_QP_MAX_DEST_RD_ATOMIC()
          | Ibverbs.IBV_QP_MIN_RNR_TIMER();
  static final int TO_RTS =
      Ibverbs.IBV_QP_STATE()
          | Ibverbs.IBV_QP_SQ_PSN()
          | Ibverbs.IBV_QP_TIMEOUT()
          | Ibverbs.IBV_QP_RETRY_CNT()
          | Ibverbs.IBV_QP_RNR_RETRY()
          | Ibverbs.IBV_QP_MAX_QP_RD_ATOMIC();

  /** A completion, copied. */
  record Completion(long id, int status, int opcode, int vendorError, int length, int qpNum) {}

  final Arena arena = Arena.ofConfined();
  final MemorySegment callState = CallState.allocate(arena);
  final MemorySegment context;
  final MemorySegment pd;
  final MemorySegment channel;
  final MemorySegment cq;
  final MemorySegment words;
  final MemorySegment mr;
  private final MemorySegment postSend;
  private final MemorySegment postRecv;
  private final MemorySegment pollCq;
  private final List<MemorySegment> qps = new ArrayList<>();

  RawNode(String device) {
    context = open(device);
    postSend = Ibverbs.ibv_post_send$pointer(context);
    postRecv = Ibverbs.ibv_post_recv$pointer(context);
    pollCq = Ibverbs.ibv_poll_cq$pointer(context);
    pd = made(Ibverbs.ibv_alloc_pd(callState, context));
    channel = made(Ibverbs.ibv_create_comp_channel(callState, context));
    cq = made(Ibverbs.ibv_create_cq(callState, context, 64, MemorySegment.NULL, channel, 0));
    words = arena.allocate(8L * WORDS, 4096);
    mr = ibv_mr.reinterpret(made(register(ALL_ACCESS)));
  }

  MemorySegment register(int access) {
    return Ibverbs.ibv_reg_mr(callState, pd, words, words.byteSize(), access);
  }

  private MemorySegment open(String name) {
    MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
    MemorySegment list = made(Ibverbs.ibv_get_device_list(callState, count));
    int devices = count.get(ValueLayout.JAVA_INT, 0);
    MemorySegment all = view(list, 8L * devices);
    try {
      for (int i = 0; i < devices; i++) {
        MemorySegment device = ibv_device.reinterpret(all.getAtIndex(ValueLayout.ADDRESS, i));
        if (ibv_device.name(device).getString(0).equals(name)) {
          return made(Ibverbs.ibv_open_device(callState, device));
        }
      }
    } finally {
      Ibverbs.ibv_free_device_list(list);
    }
    throw new AssertionError("no device " + name + " among " + devices);
  }

  @SuppressWarnings("restricted")
  static MemorySegment view(MemorySegment pointer, long bytes) {
    return pointer.reinterpret(bytes);
  }

  MemorySegment made(MemorySegment object) {
    assertNotEquals(
        0L, object.address(), () -> "refused: " + Errno.name(CallState.errno(callState)));
    return object;
  }

  MemorySegment createQp(int maxInlineData) {
    MemorySegment init = ibv_qp_init_attr.allocate(arena);
    ibv_qp_init_attr.send_cq(init, cq);
    ibv_qp_init_attr.recv_cq(init, cq);
    ibv_qp_init_attr.cap_max_send_wr(init, MAX_SEND_WR);
    ibv_qp_init_attr.cap_max_recv_wr(init, 8);
    ibv_qp_init_attr.cap_max_send_sge(init, 2);
    ibv_qp_init_attr.cap_max_recv_sge(init, 2);
    ibv_qp_init_attr.cap_max_inline_data(init, maxInlineData);
    ibv_qp_init_attr.qp_type(init, Ibverbs.IBV_QPT_RC());
    MemorySegment qp = made(Ibverbs.ibv_create_qp(callState, pd, init));
    qps.add(qp);
    return ibv_qp.reinterpret(qp);
  }

  int modify(MemorySegment qp, int state, int mask, MemorySegment attr) {
    ibv_qp_attr.qp_state(attr, state);
    return Ibverbs.ibv_modify_qp(qp, attr, mask);
  }

  /** Attributes of every transition to a queue pair of a node. */
  MemorySegment attributes(int destQpNum, RawNode peer) {
    MemorySegment attr = ibv_qp_attr.allocate(arena);
    MemorySegment gid = ibv_gid.allocate(arena);
    assertEquals(0, Ibverbs.ibv_query_gid(callState, peer.context, 1, 1, gid));
    ibv_qp_attr.qp_access_flags(attr, ALL_ACCESS);
    ibv_qp_attr.port_num(attr, (byte) 1);
    ibv_qp_attr.path_mtu(attr, Ibverbs.IBV_MTU_1024());
    ibv_qp_attr.dest_qp_num(attr, destQpNum);
    ibv_qp_attr.rq_psn(attr, PSN);
    ibv_qp_attr.sq_psn(attr, PSN);
    ibv_qp_attr.max_dest_rd_atomic(attr, (byte) 16);
    ibv_qp_attr.max_rd_atomic(attr, (byte) 16);
    ibv_qp_attr.min_rnr_timer(attr, (byte) 12);
    ibv_qp_attr.timeout(attr, (byte) 14);
    ibv_qp_attr.retry_cnt(attr, (byte) 6);
    ibv_qp_attr.rnr_retry(attr, (byte) 6);
    ibv_qp_attr.ah_attr_is_global(attr, (byte) 1);
    ibv_qp_attr.ah_attr_port_num(attr, (byte) 1);
    ibv_qp_attr.ah_attr_grh_sgid_index(attr, (byte) 1);
    ibv_qp_attr.ah_attr_grh_hop_limit(attr, (byte) 64);
    ibv_qp_attr.ah_attr_grh_dgid_global_subnet_prefix(attr, ibv_gid.global_subnet_prefix(gid));
    ibv_qp_attr.ah_attr_grh_dgid_global_interface_id(attr, ibv_gid.global_interface_id(gid));
    return attr;
  }

  void connect(MemorySegment qp, int destQpNum, RawNode peer) {
    MemorySegment attr = attributes(destQpNum, peer);
    assertEquals(0, modify(qp, Ibverbs.IBV_QPS_INIT(), TO_INIT, attr));
    assertEquals(0, modify(qp, Ibverbs.IBV_QPS_RTR(), TO_RTR, attr));
    assertEquals(0, modify(qp, Ibverbs.IBV_QPS_RTS(), TO_RTS, attr));
  }

  /** Two queue pairs of this node that reach each other. */
  MemorySegment[] pair() {
    MemorySegment a = createQp(64);
    MemorySegment b = createQp(64);
    connect(a, ibv_qp.qp_num(b), this);
    connect(b, ibv_qp.qp_num(a), this);
    return new MemorySegment[] {a, b};
  }

  static int num(MemorySegment qp) {
    return ibv_qp.qp_num(qp);
  }

  long word(int index) {
    return words.getAtIndex(ValueLayout.JAVA_LONG, index);
  }

  void word(int index, long value) {
    words.setAtIndex(ValueLayout.JAVA_LONG, index, value);
  }

  long address(int index) {
    return words.address() + 8L * index;
  }

  /** A signalled request of the words from {@code local} that aims at the words from {@code to}. */
  MemorySegment request(long id, int opcode, int local, int to, int count) {
    MemorySegment sge = ibv_sge.allocate(arena);
    ibv_sge.addr(sge, address(local));
    ibv_sge.length(sge, 8 * count);
    ibv_sge.lkey(sge, ibv_mr.lkey(mr));
    MemorySegment wr = ibv_send_wr.allocate(arena);
    ibv_send_wr.wr_id(wr, id);
    ibv_send_wr.sg_list(wr, sge);
    ibv_send_wr.num_sge(wr, 1);
    ibv_send_wr.opcode(wr, opcode);
    ibv_send_wr.send_flags(wr, Ibverbs.IBV_SEND_SIGNALED());
    ibv_send_wr.wr_rdma_remote_addr(wr, address(to));
    ibv_send_wr.wr_rdma_rkey(wr, ibv_mr.rkey(mr));
    return wr;
  }

  MemorySegment write(long id, int local, int to) {
    return request(id, Ibverbs.IBV_WR_RDMA_WRITE(), local, to, 1);
  }

  MemorySegment compareAndSwap(long id, int local, int to, long compare, long swap) {
    MemorySegment wr = request(id, Ibverbs.IBV_WR_ATOMIC_CMP_AND_SWP(), local, to, 1);
    ibv_send_wr.wr_atomic_remote_addr(wr, address(to));
    ibv_send_wr.wr_atomic_rkey(wr, ibv_mr.rkey(mr));
    ibv_send_wr.wr_atomic_compare_add(wr, compare);
    ibv_send_wr.wr_atomic_swap(wr, swap);
    return wr;
  }

  int post(MemorySegment qp, MemorySegment wr) {
    MemorySegment bad = arena.allocate(ValueLayout.ADDRESS);
    int error = Ibverbs.ibv_post_send(postSend, qp.address(), wr.address(), bad.address());
    if (error != 0) {
      assertEquals(wr.address(), bad.get(ValueLayout.JAVA_LONG, 0), "the request that is refused");
    }
    return error;
  }

  int postReceive(MemorySegment qp, long id, int local, int count) {
    MemorySegment sge = ibv_sge.allocate(arena);
    ibv_sge.addr(sge, address(local));
    ibv_sge.length(sge, 8 * count);
    ibv_sge.lkey(sge, ibv_mr.lkey(mr));
    MemorySegment wr = ibv_recv_wr.allocate(arena);
    ibv_recv_wr.wr_id(wr, id);
    ibv_recv_wr.sg_list(wr, sge);
    ibv_recv_wr.num_sge(wr, 1);
    MemorySegment bad = arena.allocate(ValueLayout.ADDRESS);
    return Ibverbs.ibv_post_recv(postRecv, qp.address(), wr.address(), bad.address());
  }

  List<Completion> poll() {
    MemorySegment wcs = arena.allocate(16 * ibv_wc.sizeof(), 8);
    int found = Ibverbs.ibv_poll_cq(pollCq, cq.address(), 16, wcs.address());
    List<Completion> completions = new ArrayList<>();
    for (int i = 0; i < found; i++) {
      MemorySegment wc = wcs.asSlice(i * ibv_wc.sizeof(), ibv_wc.sizeof());
      completions.add(
          new Completion(
              ibv_wc.wr_id(wc),
              ibv_wc.status(wc),
              ibv_wc.opcode(wc),
              ibv_wc.vendor_err(wc),
              ibv_wc.byte_len(wc),
              ibv_wc.qp_num(wc)));
    }
    return completions;
  }

  /** Statuses of what one poll gives, in order. */
  List<Integer> statuses() {
    return poll().stream().map(Completion::status).toList();
  }

  @Override
  public void close() {
    qps.forEach(qp -> assertEquals(0, Ibverbs.ibv_destroy_qp(qp)));
    assertEquals(0, Ibverbs.ibv_dereg_mr(mr));
    assertEquals(0, Ibverbs.ibv_destroy_cq(cq));
    assertEquals(0, Ibverbs.ibv_destroy_comp_channel(channel));
    assertEquals(0, Ibverbs.ibv_dealloc_pd(pd));
    assertEquals(0, Ibverbs.ibv_close_device(callState, context));
    arena.close();
  }
}

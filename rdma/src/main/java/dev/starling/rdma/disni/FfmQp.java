package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.*;

import com.ibm.disni.verbs.IbvQP;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.verbs.ibv_gid;
import dev.starling.jextract.verbs.ibv_qp;
import dev.starling.jextract.verbs.ibv_qp_attr;
import dev.starling.jextract.verbs.ibv_qp_init_attr;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A queue pair.
 *
 * <pre>
 *   RESET --init--> INIT --readyToReceive--> RTR --readyToSend--> RTS
 *     \______________\_________________________\__________________\____error--> ERR
 * </pre>
 *
 * <p>A queue pair of a connection identifier is brought up by librdmacm and skips these methods.
 *
 * <p>Threads: one posts at a time ({@link SendRequests#post}). State changes and {@link #error()}
 * may come from any thread while it is open. The owner closes it when nobody posts any more; a post
 * that races with the close is not caught.
 */
public final class FfmQp extends IbvQP implements AutoCloseable {
  private final FfmContext device;
  private final MemorySegment qp;
  private final FfmCmId cmId;
  private final MemorySegment postSendFunction;
  private final MemorySegment postRecvFunction;
  private final int maxSendRequests;
  private final int maxInlineBytes;

  /** The native queue pair; 0 once it is closed. */
  private long address;

  FfmQp(FfmPd pd, FfmCq send, FfmCq receive, MemorySegment qp, MemorySegment attr, FfmCmId cmId)
      throws IOException {
    super(ibv_qp.qp_num(qp));
    this.device = pd.device();
    this.context = device;
    this.pd = pd;
    this.send_cq = send;
    this.recv_cq = receive;
    this.handle = ibv_qp.handle(qp);
    this.qp_type = ibv_qp_init_attr.qp_type(attr);
    this.qp = qp;
    this.cmId = cmId;
    this.address = qp.address();
    this.postSendFunction = device.postSendFunction();
    this.postRecvFunction = device.postRecvFunction();
    this.maxSendRequests = ibv_qp_init_attr.cap_max_send_wr(attr);
    this.maxInlineBytes = ibv_qp_init_attr.cap_max_inline_data(attr);
  }

  /** {@return its number, which the peer needs} */
  public int number() {
    return qp_num;
  }

  /** {@return the device} */
  public FfmContext context() {
    return device;
  }

  /** {@return send requests that may be outstanding; at least what was asked for} */
  public int maxSendRequests() {
    return maxSendRequests;
  }

  /** {@return longest payload in bytes that can be copied into a request} */
  public int maxInlineBytes() {
    return maxInlineBytes;
  }

  /**
   * Goes from RESET to INIT.
   *
   * @param port port of the device, from 1
   * @param pkeyIndex entry of the port's P_Key table
   * @param access what the peer may do, {@code IBV_ACCESS_REMOTE_} bits
   * @throws VerbsException if the device refuses
   */
  public void init(int port, int pkeyIndex, int access) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_qp_attr.allocate(call.arena());
      ibv_qp_attr.qp_state(attr, IBV_QPS_INIT());
      ibv_qp_attr.pkey_index(
          attr, (short) ConfigurationException.requireRange("P_Key index", pkeyIndex, 0, 0xffff));
      ibv_qp_attr.port_num(attr, (byte) ConfigurationException.requireRange("port", port, 1, 255));
      ibv_qp_attr.qp_access_flags(attr, access);
      modify(
          attr,
          IBV_QP_STATE() | IBV_QP_PKEY_INDEX() | IBV_QP_PORT() | IBV_QP_ACCESS_FLAGS(),
          "to INIT on port " + port + " with P_Key index " + pkeyIndex);
    }
  }

  /**
   * Goes from INIT to RTR: from now on requests of the peer are served.
   *
   * @param remote the peer's queue pair
   * @param path how to reach it
   * @throws VerbsException if the device refuses
   */
  public void readyToReceive(RemoteQp remote, PathOptions path) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_qp_attr.allocate(call.arena());
      ibv_qp_attr.qp_state(attr, IBV_QPS_RTR());
      ibv_qp_attr.path_mtu(attr, path.mtuCode());
      ibv_qp_attr.dest_qp_num(attr, remote.number());
      ibv_qp_attr.rq_psn(attr, remote.psn());
      ibv_qp_attr.max_dest_rd_atomic(attr, (byte) path.maxDestReadAtomic());
      ibv_qp_attr.min_rnr_timer(attr, (byte) path.minRnrTimer());
      address(attr, remote, path);
      modify(
          attr,
          IBV_QP_STATE()
              | IBV_QP_AV()
              | IBV_QP_PATH_MTU()
              | IBV_QP_DEST_QPN()
              | IBV_QP_RQ_PSN()
              | IBV_QP_MAX_DEST_RD_ATOMIC()
              | IBV_QP_MIN_RNR_TIMER(),
          "to RTR towards " + remote);
    }
  }

  private static void address(MemorySegment attr, RemoteQp remote, PathOptions path) {
    ibv_qp_attr.ah_attr_dlid(attr, (short) remote.lid());
    ibv_qp_attr.ah_attr_sl(attr, (byte) path.serviceLevel());
    ibv_qp_attr.ah_attr_port_num(attr, (byte) path.port());
    if (path.global()) {
      ibv_qp_attr.ah_attr_is_global(attr, (byte) 1);
      MemorySegment.copy(
          MemorySegment.ofArray(remote.gid()),
          0,
          ibv_qp_attr.ah_attr_grh_dgid_raw(attr),
          0,
          ibv_gid.sizeof());
      ibv_qp_attr.ah_attr_grh_sgid_index(attr, (byte) path.gidIndex());
      ibv_qp_attr.ah_attr_grh_hop_limit(attr, (byte) path.hopLimit());
      ibv_qp_attr.ah_attr_grh_traffic_class(attr, (byte) path.trafficClass());
    }
  }

  /**
   * Goes from RTR to RTS: from now on requests can be posted.
   *
   * @param psn sequence number of the first packet, 24 bits, which the peer was told
   * @param path retries, timeouts and READ depth
   * @throws VerbsException if the device refuses
   */
  public void readyToSend(int psn, PathOptions path) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_qp_attr.allocate(call.arena());
      ibv_qp_attr.qp_state(attr, IBV_QPS_RTS());
      ibv_qp_attr.timeout(attr, (byte) path.ackTimeoutCode());
      ibv_qp_attr.retry_cnt(attr, (byte) path.retryCount());
      ibv_qp_attr.rnr_retry(attr, (byte) path.rnrRetryCount());
      ibv_qp_attr.sq_psn(
          attr,
          (int) ConfigurationException.requireRange("packet sequence number", psn, 0, 0xffffff));
      ibv_qp_attr.max_rd_atomic(attr, (byte) path.maxReadAtomic());
      modify(
          attr,
          IBV_QP_STATE()
              | IBV_QP_TIMEOUT()
              | IBV_QP_RETRY_CNT()
              | IBV_QP_RNR_RETRY()
              | IBV_QP_SQ_PSN()
              | IBV_QP_MAX_QP_RD_ATOMIC(),
          "to RTS with READ depth " + path.maxReadAtomic());
    }
  }

  /**
   * Goes to ERR from any state: everything posted is flushed with an error, and nothing that the
   * peer sends lands any more. Repeating it does no harm.
   *
   * @throws VerbsException if the device refuses, or the queue pair is closed
   */
  public void error() {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_qp_attr.allocate(call.arena());
      ibv_qp_attr.qp_state(attr, IBV_QPS_ERR());
      modify(attr, IBV_QP_STATE(), "to ERR");
    }
  }

  /**
   * Asks the device for the state: {@code ibv_query_qp(3)}.
   *
   * @return the state now
   * @throws VerbsException if the device does not answer
   */
  public synchronized QpState state() {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_qp_attr.allocate(call.arena());
      MemorySegment initAttr = ibv_qp_init_attr.allocate(call.arena());
      int errno = ibv_query_qp(pointer(), attr, IBV_QP_STATE(), initAttr);
      if (errno != 0) {
        throw VerbCall.failure(
            errno,
            device.deviceName(),
            "ibv_query_qp",
            "reading the state of queue pair " + qp_num,
            "see in the kernel's log whether the device was removed");
      }
      state = ibv_qp_attr.qp_state(attr);
      return QpState.of(state);
    }
  }

  private synchronized void modify(MemorySegment attr, int mask, String what) {
    int errno = ibv_modify_qp(pointer(), attr, mask);
    if (errno != 0) {
      throw VerbCall.failure(
          errno,
          device.deviceName(),
          "ibv_modify_qp",
          "taking queue pair %d %s".formatted(qp_num, what),
          "check port, GID index, MTU and READ depth against 'ibv_devinfo -v', and that the states"
              + " are taken in order");
    }
    state = ibv_qp_attr.qp_state(attr);
  }

  MemorySegment pointer() {
    openAddress();
    return qp;
  }

  MemorySegment postSendFunction() {
    return postSendFunction;
  }

  MemorySegment postRecvFunction() {
    return postRecvFunction;
  }

  /** The native queue pair for a call. */
  long openAddress() {
    long open = address;
    if (open == 0) {
      throw Errors.closed(device.deviceName(), "queue pair " + qp_num);
    }
    return open;
  }

  /** Destroys the queue pair; what is still posted is dropped. Closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (!isOpen) {
      return;
    }
    if (cmId != null) {
      cmId.destroyNativeQp();
    } else {
      int errno = ibv_destroy_qp(qp);
      if (errno != 0) {
        throw VerbCall.failure(
            errno,
            device.deviceName(),
            "ibv_destroy_qp",
            "destroying queue pair " + qp_num,
            "see in the kernel's log whether the device was removed");
      }
    }
    address = 0;
    isOpen = false;
  }
}

package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Rdmacm.*;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPCap;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.libc.Libc;
import dev.starling.jextract.verbs.ibv_context;
import dev.starling.jextract.verbs.ibv_qp;
import dev.starling.jextract.verbs.ibv_qp_init_attr;
import dev.starling.jextract.verbs.rdma_cm_id;
import dev.starling.jextract.verbs.rdma_conn_param;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * DiSNI's connection management on librdmacm. Every failure is an IOException with one sentence;
 * its cause is the {@link VerbsException}.
 *
 * <p>Threads: any.
 */
public final class FfmCm extends RdmaCm {
  private static final int MAX_READ_DEPTH = 254;

  /** asm-generic/errno.h. */
  private static final int ENOTCONN = 107;

  /** The devices that librdmacm has open, by address; it keeps them until the process ends. */
  private static final Map<Long, FfmContext> CONTEXTS = new ConcurrentHashMap<>();

  FfmCm() {}

  /** The object of a device that librdmacm opened. */
  static FfmContext context(MemorySegment pointer) throws IOException {
    FfmContext known = CONTEXTS.get(pointer.address());
    int fd = ibv_context.cmd_fd(ibv_context.reinterpret(pointer));
    if (known != null && known.getCmd_fd() == fd) {
      return known;
    }
    synchronized (CONTEXTS) {
      FfmContext raced = CONTEXTS.get(pointer.address());
      if (raced != null && raced != known) {
        return raced;
      }
      FfmContext made = FfmContext.borrowed(pointer);
      CONTEXTS.put(pointer.address(), made);
      return made;
    }
  }

  @Override
  public RdmaEventChannel createEventChannel() throws IOException {
    return Errors.io(FfmEventChannel::create);
  }

  @Override
  public RdmaCmId createId(RdmaEventChannel channel, short portSpace) throws IOException {
    FfmEventChannel own = Errors.own(FfmEventChannel.class, channel);
    return Errors.io(() -> FfmCmId.create(own, Short.toUnsignedInt(portSpace)));
  }

  @Override
  public IbvQP createQP(RdmaCmId id, IbvPd pd, IbvQPInitAttr attr) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    FfmPd domain = Errors.own(FfmPd.class, pd);
    FfmCq send = Errors.own(FfmCq.class, attr.getSend_cq());
    FfmCq receive = Errors.own(FfmCq.class, attr.getRecv_cq());
    return Errors.io(() -> createQp(own, domain, send, receive, attr));
  }

  private static FfmQp createQp(FfmCmId id, FfmPd pd, FfmCq send, FfmCq receive, IbvQPInitAttr attr)
      throws IOException {
    try (VerbCall call = new VerbCall()) {
      MemorySegment struct = ibv_qp_init_attr.allocate(call.arena());
      IbvQPCap cap = attr.cap();
      ibv_qp_init_attr.qp_context(struct, MemorySegment.ofAddress(attr.getQp_context()));
      ibv_qp_init_attr.send_cq(struct, send.pointer());
      ibv_qp_init_attr.recv_cq(struct, receive.pointer());
      ibv_qp_init_attr.srq(struct, MemorySegment.ofAddress(attr.getSrq()));
      ibv_qp_init_attr.qp_type(struct, attr.getQp_type());
      ibv_qp_init_attr.sq_sig_all(struct, attr.getSq_sig_all());
      ibv_qp_init_attr.cap_max_send_wr(struct, cap.getMax_send_wr());
      ibv_qp_init_attr.cap_max_recv_wr(struct, cap.getMax_recv_wr());
      ibv_qp_init_attr.cap_max_send_sge(struct, cap.getMax_send_sge());
      ibv_qp_init_attr.cap_max_recv_sge(struct, cap.getMax_recv_sge());
      ibv_qp_init_attr.cap_max_inline_data(struct, cap.getMax_inline_data());
      if (rdma_create_qp(call.state(), id.pointer(), pd.pointer(), struct) != 0) {
        throw pd.qpFailure(call, "rdma_create_qp", struct);
      }
      try {
        FfmQp qp =
            new FfmQp(
                pd, send, receive, ibv_qp.reinterpret(rdma_cm_id.qp(id.pointer())), struct, id);
        id.attach(qp);
        return qp;
      } catch (Throwable failure) {
        id.destroyNativeQp();
        throw failure;
      }
    }
  }

  @Override
  public void bindAddr(RdmaCmId id, SocketAddress address) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    Errors.run(
        () -> {
          try (VerbCall call = new VerbCall()) {
            MemorySegment local = SocketAddresses.toNative(call.arena(), address);
            check(
                call,
                rdma_bind_addr(call.state(), own.pointer(), local),
                own,
                "rdma_bind_addr",
                "binding to " + address,
                "choose a free port and an address of an interface with an RDMA device");
          }
        });
  }

  @Override
  public void listen(RdmaCmId id, int backlog) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    Errors.run(
        () -> {
          try (VerbCall call = new VerbCall()) {
            check(
                call,
                rdma_listen(call.state(), own.pointer(), backlog),
                own,
                "rdma_listen",
                "listening with a backlog of " + backlog,
                "bind a free port first");
          }
        });
  }

  /**
   * Finds the RDMA device for a destination; the outcome arrives as an event.
   *
   * @param id the identifier
   * @param source local address, or null for any
   * @param destination the peer's address
   * @param timeoutMs longest wait in milliseconds
   * @throws IOException if it cannot be started
   */
  @Override
  public void resolveAddr(
      RdmaCmId id, SocketAddress source, SocketAddress destination, int timeoutMs)
      throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    Errors.run(
        () -> {
          try (VerbCall call = new VerbCall()) {
            MemorySegment from =
                source == null
                    ? MemorySegment.NULL
                    : SocketAddresses.toNative(call.arena(), source);
            MemorySegment to = SocketAddresses.toNative(call.arena(), destination);
            check(
                call,
                rdma_resolve_addr(call.state(), own.pointer(), from, to, timeoutMs),
                own,
                "rdma_resolve_addr",
                "resolving " + destination,
                "use an address that is reached through an interface with an RDMA device (not"
                    + " 127.0.0.1)");
          }
        });
  }

  @Override
  public void resolveRoute(RdmaCmId id, int timeoutMs) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    Errors.run(
        () -> {
          try (VerbCall call = new VerbCall()) {
            check(
                call,
                rdma_resolve_route(call.state(), own.pointer(), timeoutMs),
                own,
                "rdma_resolve_route",
                "resolving a route",
                "resolve the address first; on InfiniBand see that a subnet manager runs");
          }
        });
  }

  /**
   * Waits for an event, which is acknowledged at once.
   *
   * @param channel the channel
   * @param timeoutMs longest wait in milliseconds; negative waits for ever
   * @return a {@link FfmCmEvent}; null when the time was up
   * @throws IOException if the channel fails
   */
  @Override
  public RdmaCmEvent getCmEvent(RdmaEventChannel channel, int timeoutMs) throws IOException {
    FfmEventChannel own = Errors.own(FfmEventChannel.class, channel);
    return Errors.io(() -> own.awaitEvent(timeoutMs));
  }

  /**
   * Asks for a connection; the outcome arrives as an event. READ depths of 0 mean as deep as the
   * device can; a retry count of 7 is refused, because some devices retry for ever with it.
   *
   * @param id the identifier, with its route resolved
   * @param param parameters
   * @throws IOException if it cannot be started
   */
  @Override
  public void connect(RdmaCmId id, RdmaConnParam param) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    Errors.run(
        () -> {
          try (VerbCall call = new VerbCall()) {
            MemorySegment struct = parameters(call, own, param);
            check(
                call,
                rdma_connect(call.state(), own.pointer(), struct),
                own,
                "rdma_connect",
                "connecting to " + getDstAddr(own),
                "resolve the route and make the queue pair first");
          }
        });
  }

  /**
   * Accepts a connection; READ depths are limited to what the peer offered.
   *
   * @param id the identifier of the request
   * @param param parameters, as for {@link #connect}
   * @throws IOException if it is refused
   */
  @Override
  public void accept(RdmaCmId id, RdmaConnParam param) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    Errors.run(
        () -> {
          try (VerbCall call = new VerbCall()) {
            MemorySegment struct = parameters(call, own, param);
            check(
                call,
                rdma_accept(call.state(), own.pointer(), struct),
                own,
                "rdma_accept",
                "accepting a connection from " + getDstAddr(own),
                "make the queue pair first, and ask for no more READ depth than the device has");
          }
        });
  }

  private static MemorySegment parameters(VerbCall call, FfmCmId id, RdmaConnParam param)
      throws IOException {
    DeviceLimits limits = id.device().limits();
    int resources = depth(param.getResponder_resources(), limits.maxQpRdAtom());
    int initiator = depth(param.getInitiator_depth(), limits.maxQpInitRdAtom());
    MemorySegment struct = rdma_conn_param.allocate(call.arena());
    rdma_conn_param.private_data(struct, MemorySegment.ofAddress(param.getPrivate_data()));
    rdma_conn_param.private_data_len(struct, param.getPrivate_data_len());
    rdma_conn_param.responder_resources(struct, (byte) id.limitResponderResources(resources));
    rdma_conn_param.initiator_depth(struct, (byte) id.limitInitiatorDepth(initiator));
    rdma_conn_param.flow_control(struct, param.getFlow_control());
    rdma_conn_param.retry_count(
        struct,
        (byte)
            ConfigurationException.requireRange(
                "retry count of a connection (7 would be for ever on rxe)",
                param.getRetry_count(),
                0,
                6));
    rdma_conn_param.rnr_retry_count(struct, param.getRnr_retry_count());
    rdma_conn_param.srq(struct, param.getSrq());
    rdma_conn_param.qp_num(struct, param.getQp_num());
    return struct;
  }

  private static int depth(byte wanted, int deviceLimit) {
    int limit = Math.min(deviceLimit, MAX_READ_DEPTH);
    return wanted == 0 ? limit : Byte.toUnsignedInt(wanted);
  }

  /**
   * Does nothing: {@link #getCmEvent} has acknowledged the event.
   *
   * @param event the event
   * @return 0
   */
  @Override
  public int ackCmEvent(RdmaCmEvent event) {
    return 0;
  }

  /**
   * Ends a connection: the queue pair goes to ERR and the peer gets an event.
   *
   * @param id the identifier
   * @return 0, or the error number when there was no connection any more
   * @throws IOException if it fails otherwise
   */
  @Override
  public int disconnect(RdmaCmId id) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    return Errors.io(
        () -> {
          try (VerbCall call = new VerbCall()) {
            if (rdma_disconnect(call.state(), own.pointer()) == 0) {
              return 0;
            }
            int errno = call.errno();
            if (errno == Libc.EINVAL() || errno == ENOTCONN) {
              return errno;
            }
            throw call.failure(
                own.deviceName(), "rdma_disconnect", "disconnecting", "close the identifier");
          }
        });
  }

  @Override
  public int destroyEventChannel(RdmaEventChannel channel) throws IOException {
    Errors.run(Errors.own(FfmEventChannel.class, channel)::close);
    return 0;
  }

  @Override
  public int destroyCmId(RdmaCmId id) throws IOException {
    Errors.run(Errors.own(FfmCmId.class, id)::close);
    return 0;
  }

  @Override
  public int destroyQP(RdmaCmId id) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    if (own.getQp() instanceof FfmQp qp) {
      Errors.run(qp::close);
    }
    return 0;
  }

  /**
   * Gives the local address.
   *
   * @param id the identifier
   * @return the address; null when it has none yet
   * @throws IOException if the identifier is closed
   */
  @Override
  public SocketAddress getSrcAddr(RdmaCmId id) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    return Errors.io(
        () -> SocketAddresses.fromNative(rdma_cm_id.route_addr_src_storage(own.pointer())));
  }

  /**
   * Gives the peer's address.
   *
   * @param id the identifier
   * @return the address; null when it has none yet
   * @throws IOException if the identifier is closed
   */
  @Override
  public SocketAddress getDstAddr(RdmaCmId id) throws IOException {
    FfmCmId own = Errors.own(FfmCmId.class, id);
    return Errors.io(
        () -> SocketAddresses.fromNative(rdma_cm_id.route_addr_dst_storage(own.pointer())));
  }

  /**
   * Destroys an identifier and its queue pair.
   *
   * @param id the identifier
   * @return 0
   * @throws IOException if that fails
   */
  @Override
  public int destroyEp(RdmaCmId id) throws IOException {
    return destroyCmId(id);
  }

  private static void check(
      VerbCall call, int result, FfmCmId id, String verb, String what, String cure)
      throws IOException {
    if (result != 0) {
      int errno = call.errno();
      throw VerbCall.failure(errno, id.deviceName(), verb, what, cure);
    }
  }
}

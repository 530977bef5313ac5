package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.*;

import com.ibm.disni.verbs.IbvPd;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.libc.Libc;
import dev.starling.jextract.verbs.ibv_mr;
import dev.starling.jextract.verbs.ibv_pd;
import dev.starling.jextract.verbs.ibv_qp;
import dev.starling.jextract.verbs.ibv_qp_init_attr;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A protection domain: what is registered and connected in one cannot be reached from another.
 *
 * <p>Threads: any; the owner closes it after its regions and queue pairs.
 */
public final class FfmPd extends IbvPd implements AutoCloseable {
  private final MemorySegment pd;
  private final FfmContext device;

  private FfmPd(FfmContext device, MemorySegment pd) throws IOException {
    super(device);
    this.device = device;
    this.pd = pd;
    this.handle = ibv_pd.handle(pd);
  }

  static FfmPd allocate(FfmContext device) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment pd = ibv_alloc_pd(call.state(), device.pointer());
      if (pd.address() == 0) {
        throw call.failure(
            device.deviceName(),
            "ibv_alloc_pd",
            "making a protection domain",
            "close domains that are no longer used");
      }
      try {
        return new FfmPd(device, ibv_pd.reinterpret(pd));
      } catch (Throwable failure) {
        ibv_dealloc_pd(pd);
        throw Errors.unchecked(device.deviceName(), "ibv_alloc_pd", failure);
      }
    }
  }

  /**
   * Registers memory outside the heap: {@code ibv_reg_mr(3)}.
   *
   * @param memory the memory; it must stay mapped until the region is closed
   * @param access {@code IBV_ACCESS_} bits
   * @return the region, to be closed by the caller
   * @throws VerbsException if the device refuses it
   */
  public FfmMr register(MemorySegment memory, int access) {
    if (!memory.isNative()) {
      throw new ConfigurationException(
          "memory of %d bytes on the Java heap cannot be registered with RDMA device %s: allocate it"
                  .formatted(memory.byteSize(), device.deviceName())
              + " outside the heap (an Arena, a mapped file or a direct buffer)");
    }
    return register(memory.address(), memory.byteSize(), access, memory);
  }

  /**
   * Registers memory by address: {@code ibv_reg_mr(3)}. With access bits of the optional range,
   * such as relaxed ordering, {@code ibv_reg_mr_iova2} is called, as the C header does.
   *
   * @param address first byte
   * @param lengthBytes length; may exceed 2 GiB
   * @param access {@code IBV_ACCESS_} bits
   * @return the region, to be closed by the caller
   * @throws VerbsException if the device refuses it
   */
  public FfmMr register(long address, long lengthBytes, int access) {
    return register(address, lengthBytes, access, null);
  }

  FfmMr register(long address, long lengthBytes, int access, Object keptAlive) {
    boolean optional = (access & IBV_ACCESS_OPTIONAL_RANGE()) != 0;
    String verb = optional ? "ibv_reg_mr_iova2" : "ibv_reg_mr";
    try (VerbCall call = new VerbCall()) {
      MemorySegment memory = MemorySegment.ofAddress(address);
      MemorySegment mr =
          optional
              ? ibv_reg_mr_iova2(call.state(), pointer(), memory, lengthBytes, address, access)
              : ibv_reg_mr(call.state(), pointer(), memory, lengthBytes, access);
      if (mr.address() == 0) {
        throw registrationFailure(call, verb, address, lengthBytes, access);
      }
      try {
        return new FfmMr(this, ibv_mr.reinterpret(mr), access, keptAlive);
      } catch (Throwable failure) {
        ibv_dereg_mr(mr);
        throw Errors.unchecked(device.deviceName(), verb, failure);
      }
    }
  }

  private VerbsException registrationFailure(
      VerbCall call, String verb, long address, long lengthBytes, int access) {
    int errno = call.errno();
    String cure =
        errno == Libc.ENOMEM()
            ? call.lockedMemoryCure()
            : "register memory that is mapped writable, with access bits that the device knows"
                + " (remote write and atomics need local write)";
    return VerbCall.failure(
        errno,
        device.deviceName(),
        verb,
        "registering %d bytes at 0x%x with access 0x%x".formatted(lengthBytes, address, access),
        cure);
  }

  /**
   * Makes a queue pair of the reliable connected transport: {@code ibv_create_qp(3)}. One
   * scatter/gather entry a request; only requests that ask for it complete.
   *
   * @param send where its send requests complete
   * @param receive where its receives complete; may be the same
   * @param maxSendRequests send requests that may be outstanding
   * @param maxReceiveRequests receives that may be outstanding; 0 for one-sided use
   * @param maxInlineBytes longest payload to be copied into a request
   * @return the queue pair in state RESET, to be closed by the caller
   * @throws VerbsException if the device refuses it
   */
  public FfmQp createQp(
      FfmCq send, FfmCq receive, int maxSendRequests, int maxReceiveRequests, int maxInlineBytes) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_qp_init_attr.allocate(call.arena());
      ibv_qp_init_attr.send_cq(attr, send.pointer());
      ibv_qp_init_attr.recv_cq(attr, receive.pointer());
      ibv_qp_init_attr.qp_type(attr, IBV_QPT_RC());
      ibv_qp_init_attr.cap_max_send_wr(attr, maxSendRequests);
      ibv_qp_init_attr.cap_max_recv_wr(attr, maxReceiveRequests);
      ibv_qp_init_attr.cap_max_send_sge(attr, 1);
      ibv_qp_init_attr.cap_max_recv_sge(attr, 1);
      ibv_qp_init_attr.cap_max_inline_data(attr, maxInlineBytes);
      MemorySegment qp = ibv_create_qp(call.state(), pointer(), attr);
      if (qp.address() == 0) {
        throw qpFailure(call, "ibv_create_qp", attr);
      }
      try {
        return new FfmQp(this, send, receive, ibv_qp.reinterpret(qp), attr, null);
      } catch (Throwable failure) {
        ibv_destroy_qp(qp);
        throw Errors.unchecked(device.deviceName(), "ibv_create_qp", failure);
      }
    }
  }

  /** The failure of a creation of a queue pair, with what was asked for. */
  VerbsException qpFailure(VerbCall call, String verb, MemorySegment attr) {
    int errno = call.errno();
    String cure =
        errno == Libc.ENOMEM()
            ? call.lockedMemoryCure()
            : "ask for no more than the device's limits (ibv_devinfo -v: max_qp, max_qp_wr,"
                + " max_sge)";
    return VerbCall.failure(
        errno,
        device.deviceName(),
        verb,
        "making a queue pair for %d sends, %d receives and %d bytes inline"
            .formatted(
                ibv_qp_init_attr.cap_max_send_wr(attr),
                ibv_qp_init_attr.cap_max_recv_wr(attr),
                ibv_qp_init_attr.cap_max_inline_data(attr)),
        cure);
  }

  /** {@return the device} */
  FfmContext device() {
    return device;
  }

  MemorySegment pointer() {
    if (!isOpen) {
      throw Errors.closed(device.deviceName(), "a protection domain");
    }
    return pd;
  }

  /** Frees the domain; closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (!isOpen) {
      return;
    }
    int errno = ibv_dealloc_pd(pd);
    if (errno != 0) {
      throw VerbCall.failure(
          errno,
          device.deviceName(),
          "ibv_dealloc_pd",
          "freeing a protection domain",
          "close its memory regions and queue pairs first");
    }
    isOpen = false;
  }
}

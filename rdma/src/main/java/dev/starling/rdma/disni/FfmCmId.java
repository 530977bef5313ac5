package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Rdmacm.*;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.RdmaCmId;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.verbs.rdma_cm_id;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A connection identifier of librdmacm: what a socket is to TCP.
 *
 * <p>With rdma_cm the P_Key is that of the interface whose address is bound ({@link #pkey()} tells
 * it): choose a partition by binding its address. The service level follows from the traffic class
 * ({@link #setTrafficClass}) by the fabric's rules.
 *
 * <p>Threads: any; the owner closes it.
 */
public final class FfmCmId extends RdmaCmId implements AutoCloseable {
  private final FfmEventChannel channel;
  private final MemorySegment id;

  /** What the peer of a connection request offered; negative when there was no request. */
  private int offeredResponderResources = -1;

  private int offeredInitiatorDepth = -1;

  FfmCmId(FfmEventChannel channel, MemorySegment pointer) throws IOException {
    super(channel, null);
    this.channel = channel;
    this.id = rdma_cm_id.reinterpret(pointer);
    this.ps = rdma_cm_id.ps(id);
  }

  /** Makes an identifier: {@code rdma_create_id(3)}. */
  static FfmCmId create(FfmEventChannel channel, int portSpace) throws IOException {
    try (VerbCall call = new VerbCall()) {
      MemorySegment out = call.arena().allocate(ValueLayout.ADDRESS);
      if (rdma_create_id(call.state(), channel.pointer(), out, MemorySegment.NULL, portSpace)
          != 0) {
        throw call.failure(
            "",
            "rdma_create_id",
            "making a connection identifier of port space 0x%x".formatted(portSpace),
            "use RDMA_PS_TCP");
      }
      MemorySegment pointer = out.get(ValueLayout.ADDRESS, 0);
      try {
        FfmCmId made = new FfmCmId(channel, pointer);
        channel.add(made, pointer.address());
        return made;
      } catch (Throwable failure) {
        rdma_destroy_id(call.state(), pointer);
        throw failure;
      }
    }
  }

  void offered(byte responderResources, byte initiatorDepth) {
    offeredResponderResources = Byte.toUnsignedInt(responderResources);
    offeredInitiatorDepth = Byte.toUnsignedInt(initiatorDepth);
  }

  /** The largest responder resources that the peer can use. */
  int limitResponderResources(int wanted) {
    return offeredResponderResources < 0 ? wanted : Math.min(wanted, offeredResponderResources);
  }

  /** The largest initiator depth that the peer can serve. */
  int limitInitiatorDepth(int wanted) {
    return offeredInitiatorDepth < 0 ? wanted : Math.min(wanted, offeredInitiatorDepth);
  }

  /**
   * Gives the device; also of a closed identifier, since DiSNI's endpoints ask after closing.
   *
   * @return the device that the address led to; null before it is bound or resolved
   * @throws IOException if the device's object cannot be made
   */
  @Override
  public synchronized IbvContext getVerbs() throws IOException {
    if (isOpen) {
      MemorySegment context = rdma_cm_id.verbs(id);
      verbs = context.address() == 0 ? null : FfmCm.context(context);
    }
    return verbs;
  }

  /** The device, which the caller needs. */
  FfmContext device() throws IOException {
    IbvContext device = getVerbs();
    if (device == null) {
      throw new IOException(
          "a connection identifier has no RDMA device yet: bind or resolve an address of an RDMA"
              + " interface first");
    }
    return (FfmContext) device;
  }

  /** The device's name for messages; empty when there is none yet. */
  String deviceName() throws IOException {
    return getVerbs() instanceof FfmContext device ? device.deviceName() : "";
  }

  /** {@return the device's port that the address led to; 0 before} */
  @Override
  public byte getPort_num() {
    return rdma_cm_id.port_num(pointer());
  }

  /**
   * Tells the partition of the connection.
   *
   * @return the P_Key of the bound interface, 16 bits in host order; 0 before one is bound
   */
  public int pkey() {
    return Short.toUnsignedInt(
        Short.reverseBytes(rdma_cm_id.route_addr_addr_ibaddr_pkey(pointer())));
  }

  /**
   * Sets the traffic class of a connection to be made ({@code RDMA_OPTION_ID_TOS}): on RoCE the
   * DSCP and ECN byte, on InfiniBand what the fabric's rules turn into a service level. Call it
   * before the route is resolved.
   *
   * @param trafficClass 0 to 255
   * @throws IOException if librdmacm refuses it
   */
  public void setTrafficClass(int trafficClass) throws IOException {
    setOption("traffic class", RDMA_OPTION_ID_TOS(), trafficClass, 0, 255);
  }

  /**
   * Sets the local ACK timeout of a connection to be made ({@code RDMA_OPTION_ID_ACK_TIMEOUT}):
   * 4.096 us times two to the power of it. Call it before connecting or accepting.
   *
   * @param code 1 to 31; 0, which is for ever, is refused
   * @throws IOException if librdmacm refuses it
   */
  public void setAckTimeout(int code) throws IOException {
    setOption("ACK timeout code", RDMA_OPTION_ID_ACK_TIMEOUT(), code, 1, 31);
  }

  private void setOption(String name, int option, int value, int low, int high) throws IOException {
    Errors.run(
        () -> {
          ConfigurationException.requireRange(name, value, low, high);
          try (VerbCall call = new VerbCall()) {
            MemorySegment octet = call.arena().allocateFrom(ValueLayout.JAVA_BYTE, (byte) value);
            if (rdma_set_option(call.state(), pointer(), RDMA_OPTION_ID(), option, octet, 1) != 0) {
              throw call.failure(
                  deviceName(),
                  "rdma_set_option",
                  "setting the %s of a connection to %d".formatted(name, value),
                  "set it before connecting, with a kernel that knows the option");
            }
          }
        });
  }

  void attach(FfmQp qp) {
    setQp(qp);
  }

  /** Destroys the identifier's queue pair: {@code rdma_destroy_qp(3)}. */
  void destroyNativeQp() {
    rdma_destroy_qp(pointer());
  }

  MemorySegment pointer() {
    if (!isOpen) {
      throw Errors.closedCm("a connection identifier");
    }
    return id;
  }

  /** Destroys the identifier, and its queue pair first; closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (!isOpen) {
      return;
    }
    if (getQp() instanceof FfmQp qp) {
      qp.close();
    }
    try (VerbCall call = new VerbCall()) {
      if (rdma_destroy_id(call.state(), id) != 0) {
        throw call.failure(
            "", "rdma_destroy_id", "destroying a connection identifier", "close its queue pair");
      }
    }
    isOpen = false;
    channel.remove(id.address());
  }
}

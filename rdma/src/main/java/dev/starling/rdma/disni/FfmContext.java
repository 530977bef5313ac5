package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.*;

import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.libc.Errno;
import dev.starling.jextract.verbs.ibv_context;
import dev.starling.jextract.verbs.ibv_device_attr;
import dev.starling.jextract.verbs.ibv_gid;
import dev.starling.jextract.verbs.ibv_port_attr;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * An open RDMA device.
 *
 * <p>{@link #open} opens one by name; {@link #close} closes it, after everything made from it is
 * closed. A context that belongs to a connection identifier ({@link FfmCmId#getVerbs()}) is
 * librdmacm's: closing it does nothing.
 *
 * <p>Threads: any, but {@link #close} by the owner when no other thread uses the device.
 */
public final class FfmContext extends IbvContext implements AutoCloseable {
  private final MemorySegment context;
  private final String deviceName;
  private final boolean owned;
  private final MemorySegment postSend;
  private final MemorySegment postRecv;
  private final MemorySegment pollCq;
  private final MemorySegment requestNotify;

  private FfmContext(MemorySegment context, String deviceName, boolean owned) throws IOException {
    super(ibv_context.cmd_fd(context), ibv_context.num_comp_vectors(context));
    this.context = context;
    this.deviceName = deviceName;
    this.owned = owned;
    this.postSend = ibv_post_send$pointer(context);
    this.postRecv = ibv_post_recv$pointer(context);
    this.pollCq = ibv_poll_cq$pointer(context);
    this.requestNotify = ibv_req_notify_cq$pointer(context);
  }

  /**
   * Lists the RDMA devices that libibverbs can open: {@code ibv_get_device_list(3)}.
   *
   * @return their names; empty when the machine has none
   * @throws dev.starling.jextract.NativeAccessException if libibverbs is not installed
   */
  public static List<String> deviceNames() {
    return withDevices(
        devices -> {
          List<String> names = new ArrayList<>();
          for (MemorySegment device : devices) {
            names.add(name(device));
          }
          return List.copyOf(names);
        });
  }

  /**
   * Opens a device: {@code ibv_open_device(3)}.
   *
   * @param deviceName its name, for instance {@code mlx5_0}
   * @return the open device, to be closed by the caller
   * @throws VerbsException if there is no such device or it cannot be opened
   * @throws dev.starling.jextract.NativeAccessException if libibverbs is not installed
   */
  public static FfmContext open(String deviceName) {
    FfmProvider.install();
    return withDevices(devices -> open(devices, deviceName));
  }

  private static FfmContext open(List<MemorySegment> devices, String deviceName) {
    List<String> names = new ArrayList<>();
    for (MemorySegment device : devices) {
      String name = name(device);
      if (name.equals(deviceName)) {
        return open(device, name);
      }
      names.add(name);
    }
    throw new VerbsException(
        deviceName,
        "ibv_get_device_list",
        Errors.ENODEV,
        "the RDMA device '%s' does not exist: %s"
            .formatted(
                deviceName,
                names.isEmpty()
                    ? "this machine has none that libibverbs can open; load its driver"
                    : "choose one of " + String.join(", ", names)));
  }

  private static FfmContext open(MemorySegment device, String name) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment context = ibv_open_device(call.state(), device);
      if (context.address() == 0) {
        throw call.failure(
            name,
            "ibv_open_device",
            "opening the device",
            "see with 'ibv_devinfo' whether it works");
      }
      try {
        return new FfmContext(ibv_context.reinterpret(context), name, true);
      } catch (Throwable failure) {
        ibv_close_device(call.state(), context);
        throw Errors.unchecked(name, "ibv_open_device", failure);
      }
    }
  }

  /** Wraps a context that belongs to librdmacm. */
  static FfmContext borrowed(MemorySegment context) throws IOException {
    MemorySegment struct = ibv_context.reinterpret(context);
    return new FfmContext(struct, name(ibv_context.device(struct)), false);
  }

  private static <T> T withDevices(Function<List<MemorySegment>, T> use) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment count = call.arena().allocate(ValueLayout.JAVA_INT);
      MemorySegment list = ibv_get_device_list(call.state(), count);
      if (list.address() == 0) {
        if (Errno.name(call.errno()).equals("ENOSYS")) {
          return use.apply(List.of());
        }
        throw call.failure(
            "", "ibv_get_device_list", "listing the RDMA devices", "load the module ib_uverbs");
      }
      try {
        int devices = count.get(ValueLayout.JAVA_INT, 0);
        MemorySegment array = Pointers.struct(list, devices * ValueLayout.ADDRESS.byteSize());
        List<MemorySegment> pointers = new ArrayList<>(devices);
        for (int i = 0; i < devices; i++) {
          pointers.add(array.getAtIndex(ValueLayout.ADDRESS, i));
        }
        return use.apply(pointers);
      } finally {
        ibv_free_device_list(list);
      }
    }
  }

  private static String name(MemorySegment device) {
    return string(ibv_get_device_name(device));
  }

  /** {@return the device's name, for instance {@code mlx5_0}} */
  public String deviceName() {
    return deviceName;
  }

  /**
   * Asks for what the device can do: {@code ibv_query_device(3)}.
   *
   * @return its limits
   * @throws VerbsException if the device does not answer
   */
  public DeviceLimits limits() {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_device_attr.allocate(call.arena());
      check(ibv_query_device(pointer(), attr), "ibv_query_device", "reading the device's limits");
      long maxMrBytes = ibv_device_attr.max_mr_size(attr);
      return new DeviceLimits(
          ibv_device_attr.max_qp(attr),
          ibv_device_attr.max_qp_wr(attr),
          ibv_device_attr.max_sge(attr),
          ibv_device_attr.max_cqe(attr),
          ibv_device_attr.max_mr(attr),
          maxMrBytes < 0 ? Long.MAX_VALUE : maxMrBytes,
          ibv_device_attr.max_qp_rd_atom(attr),
          ibv_device_attr.max_qp_init_rd_atom(attr),
          AtomicCapability.of(ibv_device_attr.atomic_cap(attr)),
          Byte.toUnsignedInt(ibv_device_attr.phys_port_cnt(attr)),
          attr.getString(ibv_device_attr.fw_ver$offset(), StandardCharsets.UTF_8));
    }
  }

  /**
   * Asks for the state of a port: {@code ibv_query_port(3)}.
   *
   * @param port its number, from 1
   * @return its state and limits
   * @throws VerbsException if there is no such port or the device does not answer
   */
  public PortInfo port(int port) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment attr = ibv_port_attr.allocate(call.arena());
      check(
          ibv_query_port(pointer(), portNumber(port), attr),
          "ibv_query_port",
          "reading port " + port);
      int mtuCode = ibv_port_attr.active_mtu(attr);
      return new PortInfo(
          PortState.of(ibv_port_attr.state(attr)),
          LinkLayer.of(ibv_port_attr.link_layer(attr)),
          Short.toUnsignedInt(ibv_port_attr.lid(attr)),
          128 << mtuCode,
          mtuCode,
          Integer.toUnsignedLong(ibv_port_attr.max_msg_sz(attr)),
          ibv_port_attr.gid_tbl_len(attr),
          Short.toUnsignedInt(ibv_port_attr.pkey_tbl_len(attr)));
    }
  }

  /**
   * Reads an entry of a port's GID table: {@code ibv_query_gid(3)}.
   *
   * @param port the port, from 1
   * @param index the entry
   * @return 16 bytes in network order; all zero when the entry is empty
   * @throws VerbsException if there is no such entry
   */
  public byte[] gid(int port, int index) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment gid = ibv_gid.allocate(call.arena());
      if (ibv_query_gid(call.state(), pointer(), portNumber(port), index, gid) != 0) {
        throw call.failure(
            deviceName,
            "ibv_query_gid",
            "reading GID " + index + " of port " + port,
            "choose an index from /sys/class/infiniband/"
                + deviceName
                + "/ports/"
                + port
                + "/gids");
      }
      return gid.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /**
   * Reads an entry of a port's P_Key table: {@code ibv_query_pkey(3)}.
   *
   * @param port the port, from 1
   * @param index the entry
   * @return the P_Key, 16 bits in host order
   * @throws VerbsException if there is no such entry
   */
  public int pkey(int port, int index) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment pkey = call.arena().allocate(ValueLayout.JAVA_SHORT);
      if (ibv_query_pkey(call.state(), pointer(), portNumber(port), index, pkey) != 0) {
        throw call.failure(
            deviceName,
            "ibv_query_pkey",
            "reading P_Key " + index + " of port " + port,
            "choose an index from /sys/class/infiniband/"
                + deviceName
                + "/ports/"
                + port
                + "/pkeys");
      }
      return Short.toUnsignedInt(Short.reverseBytes(pkey.get(ValueLayout.JAVA_SHORT, 0)));
    }
  }

  private static int portNumber(int port) {
    return (int) ConfigurationException.requireRange("port", port, 1, 255);
  }

  /**
   * Makes a protection domain: {@code ibv_alloc_pd(3)}.
   *
   * @return the domain, to be closed by the caller
   * @throws VerbsException if the device has none left
   */
  @Override
  public FfmPd allocPd() {
    return FfmPd.allocate(this);
  }

  @Override
  public IbvCompChannel createCompChannel() throws IOException {
    return Errors.io(() -> FfmCompChannel.create(this));
  }

  /** Closes a device that {@link #open} opened; closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (!isOpen || !owned) {
      return;
    }
    try (VerbCall call = new VerbCall()) {
      if (ibv_close_device(call.state(), context) != 0) {
        throw call.failure(
            deviceName,
            "ibv_close_device",
            "closing the device",
            "close everything that was made from it first");
      }
    }
    isOpen = false;
  }

  /** The native context; fails after close. */
  MemorySegment pointer() {
    if (!isOpen) {
      throw Errors.closed(deviceName, "the device");
    }
    return context;
  }

  MemorySegment postSendFunction() {
    return postSend;
  }

  MemorySegment postRecvFunction() {
    return postRecv;
  }

  MemorySegment pollCqFunction() {
    return pollCq;
  }

  MemorySegment requestNotifyFunction() {
    return requestNotify;
  }

  private void check(int errno, String verb, String what) {
    if (errno != 0) {
      throw VerbCall.failure(errno, deviceName, verb, what, "see with 'ibv_devinfo' what it has");
    }
  }

  @Override
  public String toString() {
    return "RDMA device " + deviceName;
  }
}

package dev.starling.jextract.verbs;

import dev.starling.jextract.NativeAccessException;
import dev.starling.jextract.NativeLibrary;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@link Ibverbs} on devices, ports and their events; apart from it as the
 * jextract tool splits a large header class.
 */
class IbverbsDevices extends IbverbsDeviceConstants {
  IbverbsDevices() {}

  /** The library, or the reason why it cannot be used. */
  static final NativeLibrary LIBRARY =
      NativeLibrary.open(
          "libibverbs.so.1",
          "starling.ibverbs.library",
          "install the Debian package libibverbs1, or rdma-core as other systems call it");

  private static final class ibv_get_device_list {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_get_device_list", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_get_device_list}} */
  static FunctionDescriptor ibv_get_device_list$descriptor() {
    return ibv_get_device_list.DESC;
  }

  /**
   * Lists the RDMA devices: {@code ibv_get_device_list(3)}. The list is freed with {@link
   * #ibv_free_device_list}.
   *
   * {@snippet lang=c :
   * struct ibv_device **ibv_get_device_list(int *num_devices)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param numDevices receives the number of devices, or NULL
   * @return array of pointers to {@link ibv_device} that a NULL ends, or NULL with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_get_device_list(
      MemorySegment callState, MemorySegment numDevices) {
    try {
      return (MemorySegment) ibv_get_device_list.HANDLE.invokeExact(callState, numDevices);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_free_device_list {
    static final FunctionDescriptor DESC = FunctionDescriptor.ofVoid(C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_free_device_list", DESC);
  }

  /** {@return the C signature of {@code ibv_free_device_list}} */
  static FunctionDescriptor ibv_free_device_list$descriptor() {
    return ibv_free_device_list.DESC;
  }

  /**
   * Frees a list of devices and the devices in it that are not open: {@code
   * ibv_free_device_list(3)}.
   *
   * {@snippet lang=c :
   * void ibv_free_device_list(struct ibv_device **list)
   * }
   *
   * @param list what {@link #ibv_get_device_list} gave
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static void ibv_free_device_list(MemorySegment list) {
    try {
      ibv_free_device_list.HANDLE.invokeExact(list);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_get_device_name {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_get_device_name", DESC);
  }

  /** {@return the C signature of {@code ibv_get_device_name}} */
  static FunctionDescriptor ibv_get_device_name$descriptor() {
    return ibv_get_device_name.DESC;
  }

  /**
   * Gives the name of a device: {@code ibv_get_device_name(3)}.
   *
   * {@snippet lang=c :
   * const char *ibv_get_device_name(struct ibv_device *device)
   * }
   *
   * @param device a device of the list
   * @return its name such as mlx5_0, owned by the device, or NULL
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_get_device_name(MemorySegment device) {
    try {
      return (MemorySegment) ibv_get_device_name.HANDLE.invokeExact(device);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_get_device_guid {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_LONG, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_get_device_guid", DESC);
  }

  /** {@return the C signature of {@code ibv_get_device_guid}} */
  static FunctionDescriptor ibv_get_device_guid$descriptor() {
    return ibv_get_device_guid.DESC;
  }

  /**
   * Gives the identity of a device: {@code ibv_get_device_guid(3)}.
   *
   * {@snippet lang=c :
   * __be64 ibv_get_device_guid(struct ibv_device *device)
   * }
   *
   * @param device a device of the list
   * @return its identity in network byte order
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static long ibv_get_device_guid(MemorySegment device) {
    try {
      return (long) ibv_get_device_guid.HANDLE.invokeExact(device);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_open_device {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_open_device", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_open_device}} */
  static FunctionDescriptor ibv_open_device$descriptor() {
    return ibv_open_device.DESC;
  }

  /**
   * Opens a device: {@code ibv_open_device(3)}. It is closed with {@link #ibv_close_device}.
   *
   * {@snippet lang=c :
   * struct ibv_context *ibv_open_device(struct ibv_device *device)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param device a device of the list
   * @return the open device, {@link ibv_context}, or NULL with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_open_device(MemorySegment callState, MemorySegment device) {
    try {
      return (MemorySegment) ibv_open_device.HANDLE.invokeExact(callState, device);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_close_device {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_close_device", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_close_device}} */
  static FunctionDescriptor ibv_close_device$descriptor() {
    return ibv_close_device.DESC;
  }

  /**
   * Closes a device: {@code ibv_close_device(3)}. What was made on it is to be destroyed first.
   *
   * {@snippet lang=c :
   * int ibv_close_device(struct ibv_context *context)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param context an open device, {@link ibv_context}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_close_device(MemorySegment callState, MemorySegment context) {
    try {
      return (int) ibv_close_device.HANDLE.invokeExact(callState, context);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_query_device {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_query_device", DESC);
  }

  /** {@return the C signature of {@code ibv_query_device}} */
  static FunctionDescriptor ibv_query_device$descriptor() {
    return ibv_query_device.DESC;
  }

  /**
   * Asks what a device can do: {@code ibv_query_device(3)}.
   *
   * {@snippet lang=c :
   * int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *device_attr)
   * }
   *
   * @param context an open device, {@link ibv_context}
   * @param deviceAttr receives a {@link ibv_device_attr}
   * @return 0, or an errno value
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_query_device(MemorySegment context, MemorySegment deviceAttr) {
    try {
      return (int) ibv_query_device.HANDLE.invokeExact(context, deviceAttr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_query_port {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_CHAR, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_query_port", DESC);
  }

  /** {@return the C signature of {@code ibv_query_port}} */
  static FunctionDescriptor ibv_query_port$descriptor() {
    return ibv_query_port.DESC;
  }

  /**
   * Asks how a port is: {@code ibv_query_port(3)}. The exported function, which this is, fills the
   * first 48 bytes, up to {@code flags}; the macro of the header would fill what newer versions
   * append too.
   *
   * {@snippet lang=c :
   * int ibv_query_port(struct ibv_context *context, uint8_t port_num, struct
   *     _compat_ibv_port_attr *port_attr)
   * }
   *
   * @param context an open device, {@link ibv_context}
   * @param portNum port, from 1
   * @param portAttr receives a {@link ibv_port_attr}
   * @return 0, or an errno value
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_query_port(MemorySegment context, int portNum, MemorySegment portAttr) {
    try {
      return (int) ibv_query_port.HANDLE.invokeExact(context, (byte) portNum, portAttr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_query_gid {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_CHAR, C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_query_gid", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_query_gid}} */
  static FunctionDescriptor ibv_query_gid$descriptor() {
    return ibv_query_gid.DESC;
  }

  /**
   * Reads an entry of the address table of a port: {@code ibv_query_gid(3)}. An empty entry is all
   * zero.
   *
   * {@snippet lang=c :
   * int ibv_query_gid(struct ibv_context *context, uint8_t port_num, int index, union ibv_gid
   *     *gid)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param context an open device, {@link ibv_context}
   * @param portNum port, from 1
   * @param index index in the address table of the port
   * @param gid receives a {@link ibv_gid}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_query_gid(
      MemorySegment callState, MemorySegment context, int portNum, int index, MemorySegment gid) {
    try {
      return (int) ibv_query_gid.HANDLE.invokeExact(callState, context, (byte) portNum, index, gid);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class _ibv_query_gid_ex {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_INT, C_INT, C_POINTER, C_INT, C_LONG);
    static final MethodHandle HANDLE =
        LIBRARY.linkSince("install rdma-core 32 or newer", "_ibv_query_gid_ex", DESC);
  }

  /** {@return the C signature of {@code _ibv_query_gid_ex}} */
  static FunctionDescriptor _ibv_query_gid_ex$descriptor() {
    return _ibv_query_gid_ex.DESC;
  }

  /**
   * What the inline function {@code ibv_query_gid_ex(3)} calls: reads an entry of the address table
   * of a port with its type. Since rdma-core 32.
   *
   * {@snippet lang=c :
   * int _ibv_query_gid_ex(struct ibv_context *context, uint32_t port_num, uint32_t gid_index,
   *     struct ibv_gid_entry *entry, uint32_t flags, size_t entry_size)
   * }
   *
   * @param context an open device, {@link ibv_context}
   * @param portNum port, from 1
   * @param gidIndex index in the address table of the port
   * @param entry receives a {@link ibv_gid_entry}
   * @param flags 0
   * @param entrySize size of that struct in bytes
   * @return 0, or an errno value; ENODATA for an empty entry
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int _ibv_query_gid_ex(
      MemorySegment context,
      int portNum,
      int gidIndex,
      MemorySegment entry,
      int flags,
      long entrySize) {
    try {
      return (int)
          _ibv_query_gid_ex.HANDLE.invokeExact(context, portNum, gidIndex, entry, flags, entrySize);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_query_pkey {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_CHAR, C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_query_pkey", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_query_pkey}} */
  static FunctionDescriptor ibv_query_pkey$descriptor() {
    return ibv_query_pkey.DESC;
  }

  /**
   * Reads an entry of the partition key table of a port: {@code ibv_query_pkey(3)}.
   *
   * {@snippet lang=c :
   * int ibv_query_pkey(struct ibv_context *context, uint8_t port_num, int index, __be16 *pkey)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param context an open device, {@link ibv_context}
   * @param portNum port, from 1
   * @param index index in the partition key table of the port
   * @param pkey receives two bytes in network byte order
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_query_pkey(
      MemorySegment callState, MemorySegment context, int portNum, int index, MemorySegment pkey) {
    try {
      return (int)
          ibv_query_pkey.HANDLE.invokeExact(callState, context, (byte) portNum, index, pkey);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_get_async_event {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_get_async_event", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_get_async_event}} */
  static FunctionDescriptor ibv_get_async_event$descriptor() {
    return ibv_get_async_event.DESC;
  }

  /**
   * Takes the next asynchronous event and waits for one if {@code async_fd} blocks: {@code
   * ibv_get_async_event(3)}. Each event is acknowledged with {@link #ibv_ack_async_event}.
   *
   * {@snippet lang=c :
   * int ibv_get_async_event(struct ibv_context *context, struct ibv_async_event *event)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param context an open device, {@link ibv_context}
   * @param event receives a {@link ibv_async_event}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_get_async_event(
      MemorySegment callState, MemorySegment context, MemorySegment event) {
    try {
      return (int) ibv_get_async_event.HANDLE.invokeExact(callState, context, event);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_ack_async_event {
    static final FunctionDescriptor DESC = FunctionDescriptor.ofVoid(C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_ack_async_event", DESC);
  }

  /** {@return the C signature of {@code ibv_ack_async_event}} */
  static FunctionDescriptor ibv_ack_async_event$descriptor() {
    return ibv_ack_async_event.DESC;
  }

  /**
   * Acknowledges an asynchronous event; what it is about cannot be destroyed before: {@code
   * ibv_get_async_event(3)}.
   *
   * {@snippet lang=c :
   * void ibv_ack_async_event(struct ibv_async_event *event)
   * }
   *
   * @param event what {@link #ibv_get_async_event} gave
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static void ibv_ack_async_event(MemorySegment event) {
    try {
      ibv_ack_async_event.HANDLE.invokeExact(event);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}

package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.*;

import com.ibm.disni.verbs.IbvCompChannel;
import dev.starling.jextract.libc.Libc;
import dev.starling.jextract.verbs.ibv_comp_channel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * A completion channel: a file descriptor that becomes readable when a completion queue that asked
 * for it has a completion.
 *
 * <p>DiSNI's endpoint groups destroy a channel before its completion queue, which libibverbs
 * refuses (EBUSY). Closing a channel that still has queues therefore only marks it closed; the last
 * of its queues frees it.
 *
 * <p>Threads: any.
 */
public final class FfmCompChannel extends IbvCompChannel implements AutoCloseable {
  private final FfmContext device;
  private final MemorySegment channel;
  private final int fd;
  private final Map<Long, FfmCq> queues = new HashMap<>();
  private boolean freed;

  private FfmCompChannel(FfmContext device, MemorySegment channel) throws IOException {
    super(ibv_comp_channel.fd(channel), device);
    this.device = device;
    this.channel = channel;
    this.fd = ibv_comp_channel.fd(channel);
    Descriptors.makeNonBlocking(fd, device.deviceName());
  }

  /**
   * Makes a channel: {@code ibv_create_comp_channel(3)}.
   *
   * @param device the device
   * @return the channel, to be closed by the caller
   * @throws VerbsException if the device has none left
   */
  public static FfmCompChannel create(FfmContext device) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment channel = ibv_create_comp_channel(call.state(), device.pointer());
      if (channel.address() == 0) {
        throw call.failure(
            device.deviceName(),
            "ibv_create_comp_channel",
            "making a completion channel",
            "close channels that are no longer used");
      }
      try {
        return new FfmCompChannel(device, ibv_comp_channel.reinterpret(channel));
      } catch (Throwable failure) {
        ibv_destroy_comp_channel(channel);
        throw Errors.unchecked(device.deviceName(), "ibv_create_comp_channel", failure);
      }
    }
  }

  /**
   * Waits for an event: {@code ibv_get_cq_event(3)}. Each event must be acknowledged.
   *
   * @param timeoutMs longest wait in milliseconds; negative waits for ever
   * @return the queue that has a completion, or null when the time was up or the event is gone
   * @throws VerbsException if the channel fails
   */
  public FfmCq awaitEvent(int timeoutMs) {
    MemorySegment pointer = pointer();
    return Descriptors.awaitReadable(fd, timeoutMs, device.deviceName()) ? event(pointer) : null;
  }

  private FfmCq event(MemorySegment pointer) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment cq = call.arena().allocate(ValueLayout.ADDRESS);
      MemorySegment cookie = call.arena().allocate(ValueLayout.ADDRESS);
      if (ibv_get_cq_event(call.state(), pointer, cq, cookie) != 0) {
        if (call.errno() == Libc.EAGAIN()) {
          return null;
        }
        throw call.failure(
            device.deviceName(),
            "ibv_get_cq_event",
            "reading an event of a completion channel",
            "see in the kernel's log whether the device was removed");
      }
      return eventOf(cq.get(ValueLayout.ADDRESS, 0).address());
    }
  }

  private synchronized FfmCq eventOf(long cqAddress) {
    FfmCq cq = queues.get(cqAddress);
    if (cq != null) {
      cq.countEvent();
    }
    return cq;
  }

  synchronized MemorySegment attach() {
    return pointer();
  }

  synchronized void attached(FfmCq cq, long cqAddress) {
    queues.put(cqAddress, cq);
  }

  synchronized void detached(long cqAddress) {
    queues.remove(cqAddress);
    if (!isOpen && queues.isEmpty()) {
      free();
    }
  }

  private MemorySegment pointer() {
    if (!isOpen) {
      throw Errors.closed(device.deviceName(), "a completion channel");
    }
    return channel;
  }

  private void free() {
    if (freed) {
      return;
    }
    int errno = ibv_destroy_comp_channel(channel);
    if (errno != 0) {
      throw VerbCall.failure(
          errno,
          device.deviceName(),
          "ibv_destroy_comp_channel",
          "freeing a completion channel",
          "close its completion queues first");
    }
    freed = true;
  }

  /** Closes the channel, or leaves that to the last of its queues; closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (queues.isEmpty()) {
      free();
    }
    isOpen = false;
  }
}

package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.*;

import com.ibm.disni.verbs.IbvCQ;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.libc.Libc;
import dev.starling.jextract.verbs.ibv_cq;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A completion queue. {@link Completions#poll} reads it without allocation.
 *
 * <p>Threads: one polls at a time; the owner closes it after its queue pairs, when nobody polls.
 */
public final class FfmCq extends IbvCQ implements AutoCloseable {
  private final FfmContext device;
  private final FfmCompChannel compChannel;
  private final MemorySegment cq;
  private final MemorySegment pollFunction;

  /** The native queue; 0 once it is closed. */
  private long address;

  /** Events read from the channel and not yet acknowledged; closing would wait for them. */
  private int unacknowledged;

  private FfmCq(FfmContext device, FfmCompChannel compChannel, MemorySegment cq)
      throws IOException {
    super(device, compChannel, ibv_cq.cqe(cq));
    this.device = device;
    this.compChannel = compChannel;
    this.cq = cq;
    this.address = cq.address();
    this.handle = ibv_cq.handle(cq);
    this.pollFunction = device.pollCqFunction();
  }

  /**
   * Makes a completion queue to be polled: {@code ibv_create_cq(3)}.
   *
   * @param context the device
   * @param entries completions that it must hold; the device may give more
   * @return the queue, to be closed by the caller
   * @throws VerbsException if the device refuses it
   */
  public static FfmCq create(FfmContext context, int entries) {
    return create(context, null, entries, 0);
  }

  /**
   * Makes a completion queue whose events arrive on a channel: {@code ibv_create_cq(3)}.
   *
   * @param context the device
   * @param channel the channel, or null for none
   * @param entries completions that it must hold; the device may give more
   * @param vector completion vector (interrupt) of the device, from 0
   * @return the queue, to be closed by the caller
   * @throws VerbsException if the device refuses it
   */
  public static FfmCq create(FfmContext context, FfmCompChannel channel, int entries, int vector) {
    ConfigurationException.requireRange("completion queue entries", entries, 1, Integer.MAX_VALUE);
    try (VerbCall call = new VerbCall()) {
      MemorySegment channelPointer = channel == null ? MemorySegment.NULL : channel.attach();
      MemorySegment cq =
          ibv_create_cq(
              call.state(), context.pointer(), entries, MemorySegment.NULL, channelPointer, vector);
      if (cq.address() == 0) {
        throw failure(call, context, entries, vector);
      }
      try {
        FfmCq made = new FfmCq(context, channel, ibv_cq.reinterpret(cq));
        if (channel != null) {
          channel.attached(made, cq.address());
        }
        return made;
      } catch (Throwable failure) {
        ibv_destroy_cq(cq);
        throw Errors.unchecked(context.deviceName(), "ibv_create_cq", failure);
      }
    }
  }

  private static VerbsException failure(
      VerbCall call, FfmContext context, int entries, int vector) {
    int errno = call.errno();
    return VerbCall.failure(
        errno,
        context.deviceName(),
        "ibv_create_cq",
        "making a completion queue of %d entries on vector %d".formatted(entries, vector),
        errno == Libc.ENOMEM()
            ? call.lockedMemoryCure()
            : "ask for no more than the device's max_cqe (ibv_devinfo -v)");
  }

  /**
   * Asks for an event on the channel at the next completion: {@code ibv_req_notify_cq(3)}.
   *
   * @param solicitedOnly only for completions that the sender marked, and for errors
   * @throws VerbsException if the device refuses
   */
  public void requestNotification(boolean solicitedOnly) {
    int errno =
        ibv_req_notify_cq(device.requestNotifyFunction(), openAddress(), solicitedOnly ? 1 : 0);
    if (errno != 0) {
      throw VerbCall.failure(
          errno,
          device.deviceName(),
          "ibv_req_notify_cq",
          "asking for an event of a completion queue",
          "make the queue with a completion channel");
    }
  }

  synchronized void countEvent() {
    unacknowledged++;
  }

  /**
   * Acknowledges events: {@code ibv_ack_cq_events(3)}.
   *
   * @param events how many, at most as many as were read from the channel
   */
  public synchronized void acknowledge(int events) {
    ConfigurationException.requireRange("events to acknowledge", events, 0, unacknowledged);
    openAddress();
    ibv_ack_cq_events(cq, events);
    unacknowledged -= events;
  }

  MemorySegment pointer() {
    openAddress();
    return cq;
  }

  MemorySegment pollFunction() {
    return pollFunction;
  }

  /** The native queue for a call. */
  long openAddress() {
    long open = address;
    if (open == 0) {
      throw Errors.closed(device.deviceName(), "a completion queue");
    }
    return open;
  }

  /** {@return the device} */
  FfmContext device() {
    return device;
  }

  /** Frees the queue, acknowledging its events first; closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (!isOpen) {
      return;
    }
    acknowledge(unacknowledged);
    int errno = ibv_destroy_cq(cq);
    if (errno != 0) {
      throw VerbCall.failure(
          errno,
          device.deviceName(),
          "ibv_destroy_cq",
          "freeing a completion queue",
          "close the queue pairs that complete to it first");
    }
    long closed = address;
    address = 0;
    isOpen = false;
    if (compChannel != null) {
      compChannel.detached(closed);
    }
  }
}

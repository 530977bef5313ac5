package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Rdmacm.*;

import com.ibm.disni.verbs.RdmaEventChannel;
import dev.starling.jextract.libc.Libc;
import dev.starling.jextract.verbs.rdma_cm_event;
import dev.starling.jextract.verbs.rdma_event_channel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where events of connection identifiers arrive. An event is copied and acknowledged as it is read,
 * so an identifier can be destroyed while its event is being handled.
 *
 * <p>Threads: any.
 */
public final class FfmEventChannel extends RdmaEventChannel implements AutoCloseable {
  private final MemorySegment channel;
  private final int fd;
  private final Map<Long, FfmCmId> ids = new HashMap<>();

  private FfmEventChannel(MemorySegment channel) throws IOException {
    super(rdma_event_channel.fd(channel));
    this.channel = channel;
    this.fd = rdma_event_channel.fd(channel);
    Descriptors.makeNonBlocking(fd, "");
  }

  /** Makes a channel: {@code rdma_create_event_channel(3)}. */
  static FfmEventChannel create() throws IOException {
    try (VerbCall call = new VerbCall()) {
      MemorySegment channel = rdma_create_event_channel(call.state());
      if (channel.address() == 0) {
        throw call.failure(
            "",
            "rdma_create_event_channel",
            "making a channel for connection events",
            "load the module rdma_ucm");
      }
      try {
        return new FfmEventChannel(rdma_event_channel.reinterpret(channel));
      } catch (Throwable failure) {
        rdma_destroy_event_channel(channel);
        throw failure;
      }
    }
  }

  /** Waits for an event; null when the time was up or the event is gone. */
  FfmCmEvent awaitEvent(int timeoutMs) throws IOException {
    MemorySegment pointer = pointer();
    return Descriptors.awaitReadable(fd, timeoutMs, "") ? event(pointer) : null;
  }

  private FfmCmEvent event(MemorySegment pointer) throws IOException {
    try (VerbCall call = new VerbCall()) {
      MemorySegment out = call.arena().allocate(ValueLayout.ADDRESS);
      if (rdma_get_cm_event(call.state(), pointer, out) != 0) {
        if (call.errno() == Libc.EAGAIN()) {
          return null;
        }
        throw call.failure(
            "",
            "rdma_get_cm_event",
            "reading a connection event",
            "see in the kernel's log whether the device was removed");
      }
      MemorySegment event = rdma_cm_event.reinterpret(out.get(ValueLayout.ADDRESS, 0));
      FfmCmEvent copy;
      try {
        copy = copy(event);
      } finally {
        if (rdma_ack_cm_event(call.state(), event) != 0) {
          throw call.failure(
              "", "rdma_ack_cm_event", "acknowledging a connection event", "make a new channel");
        }
      }
      return copy;
    }
  }

  private synchronized FfmCmEvent copy(MemorySegment event) throws IOException {
    FfmCmId listener = ids.get(rdma_cm_event.listen_id(event).address());
    MemorySegment pointer = rdma_cm_event.id(event);
    FfmCmId id = ids.get(pointer.address());
    if (rdma_cm_event.event(event) == RDMA_CM_EVENT_CONNECT_REQUEST()) {
      id = new FfmCmId(this, pointer);
      id.offered(
          rdma_cm_event.param_conn_responder_resources(event),
          rdma_cm_event.param_conn_initiator_depth(event));
      ids.put(pointer.address(), id);
    }
    return new FfmCmEvent(event, listener, id);
  }

  synchronized void add(FfmCmId id, long address) {
    ids.put(address, id);
  }

  synchronized void remove(long address) {
    ids.remove(address);
  }

  private synchronized List<FfmCmId> ids() {
    return List.copyOf(ids.values());
  }

  MemorySegment pointer() {
    if (!isOpen) {
      throw Errors.closedCm("a channel for connection events");
    }
    return channel;
  }

  /**
   * Closes the channel, and the identifiers that are left on it first: those of requests that
   * nobody accepted. Closing twice does nothing.
   */
  @Override
  public void close() {
    if (!isOpen) {
      return;
    }
    for (FfmCmId id : ids()) {
      id.close();
    }
    synchronized (this) {
      if (isOpen) {
        isOpen = false;
        rdma_destroy_event_channel(channel);
      }
    }
  }
}

package dev.starling.rdma.disni;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaVerbs;
import com.ibm.disni.verbs.SVCDeregMr;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostRecv;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCRegMr;
import com.ibm.disni.verbs.SVCReqNotify;
import dev.starling.engine.ConfigurationException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * DiSNI's verbs on libibverbs. Every failure is an IOException with one sentence; its cause is the
 * {@link VerbsException}.
 *
 * <p>A stateful verb call keeps its arguments outside the heap from when it is made: {@code
 * execute()} is one native call without allocation, and may be repeated until {@code free()}.
 *
 * <p>Threads: any; a stateful verb call belongs to one thread at a time.
 */
public final class FfmVerbs extends RdmaVerbs {
  /** asm-generic/errno.h. */
  private static final int EOPNOTSUPP = 95;

  private static final int UNKNOWN = -1;

  FfmVerbs() {}

  @Override
  public IbvPd allocPd(IbvContext context) throws IOException {
    FfmContext device = Errors.own(FfmContext.class, context);
    return Errors.io(device::allocPd);
  }

  @Override
  public IbvCompChannel createCompChannel(IbvContext context) throws IOException {
    FfmContext device = Errors.own(FfmContext.class, context);
    return Errors.io(() -> FfmCompChannel.create(device));
  }

  @Override
  public IbvCQ createCQ(IbvContext context, IbvCompChannel channel, int entries, int vector)
      throws IOException {
    FfmContext device = Errors.own(FfmContext.class, context);
    FfmCompChannel own = channel == null ? null : Errors.own(FfmCompChannel.class, channel);
    return Errors.io(() -> FfmCq.create(device, own, entries, vector));
  }

  /**
   * Waits for an event of a channel; the queue that it is about must acknowledge it.
   *
   * @param channel the channel
   * @param cq a queue of the channel; with several, the event may be about another
   * @param timeoutMs longest wait in milliseconds; negative waits for ever
   * @return whether there was an event
   * @throws IOException if the channel fails
   */
  @Override
  public boolean getCqEvent(IbvCompChannel channel, IbvCQ cq, int timeoutMs) throws IOException {
    FfmCompChannel own = Errors.own(FfmCompChannel.class, channel);
    return Errors.io(() -> own.awaitEvent(timeoutMs) != null);
  }

  /**
   * Prepares the registration of a direct buffer, all of it whatever its position and limit. The
   * region keeps the buffer alive.
   *
   * @param pd the domain
   * @param buffer the buffer
   * @param access {@code IBV_ACCESS_} bits
   * @return the call
   * @throws IOException if the buffer is not direct
   */
  @Override
  public SVCRegMr regMr(IbvPd pd, ByteBuffer buffer, int access) throws IOException {
    FfmPd domain = Errors.own(FfmPd.class, pd);
    if (!buffer.isDirect()) {
      throw new IOException(
          "a buffer of %d bytes on the Java heap cannot be registered with RDMA device %s: use"
                  .formatted(buffer.capacity(), domain.device().deviceName())
              + " ByteBuffer.allocateDirect");
    }
    MemorySegment memory = MemorySegment.ofBuffer(buffer.duplicate().clear());
    return new RegMrCall(domain, memory.address(), memory.byteSize(), access, buffer);
  }

  /**
   * Prepares the registration of memory by address. For 2 GiB and more use {@link FfmPd#register}.
   *
   * @param pd the domain
   * @param address first byte
   * @param lengthBytes length, not negative
   * @param access {@code IBV_ACCESS_} bits
   * @return the call
   * @throws IOException if the length is negative, as a longer one becomes in an {@code int}
   */
  @Override
  public SVCRegMr regMr(IbvPd pd, long address, int lengthBytes, int access) throws IOException {
    FfmPd domain = Errors.own(FfmPd.class, pd);
    if (lengthBytes < 0) {
      throw new IOException(
          "a region of %d bytes at 0x%x cannot be registered with RDMA device %s: for 2 GiB and more"
                  .formatted(lengthBytes, address, domain.device().deviceName())
              + " use FfmPd.register, whose length is a long");
    }
    return new RegMrCall(domain, address, lengthBytes, access, null);
  }

  /**
   * Tells which operations may use memory that is not pinned (on-demand paging).
   *
   * @param context the device
   * @return -1: this provider does not ask the device and registers pinned memory only
   */
  @Override
  public int queryOdpSupport(IbvContext context) {
    return UNKNOWN;
  }

  /**
   * Prefetches pages of a region that is not pinned.
   *
   * @param mr the region
   * @param address first byte
   * @param lengthBytes length
   * @return EOPNOTSUPP: every region of this provider is pinned, so there is nothing to prefetch
   */
  @Override
  public int expPrefetchMr(IbvMr mr, long address, int lengthBytes) {
    return EOPNOTSUPP;
  }

  @Override
  public SVCDeregMr deregMr(IbvMr mr) throws IOException {
    return new DeregMrCall(Errors.own(FfmMr.class, mr));
  }

  /**
   * Prepares a chain of send requests.
   *
   * @param qp the queue pair
   * @param requests at least one
   * @param badRequests when not null, receives those that a failing {@code execute()} did not post
   * @return a {@link FfmPostSend}
   * @throws IOException if the list is empty
   */
  @Override
  public SVCPostSend postSend(IbvQP qp, List<IbvSendWR> requests, List<IbvSendWR> badRequests)
      throws IOException {
    return new FfmPostSend(Errors.own(FfmQp.class, qp), requests, badRequests);
  }

  /**
   * Prepares a chain of receives.
   *
   * @param qp the queue pair
   * @param requests at least one
   * @param badRequests when not null, receives those that a failing {@code execute()} did not post
   * @return the call
   * @throws IOException if the list is empty
   */
  @Override
  public SVCPostRecv postRecv(IbvQP qp, List<IbvRecvWR> requests, List<IbvRecvWR> badRequests)
      throws IOException {
    return new PostRecvCall(Errors.own(FfmQp.class, qp), requests, badRequests);
  }

  @Override
  public SVCPollCq pollCQ(IbvCQ cq, IbvWC[] completions, int entries) throws IOException {
    FfmCq own = Errors.own(FfmCq.class, cq);
    return Errors.io(() -> new PollCqCall(own, completions, entries));
  }

  @Override
  public SVCReqNotify reqNotifyCQ(IbvCQ cq, boolean solicitedOnly) throws IOException {
    return new ReqNotifyCall(Errors.own(FfmCq.class, cq), solicitedOnly);
  }

  /**
   * Acknowledges events of a queue.
   *
   * @param cq the queue that they were about
   * @param events how many
   * @return 0
   * @throws IOException if the queue has fewer unacknowledged events
   */
  @Override
  public int ackCqEvents(IbvCQ cq, int events) throws IOException {
    FfmCq own = Errors.own(FfmCq.class, cq);
    Errors.run(() -> own.acknowledge(events));
    return 0;
  }

  @Override
  public int destroyCompChannel(IbvCompChannel channel) throws IOException {
    Errors.run(Errors.own(FfmCompChannel.class, channel)::close);
    return 0;
  }

  @Override
  public int deallocPd(IbvPd pd) throws IOException {
    Errors.run(Errors.own(FfmPd.class, pd)::close);
    return 0;
  }

  @Override
  public int destroyCQ(IbvCQ cq) throws IOException {
    Errors.run(Errors.own(FfmCq.class, cq)::close);
    return 0;
  }

  /** What a call that was freed says. */
  static IOException freed(String what) {
    return new IOException(
        what + " was executed after free(): make a new call, or free it after its last use");
  }

  static <T> List<T> notEmpty(List<T> requests) throws IOException {
    if (requests.isEmpty()) {
      throw new IOException("an empty list of requests cannot be posted: give at least one");
    }
    ConfigurationException.requireRange("requests of a chain", requests.size(), 1, 1 << 20);
    return requests;
  }
}

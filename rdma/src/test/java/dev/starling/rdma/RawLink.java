package dev.starling.rdma;

import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.rdma.disni.Completions;
import dev.starling.rdma.disni.DeviceLimits;
import dev.starling.rdma.disni.FfmContext;
import dev.starling.rdma.disni.FfmCq;
import dev.starling.rdma.disni.FfmMr;
import dev.starling.rdma.disni.FfmPd;
import dev.starling.rdma.disni.FfmQp;
import dev.starling.rdma.disni.LinkLayer;
import dev.starling.rdma.disni.PathOptions;
import dev.starling.rdma.disni.PortInfo;
import dev.starling.rdma.disni.RemoteQp;
import dev.starling.rdma.disni.SendRequests;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Two queue pairs of one device, connected with each other, and what one-sided operations from one
 * to the other cost. The parameters of the queue pairs are those of {@code vm/rc.h}.
 *
 * <pre>
 *   local  | word or message    |   <--READ, WRITE, CAS-->   remote | word or message | atomic word |
 * </pre>
 *
 * <p>Belongs to one thread; busy-polls, and fails when nothing completes for {@value #LIMIT_S} s.
 */
final class RawLink implements AutoCloseable {
  private static final int PORT = 1;
  private static final int PSN = 0;
  private static final int HOP_LIMIT = 8;
  private static final int ACK_TIMEOUT = 17;
  private static final int RETRIES = 6;
  private static final int MIN_RNR_TIMER = 12;
  private static final int PAGE_BYTES = 4096;
  private static final int LIMIT_S = 30;
  private static final int POLLS_PER_CLOCK = 1024;
  private static final byte PATTERN = 0x5a;

  /** What is measured. */
  enum Operation {
    CAS,
    READ,
    WRITE
  }

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final int depth;
  private final int lengthBytes;
  private final FfmCq queue;
  private final FfmQp active;
  private final SendRequests requests;
  private final Completions completions;
  private final MemorySegment local;
  private final MemorySegment remote;
  private final FfmMr localKey;
  private final FfmMr remoteKey;

  /**
   * Connects.
   *
   * @param context the device
   * @param gidIndex its address
   * @param depth requests in flight
   * @param readDepth READs and atomics in flight, lowered to what the device can do
   * @param lengthBytes bytes that a READ or WRITE moves
   */
  RawLink(FfmContext context, int gidIndex, int depth, int readDepth, int lengthBytes) {
    this.depth = depth;
    this.lengthBytes = lengthBytes;
    try {
      FfmPd domain = open(context.allocPd());
      local = open(PrivateMemory.allocate("local", lengthBytes)).segment();
      remote = open(PrivateMemory.allocate("remote", lengthBytes + PAGE_BYTES)).segment();
      int access =
          Ibverbs.IBV_ACCESS_REMOTE_READ()
              | Ibverbs.IBV_ACCESS_REMOTE_WRITE()
              | Ibverbs.IBV_ACCESS_REMOTE_ATOMIC();
      localKey = open(domain.register(local, Ibverbs.IBV_ACCESS_LOCAL_WRITE()));
      remoteKey = open(domain.register(remote, Ibverbs.IBV_ACCESS_LOCAL_WRITE() | access));
      queue = open(FfmCq.create(context, depth));
      FfmCq other = open(FfmCq.create(context, 1));
      active = open(domain.createQp(queue, queue, depth, 1, 0));
      FfmQp passive = open(domain.createQp(other, other, 1, 1, 0));
      requests = open(new SendRequests(depth));
      completions = open(new Completions(Math.min(depth, 16)));
      active.init(PORT, 0, access);
      passive.init(PORT, 0, access);
      connect(context, gidIndex, readDepth, active, passive);
      connect(context, gidIndex, readDepth, passive, active);
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.push(resource);
    return resource;
  }

  private static void connect(
      FfmContext context, int gidIndex, int readDepth, FfmQp from, FfmQp to) {
    PortInfo port = context.port(PORT);
    DeviceLimits limits = context.limits();
    int reads =
        Math.min(
            Math.min(readDepth, 255), Math.min(limits.maxQpRdAtom(), limits.maxQpInitRdAtom()));
    PathOptions path =
        new PathOptions(
            PORT,
            gidIndex,
            port.activeMtuCode(),
            reads,
            reads,
            0,
            0,
            HOP_LIMIT,
            ACK_TIMEOUT,
            RETRIES,
            RETRIES,
            MIN_RNR_TIMER,
            port.linkLayer() == LinkLayer.ETHERNET);
    from.readyToReceive(
        new RemoteQp(to.number(), PSN, port.lid(), context.gid(PORT, gidIndex)), path);
    from.readyToSend(PSN, path);
  }

  /**
   * Measures one operation at a time, from before its request is written until its completion is
   * seen. Every CAS succeeds: each expects what the last one stored.
   *
   * @param operation which
   * @param iterations how many are measured
   * @param warmUpNs how long to do so before, at least once
   * @return nanoseconds of each, in rising order
   */
  long[] latencyNs(Operation operation, int iterations, long warmUpNs) {
    remote.fill(PATTERN);
    long before = remote.get(ValueLayout.JAVA_LONG, lengthBytes);
    long value = before;
    long startNs = System.nanoTime();
    do {
      one(operation, value++);
    } while (System.nanoTime() - startNs < warmUpNs);
    long[] times = new long[iterations];
    for (int i = 0; i < iterations; i++) {
      long postedNs = System.nanoTime();
      one(operation, value++);
      times[i] = System.nanoTime() - postedNs;
    }
    long after = remote.get(ValueLayout.JAVA_LONG, lengthBytes);
    if (after != (operation == Operation.CAS ? value : before)) {
      throw new StarlingException(
          "%d operations of kind %s took a word from %d to %d"
              .formatted(value - before, operation, before, after));
    }
    Arrays.sort(times);
    return times;
  }

  private void one(Operation operation, long value) {
    fill(0, operation, value);
    post(0);
    await();
  }

  private void fill(int slot, Operation operation, long value) {
    long at = local.address();
    int key = localKey.lkey();
    long to = remote.address();
    int rkey = remoteKey.rkey();
    switch (operation) {
      case CAS ->
          requests.compareAndSwap(slot, 0, at, key, to + lengthBytes, rkey, value, value + 1, true);
      case READ -> requests.read(slot, 0, at, lengthBytes, key, to, rkey, true);
      case WRITE -> requests.write(slot, 0, at, lengthBytes, key, to, rkey, true, false);
    }
  }

  private void post(int slot) {
    int errno = requests.post(active, slot, 1);
    if (errno != 0) {
      throw new StarlingException("posting failed with errno " + errno);
    }
  }

  /** Polls until something completed; gives how much. */
  private int await() {
    long sinceNs = 0;
    for (int polls = 1; ; polls++) {
      int count = completions.poll(queue);
      if (count > 0) {
        requireSuccess(count);
        return count;
      }
      if (polls % POLLS_PER_CLOCK == 0) {
        long nowNs = System.nanoTime();
        sinceNs = sinceNs == 0 ? nowNs : sinceNs;
        if (nowNs - sinceNs > LIMIT_S * 1_000_000_000L) {
          throw new StarlingException("nothing completed for " + LIMIT_S + " s");
        }
      }
    }
  }

  private void requireSuccess(int count) {
    for (int i = 0; i < count; i++) {
      if (completions.status(i) != 0) {
        throw new StarlingException(
            "queue pair %d: %s, vendor error 0x%x"
                .formatted(
                    completions.qpNumber(i),
                    Completions.statusName(completions.status(i)),
                    completions.vendorError(i)));
      }
    }
  }

  /**
   * Measures READs or WRITEs with as many in flight as there are requests, each signalled, all of
   * the same memory, from the first post to the last completion.
   *
   * @param operation READ or WRITE
   * @param windowNs how long requests are posted
   * @return bytes per second
   */
  double bytesPerSecond(Operation operation, long windowNs) {
    MemorySegment from = operation == Operation.READ ? remote : local;
    MemorySegment to = operation == Operation.READ ? local : remote;
    from.fill(PATTERN);
    to.fill((byte) 0);
    one(operation, 0);
    if (from.asSlice(0, lengthBytes).mismatch(to.asSlice(0, lengthBytes)) >= 0) {
      throw new StarlingException("a " + operation + " moved other bytes than it should");
    }
    long posted = 0;
    long completed = 0;
    boolean posting = true;
    long startNs = System.nanoTime();
    while (posting || completed < posted) {
      for (; posting && posted - completed < depth; posted++) {
        int slot = (int) (posted % depth);
        fill(slot, operation, 0);
        post(slot);
      }
      completed += await();
      posting = posting && System.nanoTime() - startNs < windowNs;
    }
    return (double) posted * lengthBytes / (System.nanoTime() - startNs) * 1e9;
  }

  @Override
  public void close() {
    StarlingException failed = new StarlingException("closing failed: see the suppressed failures");
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception failure) {
        failed.addSuppressed(failure);
      }
    }
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }
}

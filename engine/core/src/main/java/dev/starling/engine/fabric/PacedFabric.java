package dev.starling.engine.fabric;

import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.concurrent.NanoClock;

/**
 * Another fabric behind links of a given speed, for experiments on one host: peers are reached by
 * operations only, and each completes when a network of that speed would have delivered it.
 *
 * <p>Every worker has a link with two directions. The transfers of one direction follow one another
 * in the order in which they were posted; one between two links is over when the later of the two
 * has carried it, which for idle links is latency + bytes / rate times the larger factor. A slow
 * link so does not keep the other end of a transfer busy. Words pass by what is queued, as they do
 * on queue pairs of their own.
 *
 * <p>There is no thread and no sleep: an operation takes effect in the {@link Remote#poll} that
 * finds its time come, and is delivered then. A worker's connection to itself passes no link.
 *
 * <p>Thread-safe: the links are shared by the agents of one process, which is all that this fabric
 * paces.
 */
public final class PacedFabric implements Fabric {
  private final Fabric inner;
  private final LinkPace pace;
  private final NanoClock clock;
  private final AtomicLongArray sendsFromNs;
  private final AtomicLongArray receivesFromNs;
  private final AtomicLongArray sentBytes;
  private final AtomicLongArray receivedBytes;

  /**
   * Puts links before a fabric.
   *
   * @param inner does what is asked for; closed by this one
   * @param pace how fast
   * @param workers the job's workers
   * @param clock the time
   */
  public PacedFabric(Fabric inner, LinkPace pace, int workers, NanoClock clock) {
    this.inner = inner;
    this.pace = pace;
    this.clock = clock;
    // The last link is that of whoever reads without being a worker.
    int links = workers + 1;
    sentBytes = new AtomicLongArray(links);
    receivedBytes = new AtomicLongArray(links);
    sendsFromNs = new AtomicLongArray(links);
    receivesFromNs = new AtomicLongArray(links);
    long nowNs = clock.nanoTime();
    for (int rank = 0; rank < links; rank++) {
      sendsFromNs.set(rank, nowNs);
      receivesFromNs.set(rank, nowNs);
    }
  }

  /**
   * Returns what a worker's link has sent, words apart.
   *
   * @param rank the worker
   * @return bytes of all transfers that were posted
   */
  public long sentBytes(int rank) {
    return sentBytes.get(rank);
  }

  /**
   * Returns what a worker's link has received, words apart.
   *
   * @param rank the worker
   * @return bytes of all transfers that were posted
   */
  public long receivedBytes(int rank) {
    return receivedBytes.get(rank);
  }

  /**
   * Puts a transfer on two links.
   *
   * @param from who sends
   * @param to who receives
   * @param lengthBytes how much
   * @param nowNs the time
   * @return when it is delivered
   */
  long transfer(int from, int to, long lengthBytes, long nowNs) {
    sentBytes.addAndGet(from, lengthBytes);
    receivedBytes.addAndGet(to, lengthBytes);
    long sentNs = occupy(sendsFromNs, from, nowNs, pace.busyNs(from, lengthBytes));
    long receivedNs = occupy(receivesFromNs, to, nowNs, pace.busyNs(to, lengthBytes));
    return Math.max(sentNs - nowNs, receivedNs - nowNs) + nowNs + pace.latencyNs();
  }

  private static long occupy(AtomicLongArray freeFromNs, int rank, long nowNs, long busyNs) {
    while (true) {
      long freeNs = freeFromNs.get(rank);
      long endNs = (freeNs - nowNs > 0 ? freeNs : nowNs) + busyNs;
      if (freeFromNs.compareAndSet(rank, freeNs, endNs)) {
        return endNs;
      }
    }
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public boolean isAddressable() {
    return false;
  }

  @Override
  public RegionDescriptor expose(Replica replica) {
    return inner.expose(replica);
  }

  @Override
  public RegionDescriptor describe(long jobId, int rank, int incarnation) {
    return inner.describe(jobId, rank, incarnation);
  }

  @Override
  public void withdraw(RegionDescriptor descriptor) {
    inner.withdraw(descriptor);
  }

  @Override
  public Registration register(String what, MemorySegment memory) {
    return inner.register(what, memory);
  }

  @Override
  public boolean prepare(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    return inner.prepare(descriptor, layout, localRank, localIncarnation);
  }

  @Override
  public boolean fence(RegionDescriptor home, int rank, int epoch) {
    return inner.fence(home, rank, epoch);
  }

  @Override
  public void fenced(RegionDescriptor home, int rank, int stripe, long version) {
    inner.fenced(home, rank, stripe, version);
  }

  @Override
  public Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    Remote remote = inner.connect(descriptor, layout, localRank, localIncarnation);
    return descriptor.rank() == localRank
        ? remote
        : new PacedRemote(remote, this, localRank, pace.latencyNs(), clock);
  }

  @Override
  public void removeDead(RegionDescriptor descriptor) {
    inner.removeDead(descriptor);
  }

  @Override
  public boolean isDead(RegionDescriptor descriptor) {
    return inner.isDead(descriptor);
  }

  @Override
  public PeerState state(RegionDescriptor descriptor) {
    return inner.state(descriptor);
  }

  @Override
  public void close() {
    inner.close();
  }
}

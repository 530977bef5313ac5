package dev.starling.rdma.fabric;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A fabric that works as the one behind it, and tells a {@link Watch} what happens at the places
 * where tests of death look or stop a rank.
 */
final class WatchedFabric implements Fabric {
  /** Is told on the thread that does it, which goes on when the call returns. */
  interface Watch {
    /** A replica was exposed. */
    default void exposed(Replica replica) {}

    /** A peer was cut off from the replica. */
    default void cutOff(int rank, boolean nothingArrives) {}

    /** A peer's lock was broken. */
    default void broken(int rank, long version) {}

    /** A peer's stripe was locked: the lock word. */
    default void locked(long word) {}

    /** A write to a peer's locked stripe is about to be posted. */
    default void writes(long word) {}

    /** The first requests of a write were posted, and others were not. */
    default void writing(long word) {}

    /** Whether the peers' memory is written slowly. */
    default boolean isSlow() {
      return false;
    }

    /** Whether nothing is to be connected now. */
    default boolean holdsConnections() {
      return false;
    }
  }

  private static final long SLOW_POLL_NS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Fabric behind;
  private final Watch watch;

  WatchedFabric(Fabric behind, Watch watch) {
    this.behind = behind;
    this.watch = watch;
  }

  @Override
  public String name() {
    return behind.name();
  }

  @Override
  public boolean isAddressable() {
    return behind.isAddressable();
  }

  @Override
  public RegionDescriptor expose(Replica replica) {
    watch.exposed(replica);
    return behind.expose(replica);
  }

  @Override
  public RegionDescriptor describe(long jobId, int rank, int incarnation) {
    return behind.describe(jobId, rank, incarnation);
  }

  @Override
  public void withdraw(RegionDescriptor descriptor) {
    behind.withdraw(descriptor);
  }

  @Override
  public Registration register(String what, MemorySegment memory) {
    return behind.register(what, memory);
  }

  @Override
  public boolean prepare(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    return !watch.holdsConnections()
        && behind.prepare(descriptor, layout, localRank, localIncarnation);
  }

  @Override
  public boolean fence(RegionDescriptor home, int rank, int epoch) {
    boolean nothingArrives = behind.fence(home, rank, epoch);
    watch.cutOff(rank, nothingArrives);
    return nothingArrives;
  }

  @Override
  public void fenced(RegionDescriptor home, int rank, int stripe, long version) {
    behind.fenced(home, rank, stripe, version);
    watch.broken(rank, version);
  }

  @Override
  public Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    Remote remote = behind.connect(descriptor, layout, localRank, localIncarnation);
    return descriptor.rank() == localRank ? remote : new WatchedRemote(remote, localRank, watch);
  }

  @Override
  public void removeDead(RegionDescriptor descriptor) {
    behind.removeDead(descriptor);
  }

  @Override
  public boolean isDead(RegionDescriptor descriptor) {
    return behind.isDead(descriptor);
  }

  @Override
  public PeerState state(RegionDescriptor descriptor) {
    return behind.state(descriptor);
  }

  @Override
  public void close() {
    behind.close();
  }

  /** A connection to a peer; knows the lock that it holds there. */
  private static final class WatchedRemote implements Remote, CompletionHandler {
    private final Remote behind;
    private final int localRank;
    private final Watch watch;
    private CompletionHandler handler;
    private long held;
    private long expected;
    private long desired;
    private boolean swapping;
    private boolean writing;

    WatchedRemote(Remote behind, int localRank, Watch watch) {
      this.behind = behind;
      this.localRank = localRank;
      this.watch = watch;
    }

    @Override
    public int rank() {
      return behind.rank();
    }

    @Override
    public int epoch() {
      return behind.epoch();
    }

    @Override
    public int incarnation() {
      return behind.incarnation();
    }

    @Override
    public PeerState state() {
      return behind.state();
    }

    @Override
    public MemorySegment direct() {
      return behind.direct();
    }

    @Override
    public void readWord(long offsetBytes, long tag) {
      behind.readWord(offsetBytes, tag);
    }

    @Override
    public void read(
        long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
      behind.read(offsetBytes, into, intoOffset, lengthBytes, tag);
    }

    @Override
    public void write(
        long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
      watch.writes(held);
      behind.write(offsetBytes, from, fromOffset, lengthBytes, tag);
      writing = watch.isSlow();
    }

    @Override
    public void compareAndSwap(long offsetBytes, long from, long to, long tag) {
      expected = from;
      desired = to;
      swapping = true;
      behind.compareAndSwap(offsetBytes, from, to, tag);
    }

    @Override
    public int poll(CompletionHandler to) {
      handler = to;
      int count = behind.poll(this);
      if (writing) {
        watch.writing(held);
        LockSupport.parkNanos(SLOW_POLL_NS);
      }
      return count;
    }

    @Override
    public void onCompletion(long tag, boolean succeeded, long value) {
      if (swapping) {
        swapping = false;
        boolean took = succeeded && value == expected && LockWord.owner(desired) == localRank;
        held = took ? desired : 0;
        writing &= took;
        if (took && LockWord.isFree(expected)) {
          watch.locked(held);
        }
      }
      handler.onCompletion(tag, succeeded, value);
    }

    @Override
    public void settle() {
      behind.settle();
    }

    @Override
    public void close() {
      behind.close();
    }
  }
}

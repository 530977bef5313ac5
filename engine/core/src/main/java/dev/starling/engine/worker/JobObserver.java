package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RemoteCounts;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.metrics.PairingTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.RegionHeader;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Watches the workers of a job from outside: counters, liveness, copies and averages of their
 * models. A rank that has died stays readable until its successor has joined; what its incarnations
 * counted is added up.
 *
 * <p>Belongs to one thread, which is neither a compute thread nor an agent.
 */
public final class JobObserver implements AutoCloseable {
  private static final Counter[] ALL = Counter.values();

  private final JobBoard board;
  private final ReplicaLayout layout;
  private final RemoteCounts counts;
  private final ReplicaSet replicas;
  private final int[] incarnation;
  private final long[][] earlier;
  private final long[] earlierPublished;

  /**
   * Creates an observer that has seen nobody.
   *
   * @param board the job's board, which the caller closes after this observer
   * @param layout the layout of every replica
   */
  public JobObserver(JobBoard board, ReplicaLayout layout) {
    this(board, layout, RemoteCounts.NONE);
  }

  /**
   * Creates an observer of a job on several hosts.
   *
   * @param board this process's board, which the caller closes after this observer
   * @param layout the layout of every replica
   * @param counts what ranks say whose memory cannot be looked at
   */
  public JobObserver(JobBoard board, ReplicaLayout layout, RemoteCounts counts) {
    this.board = board;
    this.layout = layout;
    this.counts = counts;
    replicas = new ReplicaSet(layout, board.reach());
    incarnation = new int[board.workers()];
    Arrays.fill(incarnation, Membership.ABSENT);
    earlier = new long[board.workers()][ALL.length];
    earlierPublished = new long[board.workers()];
  }

  /**
   * Attaches to every rank that has joined, or joined again, since the last call, where that can be
   * done at once.
   *
   * @return whether every rank that has joined is attached
   */
  public boolean refresh() {
    boolean complete = true;
    for (int rank = 0; rank < incarnation.length; rank++) {
      int joined = board.incarnation(rank);
      if (joined != Membership.ABSENT && joined != incarnation[rank]) {
        attach(rank, joined);
        complete &= joined == incarnation[rank];
      }
    }
    return complete;
  }

  private void attach(int rank, int joined) {
    RegionDescriptor region = board.region(rank, joined);
    if (!board.reach().prepare(region, layout, layout.readerRank(), 0)) {
      return;
    }
    Remote remote;
    try {
      remote = board.reach().connect(region, layout, layout.readerRank(), 0);
    } catch (StarlingException failure) {
      if (board.reach().isDead(region)) {
        // Came and went between two looks.
        return;
      }
      throw failure;
    }
    retire(rank);
    incarnation[rank] = joined;
    replicas.set(rank, new ReplicaReader(remote, layout, layout.readerRank()));
  }

  private void retire(int rank) {
    for (int i = 0; i < ALL.length; i++) {
      earlier[rank][i] = count(rank, ALL[i]);
    }
    earlierPublished[rank] = published(rank);
  }

  /**
   * Returns a counter of a rank over all its incarnations.
   *
   * @param rank the rank
   * @param counter the counter
   * @return its value
   */
  public long count(int rank, Counter counter) {
    MemorySegment region = region(rank);
    long before = earlier[rank][counter.ordinal()];
    if (replicas.get(rank) == null) {
      return before;
    }
    return region == null
        ? counts.count(rank, counter)
        : counter.merge(before, countersOf(region).get(counter));
  }

  /**
   * Returns a bucket of a rank's staleness histogram.
   *
   * @param rank the rank
   * @param bucket the bucket
   * @return gradients of that staleness, of the newest incarnation
   */
  public long staleness(int rank, int bucket) {
    MemorySegment region = region(rank);
    return region == null ? 0 : countersOf(region).staleness(bucket);
  }

  /**
   * Returns the exchanges that a rank's newest incarnation began with a peer.
   *
   * @param rank the rank
   * @param peer the peer
   * @return exchanges that both published
   */
  public long pairings(int rank, int peer) {
    MemorySegment region = region(rank);
    return region == null ? 0 : new PairingTable(region, layout.pairingsOffset()).published(peer);
  }

  /**
   * Returns how often the stripes of a rank were published or fenced, over all its incarnations.
   *
   * @param rank the rank
   * @return the sum of the stripes' versions
   */
  public long published(int rank) {
    MemorySegment region = region(rank);
    long sum = earlierPublished[rank];
    if (region == null && replicas.get(rank) != null) {
      return counts.published(rank);
    }
    for (int stripe = 0; region != null && stripe < layout.stripes(); stripe++) {
      long offset = layout.lineOffset(stripe);
      sum += LockWord.version(ControlLine.readWord(region, offset));
    }
    return sum;
  }

  /**
   * Returns the newest incarnation of a rank that was seen.
   *
   * @param rank the rank
   * @return from 0, or {@link Membership#ABSENT}
   */
  public int incarnation(int rank) {
    return incarnation[rank];
  }

  /**
   * Tells how a rank is.
   *
   * @param rank the rank
   * @return its state; dead when it was never seen
   */
  public PeerState state(int rank) {
    ReplicaReader reader = replicas.get(rank);
    return reader == null ? PeerState.DEAD : reader.remote().state();
  }

  /**
   * Returns how long a rank's agent has been silent: longer than a moment when its process is
   * stopped or starved.
   *
   * @param rank the rank
   * @return nanoseconds since its last heartbeat, 0 when it was never seen
   */
  public long silentNs(int rank) {
    MemorySegment region = region(rank);
    long beat = region == null ? 0 : RegionHeader.heartbeat(region);
    return beat == 0 ? 0 : Math.max(0, SystemNanoClock.INSTANCE.nanoTime() - beat);
  }

  /**
   * Copies a rank's model, also that of one that died, as it was at its death.
   *
   * @param rank the rank
   * @param target float32, as long as the model; undefined when the answer is no
   * @param timeoutNs how long to try for each stripe
   * @return whether it was copied
   */
  public boolean copyReplica(int rank, MemorySegment target, long timeoutNs) {
    return replicas.copy(rank, target, timeoutNs);
  }

  /**
   * Averages the models of all ranks that take part, not those of ranks that died or left.
   *
   * @param target float32, as long as the model
   * @param timeoutNs how long to try for each stripe
   * @return how many models the average is of; when 0, the target is undefined
   */
  public int average(MemorySegment target, long timeoutNs) {
    dropAbsent();
    return replicas.average(target, timeoutNs);
  }

  /**
   * Computes the root of the mean squared distance of the living ranks' models from their average.
   *
   * @param timeoutNs how long to try for each stripe
   * @return the distance, NaN when there is none
   */
  public double consensusDistance(long timeoutNs) {
    dropAbsent();
    return replicas.consensusDistance(timeoutNs);
  }

  /** Who has died or left does not count in averages; what it counted stays. */
  private void dropAbsent() {
    for (int rank = 0; rank < incarnation.length; rank++) {
      if (replicas.get(rank) == null || state(rank) == PeerState.ALIVE) {
        continue;
      }
      if (state(rank) == PeerState.BROKEN) {
        // It lives, and is attached to again.
        incarnation[rank] = Membership.ABSENT;
      } else {
        retire(rank);
      }
      replicas.set(rank, null);
    }
  }

  private MemorySegment region(int rank) {
    ReplicaReader reader = replicas.get(rank);
    return reader == null ? null : reader.remote().direct();
  }

  private static Counters countersOf(MemorySegment region) {
    return new Counters(region, ReplicaLayout.COUNTERS_OFFSET);
  }

  /** Disconnects. */
  @Override
  public void close() {
    replicas.close();
  }
}

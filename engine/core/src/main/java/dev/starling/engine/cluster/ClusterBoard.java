package dev.starling.engine.cluster;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.rendezvous.ControlLink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * One process's board of a job on several hosts, and the thread that keeps it up to date: what this
 * rank says of itself goes to the others, what they say of themselves comes here.
 *
 * <pre>
 *   this process                                       every other process
 *   JobBoard: record of this rank ---- progress ---->  its board: a copy of that record
 *             copies of the others' &lt;--- progress ---- its own record
 *             work left   = all the work - what this rank took - what the others say they took
 *             phase       GATHERING --everybody joined, or the limit, or another rank runs--> RUNNING
 *                         --a rank has said that the job is done--> STOPPING
 * </pre>
 *
 * <p>Nobody coordinates: every process moves its own board forward. The copies are at most one
 * heartbeat and one look old, so ranks may together do a few steps more than there was work. A rank
 * that returns goes on counting where its last incarnation was heard last.
 */
public final class ClusterBoard implements RemoteCounts, AutoCloseable {
  /**
   * How many numbers a rank tells the others; a {@link ControlLink.Context} is to carry as many.
   */
  public static final int PROGRESS_WORDS = ProgressWords.COUNT;

  private static final Counter[] ALL = Counter.values();
  private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long JOINING_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
  private static final long CLOSE_LIMIT_MS = 5_000;

  private final ControlLink link;
  private final RollCall roll;
  private final JobBoard board;
  private final long work;
  private final long gatherLimitNs;
  private final Consumer<String> tell;
  private final RankRecord own;
  private final long[] elsewhere;
  private final int[] seen;
  private final int[] strangers;
  private final long[] behindNs;
  private final long[] earlierCounts = new long[ALL.length];
  private long earlierPublished;
  private volatile boolean leaving;
  private volatile boolean evaluating;
  private final Thread thread;
  private volatile boolean ended;
  private volatile RuntimeException failure;
  private Counters counters;
  private LongSupplier published;
  private volatile boolean watching;
  private boolean announced;
  private long joinedNs;

  /**
   * Creates the board and starts to keep it up to date.
   *
   * @param link the connection to the other ranks, closed by the caller after this board
   * @param roll who is there
   * @param regions where the regions of this host lie
   * @param reach how ranks reach each other
   * @param work how much there is to do, in units of the caller's
   * @param gatherLimitNs how long this rank, once joined, waits for ranks that are not there before
   *     it begins; for those that are there and have not joined yet a minute more
   * @param tell takes a sentence for people, from any thread
   */
  public ClusterBoard(
      ControlLink link,
      RollCall roll,
      ShmFabric regions,
      Fabric reach,
      long work,
      long gatherLimitNs,
      Consumer<String> tell) {
    this.link = link;
    this.roll = roll;
    int workers = roll.workers();
    this.work = work;
    this.gatherLimitNs = gatherLimitNs;
    this.tell = tell;
    board = JobBoard.createPrivate(regions, reach, link.jobId(), workers, work);
    own = board.rank(link.rank());
    elsewhere = new long[workers];
    seen = new int[workers];
    Arrays.fill(seen, Membership.ABSENT);
    strangers = seen.clone();
    behindNs = new long[workers];
    Arrays.fill(behindNs, Long.MAX_VALUE);
    try {
      adoptPredecessor();
      look();
    } catch (Throwable failed) {
      board.close();
      throw failed;
    }
    thread = new Thread(this::keep, "starling-board");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Returns the board.
   *
   * @return owned by this object
   */
  public JobBoard board() {
    return board;
  }

  /** Says that this rank has done what one rank was to do for all: the others may leave. */
  public void done() {
    roll.done(board.reach().name());
  }

  /**
   * Tells whether a rank has said {@link #done}.
   *
   * @return whether one has
   */
  public boolean isDone() {
    return roll.isDone();
  }

  /** Says that this rank is about to leave before the work is done. */
  public void leaving() {
    leaving = true;
  }

  /**
   * Tells whether a rank has said {@link #leaving}.
   *
   * @param rank the rank
   * @return whether it has, in its present incarnation
   */
  public boolean isLeaving(int rank) {
    return rank == link.rank() ? leaving : means(rank, ProgressWords.LEAVING);
  }

  /** Says that this rank does what one rank is to do for all: it leads until it ends. */
  public void evaluating() {
    evaluating = true;
  }

  private boolean isEvaluating(int rank) {
    return rank == link.rank() ? evaluating : means(rank, ProgressWords.EVALUATING);
  }

  private boolean means(int rank, int bit) {
    long told = link.progress(rank, ProgressWords.INTENT);
    return ProgressWords.means(told, board.rank(rank).incarnation(), bit);
  }

  /**
   * Says what this rank counts, so that the others are told it; readable until {@link #end}.
   *
   * @param own the worker's counters
   * @param versions gives the versions that its replica has, over all stripes
   */
  public void watch(Counters own, LongSupplier versions) {
    counters = own;
    published = versions;
    watching = true;
  }

  @Override
  public long count(int rank, Counter counter) {
    return link.progress(rank, ProgressWords.COUNTERS + counter.ordinal());
  }

  @Override
  public long published(int rank) {
    return link.progress(rank, ProgressWords.PUBLISHED);
  }

  /**
   * Returns the rank that does what one rank is to do for all: the lowest that lives, or the one
   * that has begun with it.
   *
   * @return a rank
   */
  public int leader() {
    int lowest = link.rank();
    for (int rank = board.workers() - 1; rank >= 0; rank--) {
      if (isAlive(rank)) {
        if (isEvaluating(rank)) {
          return rank;
        }
        lowest = Math.min(lowest, rank);
      }
    }
    return lowest;
  }

  /**
   * Tells whether a rank has joined and lives.
   *
   * @param rank the rank
   * @return whether it does
   */
  public boolean isAlive(int rank) {
    if (rank == link.rank()) {
      return true;
    }
    int incarnation = board.rank(rank).incarnation();
    return incarnation != Membership.ABSENT && link.state(rank, incarnation) == PeerState.ALIVE;
  }

  private void keep() {
    try {
      while (!ended) {
        look();
        LockSupport.parkNanos(LOOK_NS);
      }
      look();
    } catch (RuntimeException failed) {
      failure = failed;
      tell.accept(
          "the board of rank " + link.rank() + " is not kept any more: " + failed.getMessage());
    }
  }

  /** What the last incarnation said, which whoever admitted this rank has handed over. */
  private void adoptPredecessor() {
    long clock = link.progress(link.rank(), ProgressWords.CLOCK);
    if (link.incarnation() == 0 || clock == 0) {
      return;
    }
    behindNs[link.rank()] = System.nanoTime() - clock;
    copyWords(link.rank());
    board.takenElsewhere(link.progress(link.rank(), ProgressWords.TAKEN));
    for (Counter counter : ALL) {
      earlierCounts[counter.ordinal()] =
          link.progress(link.rank(), ProgressWords.COUNTERS + counter.ordinal());
    }
    earlierPublished = link.progress(link.rank(), ProgressWords.PUBLISHED);
  }

  private void look() {
    long othersTook = 0;
    boolean complete = true;
    boolean awaited = false;
    for (int rank = 0; rank < board.workers(); rank++) {
      if (rank != link.rank()) {
        copy(rank);
        othersTook += elsewhere[rank];
        boolean absent = board.rank(rank).state() == RankRecord.State.ABSENT;
        complete &= !absent;
        awaited |= absent && roll.isHere(rank);
      }
    }
    if (board.phase() == JobBoard.Phase.GATHERING) {
      gather(complete, awaited);
    } else if (board.phase() == JobBoard.Phase.RUNNING && isDone()) {
      board.phase(JobBoard.Phase.STOPPING);
    }
    tellOwn(othersTook);
  }

  private void tellOwn(long othersTook) {
    for (int word = 0; word < RankRecord.WORDS; word++) {
      link.setProgress(word, own.word(word));
    }
    link.setProgress(ProgressWords.TAKEN, work - board.workLeft() - othersTook);
    link.setProgress(ProgressWords.PHASE, board.phase().ordinal());
    link.setProgress(
        ProgressWords.INTENT, ProgressWords.intent(link.incarnation(), leaving, evaluating));
    link.setProgress(ProgressWords.CLOCK, System.nanoTime());
    tellCounters();
    if (!announced && own.state() != RankRecord.State.ABSENT) {
      announced = true;
      joinedNs = System.nanoTime();
      roll.joined(board.reach().name());
    }
  }

  private void tellCounters() {
    if (!watching) {
      return;
    }
    for (Counter counter : ALL) {
      long earlier = earlierCounts[counter.ordinal()];
      link.setProgress(
          ProgressWords.COUNTERS + counter.ordinal(),
          counter.merge(earlier, counters.get(counter)));
    }
    link.setProgress(ProgressWords.PUBLISHED, earlierPublished + published.getAsLong());
  }

  private void copy(int rank) {
    RankRecord record = board.rank(rank);
    int incarnation = link.knownIncarnation(rank);
    String fabric = roll.fabricOf(rank, incarnation);
    PeerState state = PeerState.DEAD;
    if (fabric != null && isReachable(rank, incarnation, fabric)) {
      state = link.state(rank, incarnation);
    }
    // Whoever sees that work was taken also sees what was done with it.
    copyWords(rank);
    copyTaken(rank);
    if (state == PeerState.DEAD) {
      lost(rank, record);
    } else if (state == PeerState.CLOSED) {
      left(rank, record);
    } else if (seen[rank] != incarnation) {
      present(rank, record, incarnation);
    } else {
      record.state(link.progress(rank, RankRecord.STATE_WORD));
    }
  }

  /** Ranks that chose different fabrics, each when it had not heard of the other, never meet. */
  private boolean isReachable(int rank, int incarnation, String fabric) {
    boolean same = fabric.equals(board.reach().name());
    if (!same && strangers[rank] != incarnation) {
      strangers[rank] = incarnation;
      tell.accept(
          "rank %d uses the fabric %s and rank %d %s: they do not reach each other; name one with"
                  .formatted(rank, fabric, link.rank(), board.reach().name())
              + " --fabric, or raise --gather-seconds");
    }
    return same;
  }

  private void copyTaken(int rank) {
    long taken = link.progress(rank, ProgressWords.TAKEN);
    if (taken > elsewhere[rank]) {
      board.takenElsewhere(taken - elsewhere[rank]);
      elsewhere[rank] = taken;
    }
  }

  /**
   * Times are told by the clock of another host: the fastest message tells how far behind it is.
   */
  private void copyWords(int rank) {
    long clock = link.progress(rank, ProgressWords.CLOCK);
    if (clock == 0) {
      return;
    }
    long behind = link.isColocated(rank) && rank != link.rank() ? 0 : System.nanoTime() - clock;
    behindNs[rank] = Math.min(behindNs[rank], behind);
    for (int word = 0; word < RankRecord.WORDS; word++) {
      long value = link.progress(rank, word);
      boolean time = word == RankRecord.BEGIN_WORD || word == RankRecord.END_WORD;
      board.rank(rank).word(word, time && value != 0 ? value + behindNs[rank] : value);
    }
  }

  private void lost(int rank, RankRecord record) {
    boolean took = seen[rank] != Membership.ABSENT;
    seen[rank] = Membership.ABSENT;
    if (took && record.state() != RankRecord.State.LEFT) {
      tell.accept(
          "rank %d was lost after %d steps; the others go on without it"
              .formatted(rank, record.steps()));
      record.lost();
    }
  }

  private void left(int rank, RankRecord record) {
    if (record.state() != RankRecord.State.LEFT && record.state() != RankRecord.State.ABSENT) {
      record.left();
      if (!isDone() && !leaving) {
        tell.accept(
            "rank %d left after %d steps; the others go on without it"
                .formatted(rank, record.steps()));
      }
    }
  }

  private void present(int rank, RankRecord record, int incarnation) {
    seen[rank] = incarnation;
    record.present(incarnation);
    if (announced && (incarnation > 0 || board.phase() != JobBoard.Phase.GATHERING)) {
      tell.accept(
          incarnation == 0
              ? "rank %d has joined".formatted(rank)
              : "rank %d is back (incarnation %d)".formatted(rank, incarnation));
    }
  }

  private void gather(boolean complete, boolean awaited) {
    if (roll.hasBegun()) {
      board.phase(JobBoard.Phase.RUNNING);
      return;
    }
    if (!announced) {
      return;
    }
    long waitedNs = System.nanoTime() - joinedNs;
    if (complete) {
      board.phase(JobBoard.Phase.RUNNING);
    } else if (waitedNs > gatherLimitNs + (awaited ? JOINING_LIMIT_NS : 0)) {
      List<Integer> missing = new ArrayList<>();
      for (int rank = 0; rank < board.workers(); rank++) {
        if (board.rank(rank).state() == RankRecord.State.ABSENT) {
          missing.add(rank);
        }
      }
      tell.accept("ranks " + missing + " have not joined in time: the others begin without them");
      board.phase(JobBoard.Phase.RUNNING);
    }
  }

  /**
   * Tells the others a last time and ends the thread: the replica may be closed afterwards, the
   * board stays readable.
   *
   * @throws StarlingException when it ended with an error before
   */
  public void end() {
    ended = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    try {
      thread.join(CLOSE_LIMIT_MS);
    } catch (InterruptedException again) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      throw new StarlingException(
          "the thread that keeps the board of rank "
              + link.rank()
              + " did not end within "
              + CLOSE_LIMIT_MS
              + " ms: its memory stays mapped until the process ends");
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Ends the thread if need be, and gives the board's memory back. */
  @Override
  public void close() {
    end();
    board.close();
  }
}

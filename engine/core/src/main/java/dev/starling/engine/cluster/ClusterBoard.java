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
import java.util.Optional;
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
 *             phase       GATHERING --everybody joined, or the limit--> RUNNING --told here--> STOPPING, RELEASED
 * </pre>
 *
 * <p>Nobody coordinates: every process moves its own board forward. The copies are at most one
 * heartbeat and one look old, so ranks may together do a few steps more than there was work.
 */
public final class ClusterBoard implements RemoteCounts, AutoCloseable {
  /**
   * How many numbers a rank tells the others; a {@link ControlLink.Context} is to carry as many.
   */
  public static final int PROGRESS_WORDS;

  private static final int TAKEN = RankRecord.WORDS;
  private static final int PUBLISHED = TAKEN + 1;
  private static final int COUNTERS = PUBLISHED + 1;
  private static final Counter[] ALL = Counter.values();

  static {
    PROGRESS_WORDS = COUNTERS + ALL.length;
  }

  private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long CLOSE_LIMIT_MS = 5_000;
  private static final String HERE = "here";
  private static final String JOINED = "joined ";
  private static final String DONE = "done";

  private final ControlLink link;
  private final JobBoard board;
  private final long work;
  private final long gatherLimitNs;
  private final Consumer<String> tell;
  private final RankRecord own;
  private final long[] elsewhere;
  private final int[] seen;
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
   * @param workers how many ranks the job has
   * @param regions where the regions of this host lie
   * @param reach how ranks reach each other
   * @param work how much there is to do, in units of the caller's
   * @param gatherLimitNs how long this rank, once joined, waits for the others before it begins
   * @param tell takes a sentence for people, from any thread
   */
  public ClusterBoard(
      ControlLink link,
      int workers,
      ShmFabric regions,
      Fabric reach,
      long work,
      long gatherLimitNs,
      Consumer<String> tell) {
    this.link = link;
    this.work = work;
    this.gatherLimitNs = gatherLimitNs;
    this.tell = tell;
    board = JobBoard.createPrivate(regions, reach, link.jobId(), workers, work);
    own = board.rank(link.rank());
    elsewhere = new long[workers];
    seen = new int[workers];
    Arrays.fill(seen, Membership.ABSENT);
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

  /**
   * Says that this process is there, before it knows how ranks are to reach each other.
   *
   * @param link the link
   */
  public static void announce(ControlLink link) {
    link.publish(HERE);
  }

  /**
   * Returns how ranks that have joined reach each other.
   *
   * @param link the link
   * @param workers how many ranks the job has
   * @return the fabric's name, or empty when nobody has joined yet
   */
  public static Optional<String> fabricInUse(ControlLink link, int workers) {
    for (int rank = 0; rank < workers; rank++) {
      String info = link.info(rank);
      if (rank != link.rank() && info.startsWith(JOINED)) {
        return Optional.of(info.substring(JOINED.length()));
      }
    }
    return Optional.empty();
  }

  /** Says that this rank has done what one rank was to do for all: the others may leave. */
  public void done() {
    link.publish(DONE);
  }

  /**
   * Tells whether a rank has said {@link #done}.
   *
   * @return whether one has
   */
  public boolean isDone() {
    for (int rank = 0; rank < board.workers(); rank++) {
      if (link.info(rank).equals(DONE)) {
        return true;
      }
    }
    return false;
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
    return link.progress(rank, COUNTERS + counter.ordinal());
  }

  @Override
  public long published(int rank) {
    return link.progress(rank, PUBLISHED);
  }

  /**
   * Returns the lowest rank that lives: it does what one rank is to do for all.
   *
   * @return a rank, this one's at the highest
   */
  public int leader() {
    for (int rank = 0; rank < link.rank(); rank++) {
      if (isAlive(rank)) {
        return rank;
      }
    }
    return link.rank();
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

  private void look() {
    long othersTook = 0;
    boolean complete = true;
    for (int rank = 0; rank < board.workers(); rank++) {
      if (rank != link.rank()) {
        copy(rank);
        othersTook += elsewhere[rank];
        complete &= board.rank(rank).state() != RankRecord.State.ABSENT;
      }
    }
    tellOwn(othersTook);
    if (own.state() != RankRecord.State.ABSENT && board.phase() == JobBoard.Phase.GATHERING) {
      gather(complete);
    }
  }

  private void tellOwn(long othersTook) {
    for (int word = 0; word < RankRecord.WORDS; word++) {
      link.setProgress(word, own.word(word));
    }
    link.setProgress(TAKEN, work - board.workLeft() - othersTook);
    tellCounters();
    if (!announced && own.state() != RankRecord.State.ABSENT) {
      announced = true;
      joinedNs = System.nanoTime();
      link.publish(JOINED + board.reach().name());
    }
  }

  private void tellCounters() {
    if (!watching) {
      return;
    }
    for (Counter counter : ALL) {
      link.setProgress(COUNTERS + counter.ordinal(), counters.get(counter));
    }
    link.setProgress(PUBLISHED, published.getAsLong());
  }

  private void copy(int rank) {
    RankRecord record = board.rank(rank);
    int incarnation = link.knownIncarnation(rank);
    String info = link.info(rank);
    boolean joined = incarnation >= 0 && (info.startsWith(JOINED) || info.equals(DONE));
    PeerState state = joined ? link.state(rank, incarnation) : PeerState.DEAD;
    if (state == PeerState.DEAD) {
      if (seen[rank] != Membership.ABSENT && record.state() != RankRecord.State.ABSENT) {
        seen[rank] = Membership.ABSENT;
        record.lost();
        tell.accept(
            "rank %d was lost after %d steps; the others go on without it"
                .formatted(rank, record.steps()));
      }
      return;
    }
    long taken = link.progress(rank, TAKEN);
    if (taken > elsewhere[rank]) {
      board.takenElsewhere(taken - elsewhere[rank]);
      elsewhere[rank] = taken;
    }
    for (int word = 0; word < RankRecord.WORDS; word++) {
      record.word(word, link.progress(rank, word));
    }
    if (state == PeerState.CLOSED) {
      record.left();
    } else if (seen[rank] != incarnation) {
      seen[rank] = incarnation;
      record.present(incarnation);
      if (board.phase() != JobBoard.Phase.GATHERING) {
        tell.accept("rank %d has joined (incarnation %d)".formatted(rank, incarnation));
      }
    } else {
      record.state(link.progress(rank, RankRecord.STATE_WORD));
    }
  }

  private void gather(boolean complete) {
    if (complete) {
      board.phase(JobBoard.Phase.RUNNING);
    } else if (System.nanoTime() - joinedNs > gatherLimitNs) {
      List<Integer> missing = new ArrayList<>();
      for (int rank = 0; rank < board.workers(); rank++) {
        if (board.rank(rank).state() == RankRecord.State.ABSENT) {
          missing.add(rank);
        }
      }
      tell.accept(
          "ranks %s had not joined after %d s: the others begin without them"
              .formatted(missing, TimeUnit.NANOSECONDS.toSeconds(gatherLimitNs)));
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

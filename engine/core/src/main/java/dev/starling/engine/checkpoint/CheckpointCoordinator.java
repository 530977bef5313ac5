package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Makes checkpoint sets of a job: when they are due, when somebody asks on the board, and at the
 * end. Belongs to the job's coordinator; runs on a thread of its own.
 *
 * <pre>
 *   IDLE --due, asked--> WANTED: every rank that has or makes a replica saves it
 *   WANTED --all saved--> manifest written: complete --> IDLE
 *   WANTED --one failed, was lost, or took too long--> given up; the next set has another number --> IDLE
 * </pre>
 *
 * <p>A rank that was lost after the set was wanted may have been cut for it, so that others could
 * exchange with it: without its file the set would not be replayed from. That is why one loss gives
 * the set up.
 */
public final class CheckpointCoordinator implements AutoCloseable {
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long SET_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
  private static final long STOP_TIMEOUT_MS = TimeUnit.SECONDS.toMillis(70);
  private static final long NS_PER_MS = 1_000_000;

  private final JobBoard board;
  private final CheckpointSets sets;
  private final CheckpointInterval interval;
  private final Consumer<String> tell;
  private final Thread thread = new Thread(this::run, "starling-checkpoint-sets");
  private final int[] incarnations;
  private long served;
  private long set;
  private volatile long attempted;
  private volatile long completed;
  private volatile boolean stopping;

  /**
   * Begins.
   *
   * @param board the job's board
   * @param sets where the sets lie
   * @param newest the newest set there is: the one that the job began from
   * @param interval when sets are due
   * @param tell is told, on this object's thread, what became of each set
   */
  public CheckpointCoordinator(
      JobBoard board,
      CheckpointSets sets,
      long newest,
      CheckpointInterval interval,
      Consumer<String> tell) {
    this.board = board;
    this.sets = sets;
    this.interval = interval;
    this.tell = tell;
    set = newest;
    completed = newest;
    incarnations = new int[board.workers()];
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    long sinceNs = System.nanoTime();
    double sinceSteps = board.meanSteps();
    while (!stopping) {
      long asked = board.cutsAskedFor();
      boolean due = interval.isDue(System.nanoTime() - sinceNs, board.meanSteps() - sinceSteps);
      if (asked != served || due && board.phase() == JobBoard.Phase.RUNNING) {
        sinceNs = System.nanoTime();
        sinceSteps = board.meanSteps();
        make();
        served = asked;
        attempted = asked;
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  private void make() {
    set++;
    try {
      sets.create(set);
      for (int rank = 0; rank < incarnations.length; rank++) {
        incarnations[rank] = board.rank(rank).cut() >= 0 ? board.incarnation(rank) : NOT_THERE;
      }
      board.wantCut(set);
      String reason = await();
      if (reason == null) {
        complete();
      } else {
        tell.accept("checkpoint " + set + " was given up: " + reason);
      }
    } catch (RuntimeException failure) {
      // Whatever it is: the thread stays, and the next set has another number.
      tell.accept("checkpoint " + set + " was given up: " + failure.getMessage());
    }
  }

  private static final int NOT_THERE = -1;

  /** Waits until every rank has saved its state: null, or why the set cannot become complete. */
  private String await() {
    long deadlineNs = System.nanoTime() + SET_TIMEOUT_NS;
    while (true) {
      int awaited = NOT_THERE;
      for (int rank = 0; rank < incarnations.length; rank++) {
        RankRecord record = board.rank(rank);
        if (incarnations[rank] != NOT_THERE && board.incarnation(rank) != incarnations[rank]) {
          return "rank " + rank + " was lost meanwhile";
        }
        if (record.cutFailed() >= set) {
          return "rank " + rank + " could not save its state";
        }
        awaited = record.cut() != RankRecord.NO_CUT && record.cut() < set ? rank : awaited;
      }
      if (awaited == NOT_THERE) {
        return null;
      }
      if (System.nanoTime() - deadlineNs > 0) {
        return "rank %d did not save its state within %d s"
            .formatted(awaited, TimeUnit.NANOSECONDS.toSeconds(SET_TIMEOUT_NS));
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  private void complete() {
    List<CheckpointManifest.RankFile> files = new ArrayList<>();
    List<CheckpointManifest.Missing> missing = new ArrayList<>();
    for (int rank = 0; rank < incarnations.length; rank++) {
      int incarnation = board.incarnation(rank);
      Path file = incarnation < 0 ? null : sets.file(set, rank, incarnation);
      if (file != null && Files.exists(file)) {
        files.add(CheckpointFiles.describe(file));
      } else {
        missing.add(
            new CheckpointManifest.Missing(
                rank, file == null ? "lost before the set" : "joined after the others were saved"));
      }
    }
    if (files.isEmpty()) {
      throw new StarlingException("no rank has a state to save: look at the log of the run");
    }
    sets.complete(
        new CheckpointManifest(set, System.currentTimeMillis() * NS_PER_MS, files, missing));
    completed = set;
    board.completeCut(set);
    tell.accept(
        "checkpoint "
            + set
            + " is complete: "
            + files.size()
            + " of "
            + incarnations.length
            + " ranks, in "
            + sets.directory(set));
  }

  /**
   * Makes one set now and waits for it; for the end of a job.
   *
   * @param attempts how often to try when a rank is lost meanwhile
   * @return the number of the set, or -1 when none became complete
   */
  public long makeOne(int attempts) {
    for (int attempt = 0; attempt < attempts; attempt++) {
      long before = completed;
      board.askForCut();
      long ticket = board.cutsAskedFor();
      long deadlineNs = System.nanoTime() + 2 * SET_TIMEOUT_NS;
      while (attempted < ticket && System.nanoTime() - deadlineNs < 0 && thread.isAlive()) {
        LockSupport.parkNanos(POLL_NS);
      }
      if (completed > before) {
        return completed;
      }
    }
    return NOT_THERE;
  }

  /**
   * Returns the newest complete set.
   *
   * @return its number
   */
  public long newest() {
    return completed;
  }

  /** Ends the thread, after the set that is under way. */
  @Override
  public void close() {
    stopping = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    long deadlineMs = System.currentTimeMillis() + STOP_TIMEOUT_MS;
    while (thread.isAlive() && System.currentTimeMillis() < deadlineMs) {
      try {
        thread.join(STOP_TIMEOUT_MS);
      } catch (InterruptedException asked) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Writes set 0: the model that every worker begins with.
   *
   * @param sets where the sets lie
   * @param layout the model's shape, and how many workers begin with it
   * @param config what the file says besides, text by name
   * @param tensors the model's tensors in order; empty for one without names
   * @param parameters the model, float32
   */
  public static void writeInitial(
      CheckpointSets sets,
      ReplicaLayout layout,
      Map<String, String> config,
      List<Safetensors.Tensor> tensors,
      MemorySegment parameters) {
    List<Long> stripes = new ArrayList<>();
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      stripes.add(layout.stripeParameters(stripe));
    }
    RankCheckpoint description =
        new RankCheckpoint(
            "",
            RankCheckpoint.EVERY_RANK,
            0,
            0,
            0,
            Collections.nCopies(stripes.size(), 0L),
            stripes,
            System.currentTimeMillis() * NS_PER_MS,
            config);
    sets.create(0);
    CheckpointManifest.RankFile file =
        CheckpointFiles.write(
            sets.directory(0).resolve("initial.safetensors"),
            description,
            tensors,
            parameters,
            List.of());
    CheckpointManifest.RankFile[] files = new CheckpointManifest.RankFile[layout.workers()];
    Arrays.setAll(files, rank -> file.forRank(rank, 0));
    sets.complete(new CheckpointManifest(0, description.timeNs(), List.of(files), List.of()));
  }
}

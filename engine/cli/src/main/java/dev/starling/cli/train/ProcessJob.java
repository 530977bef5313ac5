package dev.starling.cli.train;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.worker.JobObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A run whose workers are processes of their own, and their supervisor: starts them, lets them
 * begin together, notices who dies, starts them again, ends them.
 *
 * <pre>
 *   process:  started --joined--> alive --finished--> (released) --> ended
 *                '--------------died--------------> lost --restarts left--> started, next incarnation
 * </pre>
 *
 * <p>{@link #train} and {@link #close} belong to the thread that made the job; a thread per process
 * reads its standard error.
 */
final class ProcessJob implements TrainingJob {
  private static final long POLL_MS = 10;
  private static final long RELEASE_LIMIT_NS = TimeUnit.SECONDS.toNanos(10);

  /** How long those who have joined wait for one who has not, before they begin without it. */
  private static final long GATHER_LIMIT_NS = TimeUnit.SECONDS.toNanos(15);

  /** When a process that the system did not start is tried again: it may be short of processes. */
  private static final long START_RETRY_NS = TimeUnit.SECONDS.toNanos(1);

  private static final long NEVER = 0;

  /** How far apart processes see a signal that all of them get. */
  private static final long SIGNAL_SPREAD_NS = TimeUnit.MILLISECONDS.toNanos(500);

  private final RunPlan plan;
  private final Recording recording;
  private final List<String> arguments;
  private final StopSignal stop;
  private final Consumer<String> tell;
  private final WorkerProcess.Starter starter;
  private final ShmFabric fabric;
  private final JobBoard board;
  private final JobObserver observer;
  private final LifeWatch life;
  private final WorkerProcess[] processes;
  private final List<String> incidents = new CopyOnWriteArrayList<>();
  private final long[] startAtNs;
  private int restarts;
  private int missing;
  private long missingSinceNs = System.nanoTime();
  private boolean trained;

  /**
   * Makes the board and starts a process per worker.
   *
   * @param plan the run
   * @param recording what of it is kept
   * @param arguments the options as they were given
   * @param stop ends the run early
   * @param tell takes a sentence for people, from any thread
   * @param starter starts the processes
   * @throws IOException when a process cannot be started
   */
  ProcessJob(
      RunPlan plan,
      Recording recording,
      List<String> arguments,
      StopSignal stop,
      Consumer<String> tell,
      WorkerProcess.Starter starter)
      throws IOException {
    this.plan = plan;
    this.recording = recording;
    this.arguments = arguments;
    this.stop = stop;
    this.tell = tell;
    this.starter = starter;
    int workers = plan.options().workers;
    fabric = new ShmFabric(plan.options().directory);
    fabric.removeDeadRegions();
    processes = new WorkerProcess[workers];
    startAtNs = new long[workers];
    long jobId = ThreadLocalRandom.current().nextLong() >>> 1;
    board = JobBoard.create(fabric, jobId, workers, plan.budget().total());
    recording.prepare(board);
    try {
      observer = new JobObserver(board, plan.context().conclude().layout());
      life = new LifeWatch(board, processes, stop, tell);
    } catch (Throwable failure) {
      board.close();
      throw failure;
    }
    try {
      for (int rank = 0; rank < workers; rank++) {
        processes[rank] = start(rank, recording.firstIncarnation());
      }
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  @Override
  public JobBoard board() {
    return board;
  }

  @Override
  public JobObserver observer() {
    return observer;
  }

  @Override
  public List<String> incidents() {
    return List.copyOf(incidents);
  }

  @Override
  public List<Integer> lostRanks() {
    List<Integer> lost = new ArrayList<>();
    for (int rank = 0; rank < processes.length; rank++) {
      if (board.rank(rank).state() == RankRecord.State.ABSENT) {
        lost.add(rank);
      }
    }
    return lost;
  }

  @Override
  public int restarts() {
    return restarts;
  }

  private WorkerProcess start(int rank, int incarnation) throws IOException {
    return new WorkerProcess(
        rank,
        incarnation,
        incarnation > recording.firstIncarnation(),
        board.path(),
        recording.workerArguments(arguments),
        line -> tell.accept("rank " + rank + ": " + line),
        starter);
  }

  @Override
  public void train() throws Exception {
    while (true) {
      boolean ended = true;
      int absent = 0;
      for (int rank = 0; rank < processes.length; rank++) {
        look(rank);
        RankRecord.State state = board.rank(rank).state();
        boolean living = processes[rank].isAlive();
        absent += living && state == RankRecord.State.ABSENT ? 1 : 0;
        // Who died since the look is dealt with by the next one.
        ended &= isGone(rank) || living && state.compareTo(RankRecord.State.FINISHED) >= 0;
      }
      requireAnyLeft();
      steer(absent);
      if (ended) {
        trained = true;
        tellWorkLeft();
        return;
      }
      Thread.sleep(POLL_MS);
    }
  }

  /** Ends the job when that is asked for, or lets it begin when nobody need be waited for. */
  private void steer(int absent) {
    if (absent != missing) {
      missing = absent;
      missingSinceNs = System.nanoTime();
    }
    if (stop.isRequested()) {
      board.phase(JobBoard.Phase.STOPPING);
    } else if (board.phase() == JobBoard.Phase.GATHERING
        && (absent == 0
            || absent < processes.length && System.nanoTime() - missingSinceNs > GATHER_LIMIT_NS)) {
      for (int rank = 0; rank < processes.length; rank++) {
        if (processes[rank].isAlive() && board.rank(rank).state() == RankRecord.State.ABSENT) {
          processes[rank].returnUntold(true);
          incident(
              "rank %d had not joined %d s after the others: they begin without it"
                  .formatted(rank, TimeUnit.NANOSECONDS.toSeconds(GATHER_LIMIT_NS)));
        }
      }
      board.phase(JobBoard.Phase.RUNNING);
    }
  }

  private void tellWorkLeft() {
    if (board.workLeft() > 0 && !stop.isRequested()) {
      incident(
          "every worker was asked to end before the work was done: %d samples or steps were not"
                  .formatted(board.workLeft())
              + " taken");
    }
  }

  @Override
  public void account() throws IOException, InterruptedException {
    for (int rank = 0; rank < processes.length; rank++) {
      if (!processes[rank].isAlive()) {
        look(rank);
      }
    }
  }

  /** Looks after one rank: whether it died, came back, or gives no sign of life. */
  private void look(int rank) throws IOException, InterruptedException {
    WorkerProcess process = processes[rank];
    RankRecord record = board.rank(rank);
    if (!process.isAlive()) {
      // The signal that ended it may be one to the whole job, and on its way here.
      boolean settled =
          stop.isRequested() || !process.wasAskedToEnd() || process.endedAgoNs() > SIGNAL_SPREAD_NS;
      if (!process.isAccountedFor() && settled) {
        process.accountFor();
        ended(process, record);
      } else if (startAtNs[rank] != NEVER && System.nanoTime() - startAtNs[rank] >= 0) {
        startAgain(process);
      }
      return;
    }
    if (record.incarnation() == process.incarnation()) {
      tellReturn(process, record);
    }
    life.look(process);
  }

  private void tellReturn(WorkerProcess process, RankRecord record) {
    if (process.isReturnUntold()) {
      process.returnUntold(false);
      incident(
          "rank %d is %s: it %s"
              .formatted(
                  process.rank(),
                  process.incarnation() == recording.firstIncarnation() ? "there" : "back",
                  origin(record.source())));
    }
  }

  private static String origin(int source) {
    long set = RankRecord.checkpointOf(source);
    if (set >= 0) {
      return "goes on from its checkpoint in set " + set + ", as nobody else lived";
    }
    return source == RankRecord.INITIAL
        ? "copied the model of nobody, as nobody else lived, and starts from the initial one"
        : "copied the model of rank " + source;
  }

  private void ended(WorkerProcess process, RankRecord record)
      throws IOException, InterruptedException {
    int rank = process.rank();
    boolean inOrder =
        record.state() == RankRecord.State.LEFT
            && record.incarnation() == process.incarnation()
            && !process.reportedAnError();
    if (inOrder) {
      if (board.phase().compareTo(JobBoard.Phase.STOPPING) < 0) {
        incident(
            "rank %d was asked to end and left after %d steps; the others go on without it"
                .formatted(rank, record.steps()));
      }
      return;
    }
    boolean wasRunning = record.incarnation() == process.incarnation();
    record.lost();
    fabric.removeDead(fabric.describe(board.jobId(), rank, process.incarnation()));
    if (!wasRunning
        && process.incarnation() == recording.firstIncarnation()
        && process.reportedAnError()) {
      throw new StarlingException(
          "the process of rank " + rank + " did not start: " + process.lastLine());
    }
    if (!wasRunning && stop.isRequested()) {
      // The signal that ends the job reached it before it could finish in good order.
      return;
    }
    boolean again = mayStartAgain();
    incident(
        "rank %d was lost after %d steps (%s); %s"
            .formatted(
                rank,
                record.steps(),
                process.howItEnded(),
                again ? "it is started again" : "the others go on without it"));
    if (again) {
      startAgain(process);
    }
  }

  private boolean mayStartAgain() {
    return !trained
        && restarts < plan.options().restarts
        && board.workLeft() > 0
        && !stop.isRequested();
  }

  /** Every try is a restart, also one that the system refuses: so their number has a bound. */
  private void startAgain(WorkerProcess predecessor) {
    int rank = predecessor.rank();
    startAtNs[rank] = NEVER;
    if (!mayStartAgain()) {
      return;
    }
    restarts++;
    try {
      processes[rank] = start(rank, predecessor.incarnation() + 1);
    } catch (IOException failure) {
      boolean again = mayStartAgain();
      incident(
          "rank %d could not be started again (%s); %s"
              .formatted(
                  rank,
                  failure.getMessage(),
                  again ? "it is tried again in 1 s" : "the others go on without it"));
      if (again) {
        // An odd moment is never NEVER.
        startAtNs[rank] = System.nanoTime() + START_RETRY_NS | 1;
      }
    }
  }

  /** Whether a rank's process has ended, was dealt with, and gets no successor. */
  private boolean isGone(int rank) {
    return processes[rank].isAccountedFor() && startAtNs[rank] == NEVER;
  }

  private void incident(String sentence) {
    incidents.add(sentence);
    tell.accept(sentence);
  }

  private void requireAnyLeft() {
    for (int rank = 0; rank < processes.length; rank++) {
      // Who died since the look may be started again by the next one.
      if (!isGone(rank)
          || processes[rank].isAlive()
          || board.rank(rank).state() != RankRecord.State.ABSENT) {
        return;
      }
    }
    throw new StarlingException(
        incidents.isEmpty()
            ? "stopped before any worker had joined: nothing was trained and no model is saved"
            : "every worker process was lost, the last one so: "
                + incidents.getLast()
                + "; run with --restart, or look at what ended them");
  }

  /** Releases the workers and sees them end; whoever does not in time is killed. */
  @Override
  public void close() {
    board.phase(JobBoard.Phase.RELEASED);
    StarlingException failed =
        new StarlingException("ending the worker processes failed: see the suppressed failures");
    long deadlineNs =
        System.nanoTime() + (stop.isRequested() ? LifeWatch.STOPPING_LIMIT_NS : RELEASE_LIMIT_NS);
    for (WorkerProcess process : processes) {
      if (process != null) {
        tryTo(() -> end(process, deadlineNs), failed);
      }
    }
    tryTo(life, failed);
    tryTo(observer, failed);
    tryTo(board, failed);
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }

  private void end(WorkerProcess process, long deadlineNs) {
    if (!process.close(deadlineNs - System.nanoTime())) {
      tell.accept(
          "rank %d did not end in time after it was released: its process was killed"
              .formatted(process.rank()));
    }
    for (int life = recording.firstIncarnation(); life <= process.incarnation(); life++) {
      fabric.removeDead(fabric.describe(board.jobId(), process.rank(), life));
    }
  }

  private static void tryTo(AutoCloseable action, StarlingException collector) {
    try {
      action.close();
    } catch (Exception failure) {
      collector.addSuppressed(failure);
    }
  }
}

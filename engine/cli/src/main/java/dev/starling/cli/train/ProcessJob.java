package dev.starling.cli.train;

import dev.starling.cli.Starling;
import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.worker.JobObserver;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
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

  /** How long a silent process keeps the others waiting when all the work is done. */
  private static final long SILENCE_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);

  private static final long TOLD_SILENCE_NS = TimeUnit.SECONDS.toNanos(3);

  private final RunPlan plan;
  private final List<String> arguments;
  private final StopSignal stop;
  private final Consumer<String> tell;
  private final ShmFabric fabric;
  private final JobBoard board;
  private final JobObserver observer;
  private final SilenceWatch silence;
  private final WorkerProcess[] processes;
  private final List<String> incidents = new CopyOnWriteArrayList<>();
  private int restarts;

  /**
   * Makes the board and starts a process per worker.
   *
   * @param plan the run
   * @param arguments the options as they were given
   * @param stop ends the run early
   * @param tell takes a sentence for people, from any thread
   * @throws IOException when a process cannot be started
   */
  ProcessJob(RunPlan plan, List<String> arguments, StopSignal stop, Consumer<String> tell)
      throws IOException {
    this.plan = plan;
    this.arguments = arguments;
    this.stop = stop;
    this.tell = tell;
    int workers = plan.options().workers;
    fabric = new ShmFabric(plan.options().directory);
    fabric.removeDeadRegions();
    processes = new WorkerProcess[workers];
    long jobId = ThreadLocalRandom.current().nextLong() >>> 1;
    board = JobBoard.create(fabric, jobId, workers, plan.budget().total());
    try {
      observer = new JobObserver(board, plan.context().conclude().layout());
      silence = new SilenceWatch(board);
    } catch (Throwable failure) {
      board.close();
      throw failure;
    }
    try {
      for (int rank = 0; rank < workers; rank++) {
        processes[rank] = start(rank, 0);
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
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!flag.startsWith("-agentlib:") && !flag.startsWith("-javaagent:")) {
        command.add(flag);
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Starling.class.getName(), WorkerCommand.NAME));
    command.addAll(List.of("--board", board.path().toString()));
    command.addAll(List.of("--rank", Integer.toString(rank)));
    command.addAll(List.of("--incarnation", Integer.toString(incarnation)));
    command.addAll(arguments);
    return new WorkerProcess(
        rank, incarnation, command, line -> tell.accept("rank " + rank + ": " + line));
  }

  @Override
  public void train() throws Exception {
    while (true) {
      boolean ended = true;
      boolean joined = true;
      for (int rank = 0; rank < processes.length; rank++) {
        look(rank);
        RankRecord.State state = board.rank(rank).state();
        boolean living = processes[rank].isAlive();
        joined &= !living || state != RankRecord.State.ABSENT;
        ended &= !living || state.compareTo(RankRecord.State.FINISHED) >= 0;
      }
      requireAnyLeft();
      if (stop.isRequested() && board.phase() != JobBoard.Phase.STOPPING) {
        board.phase(JobBoard.Phase.STOPPING);
      } else if (joined && board.phase() == JobBoard.Phase.GATHERING) {
        board.phase(JobBoard.Phase.RUNNING);
      }
      if (ended) {
        return;
      }
      Thread.sleep(POLL_MS);
    }
  }

  /** Looks after one rank: whether it came back, died, or has been silent for long. */
  private void look(int rank) throws IOException, InterruptedException {
    WorkerProcess process = processes[rank];
    RankRecord record = board.rank(rank);
    if (!process.isAlive()) {
      if (!process.isAccountedFor()) {
        process.accountFor();
        ended(process, record);
      }
      return;
    }
    if (process.isReturnUntold() && record.incarnation() == process.incarnation()) {
      process.returnTold();
      incident(
          "rank %d is back: it copied the model of %s"
              .formatted(
                  rank,
                  record.source() == RankRecord.INITIAL
                      ? "nobody, as nobody else lived, and starts from the initial one"
                      : "rank " + record.source()));
    }
    long silentNs = silence.silentNs(rank);
    if (silentNs > TOLD_SILENCE_NS && !process.isSilenceTold()) {
      process.silenceTold(true);
      tell.accept(
          "rank %d has been silent for %d s, stopped or starved: the others go on without it"
              .formatted(rank, TimeUnit.NANOSECONDS.toSeconds(silentNs)));
    } else if (silentNs < TOLD_SILENCE_NS && process.isSilenceTold()) {
      process.silenceTold(false);
      tell.accept("rank %d takes part again".formatted(rank));
    }
    if (silentNs > SILENCE_LIMIT_NS
        && record.state() == RankRecord.State.JOINED
        && othersEnded(rank)) {
      tell.accept(
          "rank %d stayed silent for %d s after all the work was done: its process is ended"
              .formatted(rank, TimeUnit.NANOSECONDS.toSeconds(silentNs)));
      process.kill();
    }
  }

  private boolean othersEnded(int rank) {
    for (int other = 0; other < processes.length; other++) {
      boolean training =
          processes[other].isAlive()
              && board.rank(other).state().compareTo(RankRecord.State.FINISHED) < 0;
      if (other != rank && training && silence.silentNs(other) < SILENCE_LIMIT_NS) {
        return false;
      }
    }
    return board.workLeft() <= 0 || stop.isRequested();
  }

  private void ended(WorkerProcess process, RankRecord record)
      throws IOException, InterruptedException {
    int rank = process.rank();
    boolean inOrder =
        record.state() == RankRecord.State.LEFT && record.incarnation() == process.incarnation();
    if (inOrder) {
      if (board.phase() == JobBoard.Phase.RUNNING) {
        incident(
            "rank %d was asked to end and left after %d steps; the others go on without it"
                .formatted(rank, record.steps()));
      }
      return;
    }
    boolean wasRunning = record.incarnation() == process.incarnation();
    record.lost();
    fabric.removeDead(fabric.describe(board.jobId(), rank, process.incarnation()));
    if (!wasRunning && process.incarnation() == 0 && process.reportedAnError()) {
      throw new StarlingException(
          "the process of rank " + rank + " did not start: " + process.lastLine());
    }
    boolean again =
        restarts < plan.options().restarts && board.workLeft() > 0 && !stop.isRequested();
    incident(
        "rank %d was lost after %d steps (%s); %s"
            .formatted(
                rank,
                record.steps(),
                process.howItEnded(),
                again ? "it is started again" : "the others go on without it"));
    if (again) {
      restarts++;
      processes[rank] = start(rank, process.incarnation() + 1);
    }
  }

  private void incident(String sentence) {
    incidents.add(sentence);
    tell.accept(sentence);
  }

  private void requireAnyLeft() {
    for (int rank = 0; rank < processes.length; rank++) {
      if (processes[rank].isAlive() || board.rank(rank).state() != RankRecord.State.ABSENT) {
        return;
      }
    }
    throw new StarlingException(
        "every worker process was lost, the last one so: "
            + incidents.getLast()
            + "; run with --restart, or look at what ended them");
  }

  /** Releases the workers and sees them end; whoever does not in time is killed. */
  @Override
  public void close() {
    board.phase(JobBoard.Phase.RELEASED);
    StarlingException failed =
        new StarlingException("ending the worker processes failed: see the suppressed failures");
    long deadlineNs = System.nanoTime() + RELEASE_LIMIT_NS;
    for (WorkerProcess process : processes) {
      if (process != null) {
        tryTo(() -> end(process, deadlineNs), failed);
      }
    }
    tryTo(silence, failed);
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
    fabric.removeDead(fabric.describe(board.jobId(), process.rank(), process.incarnation()));
  }

  private static void tryTo(AutoCloseable action, StarlingException collector) {
    try {
      action.close();
    } catch (Exception failure) {
      collector.addSuppressed(failure);
    }
  }
}

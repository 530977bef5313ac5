package dev.starling.cli.train;

import dev.starling.cli.Terminal;
import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointCoordinator;
import dev.starling.engine.kernel.KernelsChoice;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import dev.starling.engine.worker.JobObserver;
import dev.starling.models.Evaluation;
import dev.starling.models.Pass;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One training run from its options to its saved result. Belongs to the thread that executes it.
 */
final class TrainingRun {
  private static final int EVALUATION_BATCH = 64;
  private static final long ATTACH_POLL_MS = 5;
  private static final long READ_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

  private final TrainOptions options;
  private final String command;
  private final Terminal terminal;
  private final StopSignal stop;
  private final List<String> workerArguments;
  private final Optional<LaunchEnvironment> place;

  /**
   * Creates a run.
   *
   * @param options what it is made of
   * @param command the name of the command, for the run directory and the display
   * @param terminal where progress goes
   * @param stop ends it early
   * @param workerArguments the options as they were given, for worker processes
   * @param place this process's place in a run whose ranks were started one by one
   */
  TrainingRun(
      TrainOptions options,
      String command,
      Terminal terminal,
      StopSignal stop,
      List<String> workerArguments,
      Optional<LaunchEnvironment> place) {
    this.options = options;
    this.command = command;
    this.terminal = terminal;
    this.stop = stop;
    this.workerArguments = workerArguments;
    this.place = place;
  }

  /**
   * Trains, evaluates and saves.
   *
   * @return the result, which lies in the run directory too; empty when another rank evaluates
   * @throws Exception what failed; shared memory has been given back
   */
  Optional<RunResult> execute() throws Exception {
    RunPlan plan = plan();
    // Processes that were started one by one each look after their own replica.
    int here = place.map(told -> Math.max(1, told.localWorldSize())).orElse(options.workers);
    MemoryNeed.of(options, plan.setup(), here, plan.device().isPinning()).requireAvailable();
    try (PrivateMemory memory =
        PrivateMemory.allocate("the averaged model", plan.parameterCount() * Float.BYTES)) {
      MemorySegment parameters = memory.segment();
      plan.initialise(parameters);
      ProgressDisplay display = ProgressDisplay.on(terminal, command, plan.budget().total());
      try (RunDirectory directory = directory();
          Recording recording =
              Recording.open(plan, directory.path(), parameters, tell(display, directory));
          TrainingJob job = launch(plan, recording, parameters, display, directory);
          CheckpointCoordinator coordinator =
              recording.coordinate(job.board(), tell(display, directory))) {
        tellDevice(plan, display, directory);
        directory.write("config.json", RunFacts.of(command, plan, job.board(), workerArguments));
        train(job, plan, parameters, display, directory);
        recording.saveEnd(coordinator, job.lostRanks().size());
        if (!job.isEvaluator()) {
          tellPart(job, directory);
          return Optional.empty();
        }
        RunResult result = finish(job, plan, parameters, directory);
        job.evaluated();
        return Optional.of(result);
      } finally {
        display.close();
      }
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
  }

  private RunPlan plan() throws IOException {
    RunPlan plan = RunPlan.of(options);
    return options.processes ? plan : plan.computingHere(this::localRank);
  }

  /** A rank among those of this host; the rank itself where the launcher does not tell. */
  private int localRank(int rank) {
    int told = place.map(LaunchEnvironment::localRank).orElse(rank);
    return told >= 0 ? told : rank;
  }

  /** A choice that nobody made and that changes nothing is for the log alone. */
  private void tellDevice(RunPlan plan, ProgressDisplay display, RunDirectory directory) {
    directory.log(plan.device().reason());
    if (!options.device.equals(KernelsChoice.AUTO)
        || !plan.device().name().equals(KernelsChoice.CPU)) {
      display.tell(plan.device().reason());
    }
  }

  private void tellPart(TrainingJob job, RunDirectory directory) {
    int rank = place.orElseThrow().rank();
    String line =
        "rank %d has done %d steps; another rank evaluates and saves the run"
            .formatted(rank, job.board().rank(rank).steps());
    directory.write(RunStat.FILE, RunStat.of(job.board(), false).toJson());
    directory.log(line);
    terminal.err().println(line);
  }

  /** A rank of several has a directory of its own, below the one that was named. */
  private RunDirectory directory() throws IOException {
    if (place.isPresent()) {
      String name = "rank-" + place.get().rank();
      return options.out == null
          ? RunDirectory.create(null, command + "-" + name)
          : RunDirectory.ofRank(options.out, name);
    }
    return options.record.resume == null
        ? RunDirectory.create(options.out, command)
        : RunDirectory.reopen(options.record.resume);
  }

  private static Consumer<String> tell(ProgressDisplay display, RunDirectory directory) {
    return line -> {
      directory.log(line);
      display.tell(line);
    };
  }

  private TrainingJob launch(
      RunPlan plan,
      Recording recording,
      MemorySegment parameters,
      ProgressDisplay display,
      RunDirectory directory)
      throws IOException {
    if (place.isPresent()) {
      return new ClusterJob(plan, place.get(), parameters, stop, tell(display, directory));
    }
    return options.processes
        ? new ProcessJob(
            plan,
            recording,
            workerArguments,
            stop,
            tell(display, directory),
            WorkerProcess.Starter.SYSTEM)
        : new ThreadJob(plan, recording, parameters, stop);
  }

  private void train(
      TrainingJob job,
      RunPlan plan,
      MemorySegment average,
      ProgressDisplay display,
      RunDirectory directory)
      throws Exception {
    directory.log(plan.context().conclude().toString());
    try (RunMonitor monitor = new RunMonitor(job, plan, average, display, directory)) {
      monitor.start();
      job.train();
    }
  }

  private RunResult finish(
      TrainingJob job, RunPlan plan, MemorySegment parameters, RunDirectory directory)
      throws Exception {
    RunSetup setup = plan.setup();
    JobObserver observer = job.observer();
    attachAll(observer);
    if (observer.average(parameters, READ_TIMEOUT_NS) == 0) {
      throw new StarlingException(
          "no replica is left to average: look at " + directory.path().resolve("train.log"));
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "pt");
    metadata.put("model", setup.model().name());
    metadata.put("workers", Integer.toString(options.workers));
    directory.writeModel(setup.model(), parameters, metadata);

    Evaluation averaged;
    double distance;
    List<WorkerResult> workers = new ArrayList<>();
    try (Pass pass = setup.model().newPass(EVALUATION_BATCH)) {
      averaged = pass.evaluate(parameters, setup.evaluation());
      distance = observer.consensusDistance(READ_TIMEOUT_NS);
      for (int rank = 0; rank < options.workers; rank++) {
        double accuracy =
            observer.copyReplica(rank, parameters, READ_TIMEOUT_NS)
                ? pass.evaluate(parameters, setup.evaluation()).accuracy()
                : Double.NaN;
        workers.add(WorkerResult.of(job, rank, accuracy));
      }
    }
    job.account();
    RunResult result =
        new RunResult(
            options.algorithm,
            averaged,
            RunMonitor.meanLoss(job.board()),
            workers,
            seconds(workers),
            distance,
            stop.isRequested(),
            job.incidents(),
            job.lostRanks(),
            job.restarts(),
            directory.path());
    directory.write(RunDirectory.RESULT, result.toJson());
    directory.write(RunStat.FILE, RunStat.of(job.board(), false).toJson());
    directory.log(RunReport.of(result));
    tellRefused(result, directory);
    directory.complaint().ifPresent(terminal.err()::println);
    return result;
  }

  /** Between hosts it takes a moment until every replica can be read. */
  private static void attachAll(JobObserver observer) throws InterruptedException {
    long deadlineNs = System.nanoTime() + READ_TIMEOUT_NS;
    while (!observer.refresh() && System.nanoTime() - deadlineNs < 0) {
      Thread.sleep(ATTACH_POLL_MS);
    }
  }

  private static double seconds(List<WorkerResult> workers) {
    List<WorkerResult> begun = workers.stream().filter(w -> w.beginNs() != 0).toList();
    long beginNs = begun.stream().mapToLong(WorkerResult::beginNs).min().orElse(0);
    long endNs = begun.stream().mapToLong(WorkerResult::endNs).max().orElse(0);
    return (endNs - beginNs) / 1e9;
  }

  private void tellRefused(RunResult result, RunDirectory directory) {
    for (int rank = 0; rank < result.workers().size(); rank++) {
      WorkerResult worker = result.workers().get(rank);
      if (worker.refused() > 0) {
        String line =
            ("rank %d handed in %d gradients that were not finite and were refused, the last one as"
                    + " submission %d, first bad index %d: lower --lr")
                .formatted(
                    rank,
                    worker.refused(),
                    worker.lastRefusedSubmission(),
                    worker.lastRefusedIndex());
        terminal.err().println(line);
        directory.log(line);
      }
    }
  }

  /**
   * Fails when the run diverged; to be called after the result was shown.
   *
   * @param result the result
   * @throws StarlingException when the averaged model is not finite
   */
  static void requireFinite(RunResult result) {
    if (!result.isFinite()) {
      throw new StarlingException(
          "training diverged: the averaged model in "
              + result.outDirectory()
              + " is not finite; lower --lr or lengthen --warmup");
    }
  }
}

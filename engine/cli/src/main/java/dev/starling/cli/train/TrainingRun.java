package dev.starling.cli.train;

import dev.starling.cli.Terminal;
import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.topology.Topology;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.models.Evaluation;
import dev.starling.models.Pass;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One training run from its options to its saved result. Belongs to the thread that executes it.
 */
final class TrainingRun {
  private static final int EVALUATION_BATCH = 64;

  private final TrainOptions options;
  private final String command;
  private final Terminal terminal;
  private final StopSignal stop;

  private final List<WorkerLoop> loops = new ArrayList<>();

  /**
   * Creates a run.
   *
   * @param options what it is made of
   * @param command the name of the command, for the run directory and the display
   * @param terminal where progress goes
   * @param stop ends it early
   */
  TrainingRun(TrainOptions options, String command, Terminal terminal, StopSignal stop) {
    this.options = options;
    this.command = command;
    this.terminal = terminal;
    this.stop = stop;
  }

  /**
   * Trains, evaluates and saves.
   *
   * @return the result, which lies in the run directory too
   * @throws Exception what failed; shared memory has been given back
   */
  RunResult execute() throws Exception {
    options.check();
    RunSetup setup = RunSetup.of(options);
    MemoryNeed.of(options, setup).requireAvailable();
    WorkBudget budget = budget(setup);
    JobContext context = context(setup, budget);
    try (PrivateMemory memory =
        PrivateMemory.allocate(
            "the averaged model", setup.model().parameterCount() * Float.BYTES)) {
      MemorySegment parameters = memory.segment();
      setup.model().initialise(parameters, new SplittableRandom(options.seed));
      PassWarmUp.run(options, setup, parameters, stop);
      try (LocalJob job = LocalJob.launch(context, parameters);
          RunDirectory directory = RunDirectory.create(options.out, command)) {
        directory.write("config.json", RunFacts.of(command, options, setup, context));
        train(job, setup, budget, parameters, directory);
        return finish(job, setup, parameters, directory);
      }
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
  }

  private WorkBudget budget(RunSetup setup) {
    return options.steps != null
        ? WorkBudget.ofSteps(Math.multiplyExact(options.steps, (long) options.workers))
        : WorkBudget.ofSamples(
            Math.max(1, Math.round(options.epochsOrDefault() * setup.train().count())));
  }

  private JobContext context(RunSetup setup, WorkBudget budget) {
    float momentum = options.optimizer.equals(TrainOptions.SGD) ? 0f : (float) options.momentum;
    float decay = (float) options.weightDecay;
    return new JobContext()
        .workers(options.workers)
        .parameterCount(setup.model().parameterCount())
        .stripeBytes(options.stripeBytes)
        .topology(Topology.Kind.parse(options.topology))
        .partner(PartnerPolicy.Kind.parse(options.partner))
        .optimizer(parameters -> new Sgd(momentum, decay, parameters))
        .schedule(schedule(setup, budget))
        .seed(options.seed)
        .directory(options.directory)
        .lockMemory(options.lockMemory);
  }

  private Schedule schedule(RunSetup setup, WorkBudget budget) {
    float rate = (float) options.learningRate;
    if (options.schedule.equals(TrainOptions.CONSTANT)) {
      return new Schedule.Constant(rate);
    }
    double steps = Math.max(1, budget.stepsPerWorker(options.batch, options.workers));
    double stepsPerEpoch = (double) setup.train().count() / options.batch / options.workers;
    double warmup = Math.min(options.warmupEpochs * stepsPerEpoch, steps / 2);
    Schedule cosine = new Schedule.Cosine(rate, Math.max(1, steps - warmup));
    return new Schedule.Warmup(warmup, cosine);
  }

  private void train(
      LocalJob job,
      RunSetup setup,
      WorkBudget budget,
      MemorySegment average,
      RunDirectory directory)
      throws Exception {
    directory.log(job.context().toString());
    for (int rank = 0; rank < options.workers; rank++) {
      loops.add(new WorkerLoop(options, setup.model(), setup.train(), budget, rank, stop));
    }
    ProgressDisplay display = ProgressDisplay.on(terminal, command, budget.total());
    try (RunMonitor monitor =
        new RunMonitor(job, loops, budget, setup, average, display, directory::log)) {
      monitor.start();
      job.run(worker -> loops.get(worker.rank()).run(worker));
    }
  }

  private RunResult finish(
      LocalJob job, RunSetup setup, MemorySegment parameters, RunDirectory directory)
      throws IOException {
    job.average(parameters);
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "pt");
    metadata.put("model", setup.model().name());
    metadata.put("workers", Integer.toString(options.workers));
    directory.writeModel(setup.model(), parameters, metadata);

    Pass pass = setup.model().newPass(EVALUATION_BATCH);
    Evaluation averaged = pass.evaluate(parameters, setup.evaluation());
    int stripes = job.context().layout().stripes();
    List<WorkerResult> workers = new ArrayList<>();
    for (int rank = 0; rank < options.workers; rank++) {
      job.copyReplica(rank, parameters);
      double accuracy = pass.evaluate(parameters, setup.evaluation()).accuracy();
      workers.add(WorkerResult.of(job.worker(rank), loops.get(rank), stripes, accuracy));
    }
    RunResult result =
        new RunResult(
            averaged,
            RunMonitor.meanLoss(loops),
            workers,
            seconds(),
            job.consensusDistance(),
            stop.isRequested(),
            directory.path());
    directory.write("result.json", result.toJson());
    directory.log(RunReport.of(result));
    tellRefused(result, directory);
    return result;
  }

  private double seconds() {
    long beginNs = loops.getFirst().startNs();
    long endNs = loops.getFirst().endNs();
    for (WorkerLoop loop : loops) {
      beginNs = loop.startNs() - beginNs < 0 ? loop.startNs() : beginNs;
      endNs = loop.endNs() - endNs > 0 ? loop.endNs() : endNs;
    }
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

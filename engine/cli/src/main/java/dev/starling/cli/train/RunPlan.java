package dev.starling.cli.train;

import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Nesterov;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.topology.Topology;
import dev.starling.engine.worker.Algorithm;
import dev.starling.engine.worker.CpuSet;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LateGradients;
import dev.starling.engine.worker.OptimizerFactory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;

/**
 * What follows from the options of a run: data, model, length, the engine's options. Every process
 * of a run makes the same plan from the same command line.
 *
 * @param options the options, checked
 * @param setup data and model
 * @param budget the work
 * @param device what computes, in this process
 */
record RunPlan(TrainOptions options, RunSetup setup, WorkBudget budget, ComputeDevice device) {
  /**
   * Makes the plan.
   *
   * @param options the options; checked here
   * @return the plan of a process that computes nothing itself
   * @throws IOException when the data cannot be read
   */
  static RunPlan of(TrainOptions options) throws IOException {
    options.check();
    RunSetup setup = RunSetup.of(options);
    WorkBudget budget =
        options.steps != null
            ? WorkBudget.ofSteps(Math.multiplyExact(options.steps, (long) options.workers))
            : WorkBudget.ofSamples(
                Math.max(1, Math.round(options.epochsOrDefault() * setup.train().count())));
    if (Algorithm.parse(options.algorithm).isSynchronous()) {
      budget = budget.inWholeRounds(options.batch, options.workers);
    }
    return new RunPlan(options, setup, budget, ComputeDevice.ofOtherProcesses(options));
  }

  /**
   * Chooses what this process computes on.
   *
   * @param localRank the rank of a worker among those of this host
   * @return the plan of a process with workers
   */
  RunPlan computingHere(IntUnaryOperator localRank) {
    return new RunPlan(options, setup, budget, ComputeDevice.choose(options, localRank));
  }

  /** {@return steps that each worker does where the workers have rounds; otherwise no limit} */
  long roundsPerWorker() {
    return Algorithm.parse(options.algorithm).isSynchronous()
        ? Math.round(budget.stepsPerWorker(options.batch, options.workers))
        : Long.MAX_VALUE;
  }

  /** {@return parameters of the model} */
  long parameterCount() {
    return setup.model().parameterCount();
  }

  /**
   * Writes the model that every worker starts from.
   *
   * @param parameters memory for it
   */
  void initialise(MemorySegment parameters) {
    setup.model().initialise(parameters, new SplittableRandom(options.seed));
  }

  /** {@return the engine's options, new on every call} */
  JobContext context() {
    JobContext context =
        new JobContext()
            .workers(options.workers)
            .parameterCount(parameterCount())
            .algorithm(Algorithm.parse(options.algorithm))
            .stripeBytes(options.stripeBytes)
            .stripesInFlight(options.stripesInFlight)
            .topology(Topology.parse(options.topology, options.workers, options.seed))
            .partner(PartnerPolicy.Kind.parse(options.partner))
            .optimizer(optimizer())
            .schedule(schedule())
            .seed(options.seed)
            .directory(options.directory)
            .lockMemory(options.lockMemory)
            .link(options.link.pace());
    if (options.maxStaleness > 0) {
      context.maxStaleness(options.maxStaleness, LateGradients.parse(options.late));
    }
    CpuSet cpus = CpuSet.parse(options.agentCpus);
    return context
        .agentCpus(cpus::share)
        .kernels(device.kernels())
        .maxGradientNorm(options.clipNorm)
        .holdLimitNs((long) (options.holdLimitMs * 1e6));
  }

  private OptimizerFactory optimizer() {
    float decay = (float) options.weightDecay();
    float momentum = (float) options.momentum;
    return switch (options.optimizer) {
      case TrainOptions.SGD -> parameters -> new Sgd(0, decay, parameters);
      case TrainOptions.NESTEROV -> parameters -> new Nesterov(momentum, decay, parameters);
      case TrainOptions.ADAMW -> parameters -> new AdamW(decay, parameters);
      default -> parameters -> new Sgd(momentum, decay, parameters);
    };
  }

  /** {@return the learning rate of each worker's steps} */
  Schedule schedule() {
    float rate = (float) options.learningRate();
    double steps = Math.max(1, budget.stepsPerWorker(options.batch, options.workers));
    double stepsPerEpoch = (double) setup.train().count() / options.batch / options.workers;
    double warmup = Math.min(options.warmupEpochs * stepsPerEpoch, steps / 2);
    double after = Math.max(1, steps - warmup);
    Schedule then =
        switch (options.schedule) {
          case TrainOptions.CONSTANT -> new Schedule.Constant(rate);
          case TrainOptions.LINEAR -> new Schedule.Linear(rate, after);
          case TrainOptions.STEP ->
              new Schedule.Step(
                  rate, Math.max(1, options.drop[0] * stepsPerEpoch), options.drop[1]);
          default -> new Schedule.Cosine(rate, after);
        };
    return new Schedule.Warmup(warmup, then);
  }
}

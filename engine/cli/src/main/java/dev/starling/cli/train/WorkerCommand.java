package dev.starling.cli.train;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.checkpoint.WorkerCheckpoints;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.KernelsChoice;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.worker.JoinedWorker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One worker of a run with {@code --processes}; its supervisor starts it. */
@Command(
    name = WorkerCommand.NAME,
    hidden = true,
    header = "One worker of 'starling train --processes'; not to be started by hand.")
public final class WorkerCommand extends StarlingCommand {
  /** The command's name. */
  public static final String NAME = "worker";

  private static final long SIGNAL_GRACE_NS = TimeUnit.SECONDS.toNanos(1);

  @Mixin private TrainOptions options = new TrainOptions();

  @Option(names = "--board", required = true, description = "The job's board.")
  private Path board;

  @Option(names = "--as-rank", required = true, description = "The rank of this worker.")
  private int rank;

  @Option(
      names = "--incarnation",
      required = true,
      description = "How many times the rank was started before.")
  private int incarnation;

  @Option(
      names = "--first-incarnation",
      description = "The incarnation of the workers that begin with the job.")
  private int firstIncarnation;

  @Option(names = "--run", required = true, description = "The run directory.")
  private Path run;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public WorkerCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() throws Exception {
    // The supervisor tells people; this process only ends in good order.
    try (StopSignal stop = StopSignal.silent();
        JobBoard opened = JobBoard.open(new ShmFabric(options.directory), board)) {
      RunPlan plan = RunPlan.of(options).computingHere(any -> rank);
      tellDevice(plan.device());
      try (PrivateMemory initial =
          PrivateMemory.allocate("the initial model", plan.parameterCount() * Float.BYTES)) {
        MemorySegment parameters = initial.segment();
        plan.initialise(parameters);
        PassWarmUp.run(plan, rank, parameters, stop);
        work(plan, opened, parameters, stop);
      }
    }
  }

  /** Where every worker computes on the CPU, one tells. */
  private void tellDevice(ComputeDevice device) {
    if (rank == 0 || !device.name().equals(KernelsChoice.CPU)) {
      terminal().err().println(device.reason());
    }
  }

  private void work(RunPlan plan, JobBoard opened, MemorySegment parameters, StopSignal stop) {
    try (Recording recording =
            Recording.ofWorker(plan, run, firstIncarnation, terminal().err()::println);
        JoinedWorker joined =
            JoinedWorker.join(
                recording.record(plan.context()), opened, rank, incarnation, parameters)) {
      WorkerCheckpoints checkpoints = recording.checkpoints(opened, List.of(joined.worker()));
      try {
        train(plan, opened, joined, stop);
      } finally {
        checkpoints.close();
      }
    }
  }

  private void train(RunPlan plan, JobBoard opened, JoinedWorker joined, StopSignal stop) {
    BooleanSupplier ended = () -> stop.isRequested() || joined.isStopRequested();
    // A signal to the whole job reaches the supervisor too, which first reads the model. One to
    // this process alone does not keep it.
    BooleanSupplier leaves =
        () ->
            stop.isRequested()
                && System.nanoTime() - stop.requestedNs() > SIGNAL_GRACE_NS
                && opened.phase().compareTo(JobBoard.Phase.STOPPING) < 0;
    if (joined.awaitStart(leaves)) {
      new WorkerLoop(plan, opened, rank, ended).run(joined.worker());
    }
    joined.finish(leaves);
  }
}

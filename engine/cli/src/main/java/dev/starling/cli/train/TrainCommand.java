package dev.starling.cli.train;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Trains a model with several workers, threads of this process or processes of their own. */
@Command(
    name = "train",
    header = "Train a model with several asynchronous workers, as threads or as processes.",
    description = {
      "",
      "Every worker computes gradients on its own replica and averages it with one neighbour at a"
          + " time, without waiting for anyone. Accuracy is that of the average of all replicas.",
      ""
    },
    footer = {
      "",
      "Ctrl-C ends a run cleanly: the averaged model and the result are saved.",
      "",
      "Examples:",
      "  starling train --data mnist --model mlp:256,128 --workers 4 --epochs 15",
      "  starling train --model softmax --workers 8 --compute-ms 20 --slow 0=100 --steps 300",
      "  starling train --data mnist --workers 4 --processes --restart 3",
      "  torchrun --no-python --nnodes 2 ... starling train --data mnist --fabric verbs"
    })
public final class TrainCommand extends StarlingCommand {
  @Mixin private TrainOptions options = new TrainOptions();
  @Spec private CommandSpec spec;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public TrainCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() throws Exception {
    StopSignal stop = new StopSignal(terminal().err());
    afterwards(stop::close);
    Optional<LaunchEnvironment> place = options.launch.place(System.getenv());
    if (place.isPresent()) {
      takePlace(place.get());
    }
    ResumedOptions resumed = ResumedOptions.of(options, arguments());
    Optional<RunResult> result =
        new TrainingRun(resumed.options(), "train", terminal(), stop, resumed.arguments(), place)
            .execute();
    if (result.isPresent()) {
      answer(result.get().toJson(), RunReport.of(result.get()));
      TrainingRun.requireFinite(result.get());
    } else {
      answer(Map.of("rank", place.orElseThrow().rank()), "");
    }
  }

  /** The job's size is told by whoever launched it, and each rank is one process already. */
  private void takePlace(LaunchEnvironment place) {
    boolean counted = spec.commandLine().getParseResult().hasMatchedOption("--workers");
    if (counted && options.workers != place.worldSize()) {
      throw new ConfigurationException(
          "--workers=%d contradicts the %d ranks of %s: leave --workers out"
              .formatted(options.workers, place.worldSize(), place.source()));
    }
    if (options.processes || options.record.isUsed()) {
      throw new ConfigurationException(
          "%s started this rank by itself: --processes, --log, --checkpoint-every and --resume are"
                  .formatted(place.source())
              + " for jobs of one host that this command starts, leave them out");
    }
    options.link.requireNone(place.source() + " started this rank by itself");
    options.workers = place.worldSize();
  }

  private List<String> arguments() {
    List<String> all = spec.commandLine().getParent().getParseResult().originalArgs();
    return all.subList(all.indexOf(spec.name()) + 1, all.size());
  }
}

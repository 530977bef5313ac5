package dev.starling.cli.train;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import java.util.List;
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
      "  starling train --data mnist --workers 4 --processes --restart 3"
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
    ResumedOptions resumed = ResumedOptions.of(options, arguments());
    RunResult result =
        new TrainingRun(resumed.options(), "train", terminal(), stop, resumed.arguments())
            .execute();
    answer(result.toJson(), RunReport.of(result));
    TrainingRun.requireFinite(result);
  }

  private List<String> arguments() {
    List<String> all = spec.commandLine().getParent().getParseResult().originalArgs();
    return all.subList(all.indexOf(spec.name()) + 1, all.size());
  }
}

package dev.starling.cli.train;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows the engine at work: no arguments, no download, a few tens of seconds. */
@Command(
    name = "demo",
    header = "Train four workers on generated digits for a few tens of seconds.",
    description = {
      "",
      "Draws digit-like images, trains a multi-layer perceptron with the defaults of 'starling"
          + " train', and ends with a table. Needs no arguments and no network.",
      ""
    },
    footer = {"", "Ctrl-C ends it cleanly: the averaged model and the result are saved."})
public final class DemoCommand extends StarlingCommand {
  private static final int SAMPLES = 20_000;

  @Option(
      names = "--epochs",
      paramLabel = "E",
      description =
          "Length of the run: E times the size of the training set, in samples drawn by all workers"
              + " together. Default: ${DEFAULT-VALUE}.")
  private double epochs = 20;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Run directory, missing or empty. Default: starling-runs/TIME-demo here, or under the"
              + " directory for temporary files when this one is not writable.")
  private Path out;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public DemoCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() throws Exception {
    TrainOptions options = new TrainOptions();
    options.generatedSamples = SAMPLES;
    options.epochs = epochs;
    options.out = out;
    terminal()
        .err()
        .println(
            "Four workers train "
                + options.model
                + " on generated digits; each averages its replica with one other at a time.");
    StopSignal stop = new StopSignal(terminal().err());
    afterwards(stop::close);
    RunResult result = new TrainingRun(options, "demo", terminal(), stop, List.of()).execute();
    answer(result.toJson(), RunReport.of(result));
    TrainingRun.requireFinite(result);
  }
}

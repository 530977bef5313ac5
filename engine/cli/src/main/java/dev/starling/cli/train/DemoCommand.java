package dev.starling.cli.train;

import dev.starling.chronicle.RecordedRun;
import dev.starling.chronicle.RunVerifier;
import dev.starling.chronicle.VerifyReport;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.replay.ReplayProgress;
import dev.starling.cli.replay.VerifyCommand;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows the engine at work: no arguments, no download, a few tens of seconds. */
@Command(
    name = "demo",
    header = "Train four workers on generated digits for some seconds, and prove the run.",
    description = {
      "",
      "Draws digit-like images, trains a small multi-layer perceptron with the defaults of"
          + " 'starling train', prints a table, then replays the log of every update and compares"
          + " the result with the saved replicas, bit for bit. Needs no arguments and no network,"
          + " and a few hundred megabytes of disk for the log.",
      ""
    },
    footer = {"", "Ctrl-C ends it cleanly: the averaged model and the result are saved."})
public final class DemoCommand extends StarlingCommand {
  private static final int SAMPLES = 10_000;

  /** Small enough that a log of every update is a few hundred megabytes. */
  private static final String MODEL = "mlp:32";

  @Option(
      names = "--epochs",
      paramLabel = "E",
      description =
          "Length of the run: E times the size of the training set, in samples drawn by all workers"
              + " together. Default: ${DEFAULT-VALUE}.")
  private double epochs = 12;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Run directory, missing or empty. Default: starling-runs/TIME-demo here, or under the"
              + " directory for temporary files when this one is not writable.")
  private Path out;

  private final PageMaker pages;

  /** Makes a page that shows a run. */
  @FunctionalInterface
  public interface PageMaker {
    /**
     * Writes the page.
     *
     * @param directory the run directory
     * @return the file
     * @throws IOException when that is impossible
     */
    Path write(Path directory) throws IOException;
  }

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   * @param pages makes the page at the end
   */
  public DemoCommand(Terminal terminal, PageMaker pages) {
    super(terminal);
    this.pages = pages;
  }

  @Override
  protected void execute() throws Exception {
    TrainOptions options = new TrainOptions();
    options.generatedSamples = SAMPLES;
    options.epochs = epochs;
    options.out = out;
    options.model = MODEL;
    options.record.log = "bf16";
    options.record.checkpointEvery = "2s";
    terminal()
        .err()
        .println(
            "Four workers train "
                + options.model
                + " on generated digits; each averages its replica with one other at a time.");
    StopSignal stop = new StopSignal(terminal().err());
    afterwards(stop::close);
    RunResult result =
        new TrainingRun(options, "demo", terminal(), stop, List.of(), Optional.empty())
            .execute()
            .orElseThrow();
    VerifyReport proof = verify(result.outDirectory());
    Map<String, Object> json = result.toJson();
    json.put("verify", VerifyCommand.toJson(proof));
    String page = page(result.outDirectory());
    json.put("report", page);
    answer(
        json,
        RunReport.of(result)
            + VerifyCommand.text(proof)
            + (page == null ? "" : "the run as a page for any browser: " + page + "\n"));
    TrainingRun.requireFinite(result);
    if (!proof.ok()) {
      throw new StarlingException(
          "the demo's log is not proven: " + proof.differences().getFirst());
    }
  }

  /** A page that cannot be written is told of and takes nothing from the run. */
  private String page(Path directory) {
    try {
      return pages.write(directory).toString();
    } catch (IOException failure) {
      terminal()
          .err()
          .println(
              "writing the page of %s failed (%s): make room, then 'starling report %s'"
                  .formatted(directory, failure.getMessage(), directory));
      return null;
    }
  }

  private VerifyReport verify(Path directory) {
    try (RecordedRun run = RecordedRun.open(directory);
        ReplayProgress progress = ReplayProgress.of(terminal(), "verify", run)) {
      return RunVerifier.verify(run, progress);
    }
  }
}

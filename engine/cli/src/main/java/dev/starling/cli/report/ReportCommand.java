package dev.starling.cli.report;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes one HTML file that shows a run. */
@Command(
    name = "report",
    header = "Write one HTML file that shows a run: curves, throughput, staleness, exchanges.",
    description = {
      "",
      "The file has everything in it, opens in any browser without a network, and runs no scripts."
          + " The run may go on, have ended or have died; what it did not record is named, with the"
          + " option that records it.",
      ""
    },
    footer = {"", "A run with --log none or more has a time line of its exchanges."})
public final class ReportCommand extends StarlingCommand {
  @Parameters(
      paramLabel = "DIR",
      description = "The run directory; of ranks launched one by one, the --out that they share.")
  private Path directory;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The file to write; one that exists is replaced. Default: DIR/report.html.")
  private Path out;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public ReportCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() throws Exception {
    RunFiles run = RunFiles.of(directory);
    Path file = out == null ? directory.resolve(RunPage.FILE) : out;
    RunPage.of(run).write(file);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("report", file.toString());
    json.put("bytes", Files.size(file));
    json.put("state", run.isFinished() ? "finished" : run.isRunning() ? "running" : "dead");
    json.put("workers", run.workers());
    answer(json, file + "\n");
  }
}

package dev.starling.cli.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the counters of a run that goes on, has finished, or died. */
@Command(
    name = "stat",
    header = "Show the live counters of a run: running, finished or dead.",
    description = {
      "",
      "Reads the mapped files of the run's workers, which costs the run nothing; for a run that has"
          + " ended, what it saved in its directory. On a terminal the table is shown again every"
          + " second until the run ends.",
      ""
    },
    footer = {
      "",
      "straggler: the median rate of all workers over that of this one; 2 is half as fast.",
      "stale: versions published between reading the model and applying the gradient."
    })
public final class StatCommand extends StarlingCommand {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CLEAR = "\033[H\033[2J";

  @Parameters(paramLabel = "DIR", description = "The run directory.")
  private Path directory;

  @Option(names = "--once", description = "Show the counters once, also on a terminal.")
  private boolean once;

  @Option(
      names = "--interval",
      paramLabel = "S",
      description = "Seconds between two looks, 0.1 to 3600. Default: ${DEFAULT-VALUE}.")
  private double intervalSeconds = 1;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public StatCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() throws Exception {
    ConfigurationException.requireRange("--interval", intervalSeconds, 0.1, 3600);
    Path config = directory.resolve("config.json");
    if (!Files.isRegularFile(config)) {
      throw new ConfigurationException(
          directory + " is no run directory: it has no config.json; give the --out of a run");
    }
    LiveStat live = LiveStat.of(directory);
    boolean refresh = terminal().interactive() && !once && !json();
    while (true) {
      Map<String, Object> stat = live.look();
      String report = StatReport.of(directory, MAPPER.valueToTree(stat));
      if (!refresh || !stat.get("state").equals(RunStat.RUNNING)) {
        answer(stat, report);
        return;
      }
      terminal().out().print(CLEAR + report);
      terminal().out().flush();
      TimeUnit.NANOSECONDS.sleep((long) (intervalSeconds * 1e9));
    }
  }
}

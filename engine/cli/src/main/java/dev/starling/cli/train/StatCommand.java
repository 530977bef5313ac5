package dev.starling.cli.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import java.io.IOException;
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
    JsonNode board = MAPPER.readTree(config.toFile()).path("board");
    boolean refresh = terminal().interactive() && !once && !json();
    while (true) {
      Map<String, Object> stat = look(board.asText());
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

  /** The mapped files where they exist, otherwise what the run saved. */
  @SuppressWarnings("unchecked") // an object of JSON
  private Map<String, Object> look(String boardPath) throws IOException {
    Path saved = directory.resolve(RunStat.FILE);
    Path path = Path.of(boardPath);
    if (!boardPath.isEmpty() && Files.exists(path)) {
      try (JobBoard board = JobBoard.open(new ShmFabric(path.getParent()), path)) {
        String state = board.isCoordinatorAlive() ? RunStat.RUNNING : RunStat.DEAD;
        return RunStat.of(board, state).toJson();
      } catch (StarlingException endedMeanwhile) {
        if (Files.exists(path)) {
          throw endedMeanwhile;
        }
      }
    }
    if (!Files.isRegularFile(saved)) {
      throw new StarlingException(
          "the run in "
              + directory
              + " has neither mapped files nor saved counters: it died in its first seconds, look"
              + " at its train.log");
    }
    Map<String, Object> stat = MAPPER.readValue(saved.toFile(), Map.class);
    if (stat.get("state").equals(RunStat.RUNNING)) {
      stat.put("state", RunStat.DEAD);
    }
    return stat;
  }
}

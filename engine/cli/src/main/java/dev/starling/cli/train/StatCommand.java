package dev.starling.cli.train;

import com.fasterxml.jackson.core.JsonProcessingException;
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
import java.util.List;
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
  private static final long FRESH_MS = 10_000;
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
    JsonNode board = read(config, JsonNode.class).path("board");
    boolean refresh = terminal().interactive() && !once && !json();
    while (true) {
      Map<String, Object> stat = look(board.isTextual() ? board.asText() : "");
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
  private Map<String, Object> look(String boardPath) throws IOException {
    Path path = Path.of(boardPath);
    if (path.getParent() != null && Files.exists(path)) {
      try (JobBoard board = JobBoard.open(new ShmFabric(path.getParent()), path)) {
        Map<String, Object> stat = RunStat.of(board, RunStat.RUNNING).toJson();
        if (board.isCoordinatorAlive()) {
          return stat;
        }
        // The run may have ended in good order since its board was opened: it had saved that first.
        Map<String, Object> saved = Files.exists(saved()) ? saved(saved()) : Map.of();
        if (RunStat.FINISHED.equals(saved.get("state"))) {
          return saved;
        }
        stat.put("state", RunStat.DEAD);
        return stat;
      } catch (StarlingException endedMeanwhile) {
        if (Files.exists(path)) {
          throw endedMeanwhile;
        }
      }
    }
    if (!Files.isRegularFile(saved())) {
      throw new StarlingException(
          "the run in "
              + directory
              + " has neither mapped files nor saved counters: it died in its first seconds, look"
              + " at its train.log");
    }
    Map<String, Object> stat = saved(saved());
    boolean fresh = boardPath.isEmpty() && isFresh(saved());
    if (stat.get("state").equals(RunStat.RUNNING) && !fresh) {
      stat.put("state", RunStat.DEAD);
    }
    return stat;
  }

  /** A rank of several hosts has no board that others can look at, but saves what it knows. */
  private static boolean isFresh(Path file) throws IOException {
    return System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis() < FRESH_MS;
  }

  private Path saved() {
    return directory.resolve(RunStat.FILE);
  }

  @SuppressWarnings("unchecked") // an object of JSON
  private static Map<String, Object> saved(Path file) throws IOException {
    Map<String, Object> stat = read(file, Map.class);
    if (!(stat.get("state") instanceof String) || !(stat.get("ranks") instanceof List)) {
      throw new StarlingException(
          file + " holds no counters of a run: something other than starling wrote it");
    }
    return stat;
  }

  private static <T> T read(Path file, Class<T> type) throws IOException {
    try {
      return MAPPER.readValue(file.toFile(), type);
    } catch (JsonProcessingException failure) {
      throw new StarlingException(
          "%s is not what a run writes (%s): something other than starling wrote it"
              .formatted(file, failure.getOriginalMessage()),
          failure);
    }
  }
}

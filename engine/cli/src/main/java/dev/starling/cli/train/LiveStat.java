package dev.starling.cli.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The counters of a run that goes on, has finished, or died: from the mapped files of its workers
 * where there are any, which costs the run nothing; otherwise what it saved. Belongs to one thread.
 */
public final class LiveStat {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long FRESH_MS = 10_000;

  private final Path directory;
  private final String board;

  private LiveStat(Path directory, String board) {
    this.directory = directory;
    this.board = board;
  }

  /**
   * Finds out where a run's counters are.
   *
   * @param directory the run directory, with a config.json
   * @return a look at them
   * @throws IOException when config.json cannot be read
   */
  public static LiveStat of(Path directory) throws IOException {
    JsonNode board = read(directory.resolve(RunDirectory.CONFIG), JsonNode.class).path("board");
    return new LiveStat(directory, board.isTextual() ? board.asText() : "");
  }

  /**
   * Reads the counters.
   *
   * @return the keys of {@code starling stat --json}; "state" is running, finished or dead
   * @throws IOException when what was saved cannot be read
   * @throws StarlingException when nothing is there, or not what a run writes
   */
  public Map<String, Object> look() throws IOException {
    Path path = Path.of(board);
    if (path.getParent() != null && Files.exists(path)) {
      try (JobBoard open = JobBoard.open(new ShmFabric(path.getParent()), path)) {
        Map<String, Object> stat = RunStat.of(open, RunStat.RUNNING).toJson();
        if (open.isCoordinatorAlive()) {
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
    boolean fresh = board.isEmpty() && isFresh(saved());
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

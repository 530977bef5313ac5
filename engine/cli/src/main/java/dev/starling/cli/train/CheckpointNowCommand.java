package dev.starling.cli.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks a running job for a checkpoint set and waits until it is complete. */
@Command(
    name = "now",
    header = "Ask a running job for a checkpoint set, and wait for it.",
    description = {
      "",
      "Training goes on meanwhile. A set that is given up, because a rank was lost while it was"
          + " made, is asked for again until the time is up.",
      ""
    })
public final class CheckpointNowCommand extends StarlingCommand {
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(10);

  @Parameters(paramLabel = "DIR", description = "The directory of a run that goes on.")
  private Path directory;

  @Option(
      names = "--timeout",
      paramLabel = "S",
      description = "How long to wait, in seconds. Default: ${DEFAULT-VALUE}.")
  private double timeoutSeconds = 60;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public CheckpointNowCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() throws Exception {
    RunDirectory.requireRun(directory);
    Path boardPath = board();
    if (!Files.exists(boardPath)) {
      throw notRunning();
    }
    try (JobBoard board = JobBoard.open(new ShmFabric(boardPath.getParent()), boardPath)) {
      long set = await(board);
      Path path = CheckpointSets.of(directory).directory(set);
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("set", set);
      json.put("directory", path.toString());
      answer(json, "checkpoint set %d is complete, in %s%n".formatted(set, path));
    }
  }

  private long await(JobBoard board) {
    long before = board.cutComplete();
    long beginNs = System.nanoTime();
    long askAtNs = beginNs;
    while (board.cutComplete() <= before) {
      long nowNs = System.nanoTime();
      if (nowNs - askAtNs >= 0) {
        board.askForCut();
        askAtNs = nowNs + AGAIN_NS;
      }
      if (!board.isCoordinatorAlive() || board.phase() == JobBoard.Phase.RELEASED) {
        throw notRunning();
      }
      if (nowNs - beginNs > timeoutSeconds * 1e9) {
        throw new StarlingException(
            "the run in "
                + directory
                + " made no checkpoint set within "
                + timeoutSeconds
                + " s: look at its train.log");
      }
      LockSupport.parkNanos(POLL_NS);
    }
    return board.cutComplete();
  }

  private Path board() throws IOException {
    JsonNode config = new ObjectMapper().readTree(directory.resolve(RunDirectory.CONFIG).toFile());
    return Path.of(config.path("board").asText());
  }

  private StarlingException notRunning() {
    return new StarlingException(
        "the run in " + directory + " does not go on any more: only a running one can save itself");
  }
}

package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Workers killed at any moment, restarted, and the log of it all verified (P5). {@code
 * -Dstarling.killsoak=N} kills N times, 20 by default; {@code -Dstarling.killsoak.seed=S} chooses
 * the moments.
 */
@Timeout(value = 3600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KillSoakTest {
  private static final int KILLS = Integer.getInteger("starling.killsoak", 20);
  private static final long SEED =
      Long.getLong("starling.killsoak.seed", ThreadLocalRandom.current().nextLong());
  private static final int KILLS_PER_RUN = 10;
  private static final String[] OPTIMIZERS = {"momentum", "adamw", "sgd", "nesterov"};
  private static final long LIMIT_S = 120;

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private final SplittableRandom random = new SplittableRandom(SEED);

  private Process start(int number) throws Exception {
    List<String> command =
        CommandRun.command(
            List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            shared.train(
                "--workers",
                Integer.toString(2 + number % 3),
                "--model",
                "mlp:16",
                "--steps",
                "1000000",
                "--compute-ms",
                "2",
                "--optimizer",
                OPTIMIZERS[number % OPTIMIZERS.length],
                "--log",
                number % 2 == 0 ? "f32" : "bf16",
                "--stripe-bytes",
                number % 3 == 0 ? "16384" : "67108864",
                "--log-segment",
                "4m",
                "--checkpoint-every",
                "700ms",
                "--restart",
                "1000"));
    command.addAll(List.of("--processes", "--json"));
    Path out = shared.run("run" + number);
    command.set(command.indexOf(shared.run("run").toString()), out.toString());
    return new ProcessBuilder(command)
        .redirectOutput(shared.run("out").toFile())
        .redirectError(shared.run("err").toFile())
        .start();
  }

  private Path board(Path run) throws Exception {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!Files.exists(run.resolve("config.json")) && System.nanoTime() - deadlineNs < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    return Path.of(
        CommandRun.parse(Files.readString(run.resolve("config.json"))).get("board").asText());
  }

  /** Waits for some steps, or for a moment that may lie before the first of them. */
  private void awaitMoment(JobBoard board) {
    double steps = board.meanSteps() + random.nextInt(200);
    long limitMs = random.nextBoolean() ? 10_000 : random.nextInt(1_500);
    long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
    while (board.meanSteps() < steps && System.nanoTime() - untilNs < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    LockSupport.parkNanos(random.nextLong(TimeUnit.MILLISECONDS.toNanos(5)));
  }

  private int killSome(Process run, Path directory, int kills) throws Exception {
    int killed = 0;
    Path path = board(directory);
    try (JobBoard board = JobBoard.open(new ShmFabric(path.getParent()), path)) {
      while (killed < kills) {
        awaitMoment(board);
        List<ProcessHandle> children = run.children().toList();
        assertTrue(run.isAlive(), () -> "the run ended: " + err());
        // One is left alone: a run whose every worker is lost at once ends.
        if (children.size() > 1) {
          children.get(random.nextInt(children.size())).destroyForcibly();
          killed++;
        }
      }
      awaitMoment(board);
    }
    return killed;
  }

  private String err() {
    try {
      return Files.readString(shared.run("err"));
    } catch (java.io.IOException unreadable) {
      return unreadable.toString();
    }
  }

  @Test
  void shouldVerifyEveryLogWhenWorkersAreKilledAtAnyMoment_P5() throws Exception {
    System.out.println("kill soak: " + KILLS + " kills, seed " + SEED);
    int killed = 0;
    long records = 0;
    long tails = 0;
    long settled = 0;
    long sets = 0;
    for (int number = 0; killed < KILLS; number++) {
      Path directory = shared.run("run" + number);
      Process run = start(number);
      try {
        killed += killSome(run, directory, Math.min(KILLS_PER_RUN, KILLS - killed));
        run.destroy();
        assertTrue(run.waitFor(LIMIT_S, TimeUnit.SECONDS), "still running; seed " + SEED);
      } finally {
        run.destroyForcibly();
      }
      assertEquals(143, run.exitValue(), () -> "seed " + SEED + ": " + err());
      assertEquals(
          List.of(),
          CommandRun.list(shared.directory()),
          () -> "left in shared memory; seed " + SEED + ": " + err());
      CommandRun verify = CommandRun.of("verify", directory.toString(), "--json");
      JsonNode report = CommandRun.parse(verify.out().lines().findFirst().orElse("{}"));
      assertTrue(
          report.path("ok").asBoolean(), () -> "seed " + SEED + ": " + report + verify.err());
      assertTrue(report.get("setsCompared").asLong() > 0, () -> "seed " + SEED + ": " + report);
      records += report.get("records").asLong();
      tails += report.get("unresolvedTail").size();
      settled += report.get("settled").size();
      sets += report.get("setsCompared").asLong();
    }
    System.out.printf(
        "kill soak: %d kills, %d records, %d checkpoint sets compared, %d logs cut off, %d open"
            + " ends settled by others, all bits as they were%n",
        killed, records, sets, tails, settled);
    assertTrue(tails > 0, "no log was cut off: nothing was tested");
  }
}

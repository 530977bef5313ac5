package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** The ranks of one job as processes that are started one by one, as torchrun does. */
public final class RankProcesses implements AutoCloseable {
  private static final long LIMIT_S = 90;
  private static final List<String> FLAGS =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  private final PrivateSharedMemory shared;
  private final int worldSize;
  private final int port;
  private final Map<Integer, Process> processes = new TreeMap<>();

  public RankProcesses(PrivateSharedMemory shared, int worldSize) throws IOException {
    this.shared = shared;
    this.worldSize = worldSize;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
  }

  /** Starts every rank with the same options. */
  public static RankProcesses start(PrivateSharedMemory shared, int worldSize, String... more)
      throws IOException {
    RankProcesses ranks = new RankProcesses(shared, worldSize);
    for (int rank = 0; rank < worldSize; rank++) {
      ranks.start(rank, Map.of(), more);
    }
    return ranks;
  }

  /** Starts one rank, or starts it again; what it writes replaces what its predecessor wrote. */
  public Process start(int rank, Map<String, String> environment, String... more)
      throws IOException {
    List<String> command = new ArrayList<>(CommandRun.command(FLAGS, shared.train(more)));
    command.add("--json");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(out(rank).toFile())
            .redirectError(shared.run("err-" + rank).toFile());
    builder.environment().put("RANK", Integer.toString(rank));
    builder.environment().put("WORLD_SIZE", Integer.toString(worldSize));
    builder.environment().put("MASTER_ADDR", "127.0.0.1");
    builder.environment().put("MASTER_PORT", Integer.toString(port));
    builder.environment().putAll(environment);
    processes.put(rank, builder.start());
    return processes.get(rank);
  }

  private Path out(int rank) {
    return shared.run("out-" + rank);
  }

  public String err(int rank) throws IOException {
    return Files.readString(shared.run("err-" + rank));
  }

  /** The directory of a rank. */
  public Path directory(String rank) {
    return shared.run("run").resolve(rank);
  }

  public Process process(int rank) {
    return processes.get(rank);
  }

  public void signal(String name, int... ranks) throws IOException, InterruptedException {
    for (int rank : ranks) {
      TrainingProcess.signal(name, process(rank).pid());
    }
  }

  /** Waits until a rank's stderr holds a text. */
  public void awaitTold(int rank, String part) throws IOException {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!err(rank).contains(part)) {
      assertTrue(
          process(rank).isAlive() && System.nanoTime() - deadlineNs < 0,
          () -> "\"" + part + "\" was not told by rank " + rank + ":\n" + all());
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** What a rank saved of the job's counters, once it fulfils a condition. */
  public JsonNode awaitStat(int rank, Predicate<JsonNode> condition) throws IOException {
    Path file = directory("rank-" + rank).resolve("stat.json");
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (System.nanoTime() - deadlineNs < 0 && process(rank).isAlive()) {
      if (Files.exists(file)) {
        JsonNode stat = CommandRun.parse(Files.readString(file));
        if (condition.test(stat)) {
          return stat;
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    throw new AssertionError("it never came to that:\n" + all());
  }

  /** Waits until every rank has done some steps, as a rank sees it. */
  public JsonNode awaitSteps(int rank, long steps) throws IOException {
    return awaitStat(
        rank,
        stat -> {
          for (JsonNode other : stat.get("ranks")) {
            if (other.get("steps").asLong() < steps) {
              return false;
            }
          }
          return true;
        });
  }

  /** The object that a rank ends with. */
  public JsonNode result(int rank, int exitCode) throws IOException, InterruptedException {
    assertTrue(
        process(rank).waitFor(LIMIT_S, TimeUnit.SECONDS),
        () -> "rank " + rank + " still runs:\n" + all());
    assertEquals(exitCode, process(rank).exitValue(), this::all);
    List<String> out = Files.readAllLines(out(rank));
    assertEquals(1, out.size(), this::all);
    return CommandRun.parse(out.getFirst());
  }

  /** Everything that was told, for messages. */
  public String all() {
    StringBuilder text = new StringBuilder();
    for (int rank : processes.keySet()) {
      try {
        text.append("-- rank ").append(rank).append('\n').append(err(rank));
        text.append(Files.readString(out(rank)));
      } catch (IOException unreadable) {
        text.append(unreadable);
      }
    }
    return text.toString();
  }

  @Override
  public void close() {
    processes.values().forEach(Process::destroyForcibly);
  }
}

package dev.starling.cli.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.engine.cluster.RankRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * One {@code starling train --processes} from its start to the look at what it left behind. Belongs
 * to the test's thread.
 */
final class ChaosRun implements AutoCloseable {
  private static final List<String> FLAGS =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  /** How long a run may take to begin, to end by itself or after a signal. */
  private static final long LIMIT_S = 90;

  /** How the report names what must not grow. */
  static final String MAPPED = "most regions mapped by one process";

  private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(2);

  private final Path regions;
  private final Path directory;
  private final Path work;
  private Process process;
  private WorkerProcesses workers;
  private ProgressWatch watch;

  /**
   * Prepares a run.
   *
   * @param regions where the regions lie; nothing else may
   * @param directory the run directory, that is not there yet
   * @param work an empty directory that its processes work in, for its output and what a dying
   *     virtual machine leaves
   */
  ChaosRun(Path regions, Path directory, Path work) {
    this.regions = regions;
    this.directory = directory;
    this.work = work;
  }

  /** Starts a run. */
  void start(int ranks, List<String> more) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                "--processes",
                "--json",
                "--workers",
                Integer.toString(ranks),
                "--directory",
                regions.toString(),
                "--out",
                directory.toString(),
                "--generated-samples",
                "400",
                "--steps",
                "1000000",
                "--compute-ms",
                Integer.toString(ChaosPlan.COMPUTE_MS),
                "--hold-limit-ms",
                Integer.toString(ChaosPlan.HOLD_LIMIT_MS),
                "--log-segment",
                "4m",
                "--checkpoint-every",
                "700ms"));
    arguments.addAll(more);
    launch(arguments);
  }

  /** Goes on with the run that ended, with the options that it was started with. */
  void resume(String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("train", "--json", "--resume", directory.toString()));
    arguments.addAll(List.of(more));
    launch(arguments);
  }

  private void launch(List<String> arguments) throws IOException {
    process =
        new ProcessBuilder(CommandRun.command(FLAGS, arguments.toArray(String[]::new)))
            .directory(work.toFile())
            .redirectOutput(work.resolve("out").toFile())
            .redirectError(work.resolve("err").toFile())
            .start();
    workers = new WorkerProcesses(process);
  }

  /** Watches the run from now on: its board is there, everybody has done a step. */
  void awaitTraining() throws Exception {
    await("its board", () -> board() != null && Files.exists(board()));
    closeWatch();
    watch = new ProgressWatch(board());
    awaitEverybody();
  }

  /**
   * Waits until every worker is there, has done another step, and its agent applied another one.
   */
  void awaitEverybody() {
    long[] steps = new long[watch.board().workers()];
    long[] rises = new long[steps.length];
    for (int rank = 0; rank < steps.length; rank++) {
      steps[rank] = watch.board().rank(rank).steps();
      rises[rank] = watch.rises(rank);
    }
    await("step of every worker", () -> haveDoneMore(steps));
    await("gradient applied by every agent", () -> haveAppliedMore(rises));
  }

  private boolean haveAppliedMore(long[] rises) {
    for (int rank = 0; rank < rises.length; rank++) {
      if (watch.rises(rank) <= rises[rank]) {
        return false;
      }
    }
    return true;
  }

  private boolean haveDoneMore(long[] steps) {
    for (int rank = 0; rank < steps.length; rank++) {
      RankRecord record = watch.board().rank(rank);
      if (record.state() != RankRecord.State.JOINED || record.steps() <= steps[rank]) {
        return false;
      }
    }
    return true;
  }

  /** The board that the run named last; an earlier run in this directory had another one. */
  private Path board() {
    try {
      Path config = directory.resolve("config.json");
      return Files.exists(config)
          ? Path.of(CommandRun.parse(Files.readString(config)).get("board").asText())
          : null;
    } catch (IOException beingReplaced) {
      return null;
    }
  }

  /** Waits, as long as a run may take, while nothing goes wrong. */
  void await(String what, BooleanSupplier condition) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!condition.getAsBoolean()) {
      requireHealthy();
      assertTrue(System.nanoTime() - deadlineNs < 0, () -> "a hang: no " + what + "\n" + told());
      LockSupport.parkNanos(TICK_NS);
    }
  }

  /** Fails when the run has ended, or somebody makes no progress. */
  void requireHealthy() {
    assertTrue(process.isAlive(), () -> "the run ended:\n" + told());
    String wrong = watch == null ? null : watch.failure();
    assertTrue(wrong == null, () -> wrong + "\n" + told());
  }

  Process process() {
    return process;
  }

  Path directory() {
    return directory;
  }

  WorkerProcesses workers() {
    return workers;
  }

  ProgressWatch watch() {
    return watch;
  }

  /** What the run has told so far. */
  String told() {
    try {
      return Files.readString(work.resolve("err"));
    } catch (IOException unreadable) {
      return unreadable.toString();
    }
  }

  /** Kills the supervisor, and sees the workers end and clear shared memory away (P1, P6). */
  void killSupervisor(ChaosReport report) throws IOException {
    report.add(Fault.Kind.KILL_SUPERVISOR, 1);
    observe(report);
    process.destroyForcibly().onExit().join();
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!WorkerProcesses.naming(directory).isEmpty()) {
      assertTrue(System.nanoTime() - deadlineNs < 0, () -> "workers outlive it:\n" + told());
      LockSupport.parkNanos(TICK_NS);
    }
    closeWatch();
    requireExpectedLosses(report);
    assertEquals(List.of(), names(regions), () -> "left behind:\n" + told());
  }

  private void observe(ChaosReport report) {
    watch.end();
    report.largest("longest time without a step of a living worker, ms", watch.longestStepMs());
    report.largest(
        "longest time without a gradient applied by a living agent, ms", watch.longestApplyMs());
    report.largest("longest time from a kill to the return, ms", watch.longestReturnMs());
    report.add("ranks that came back", watch.returns());
    report.add("comparisons of living counters", watch.counted());
  }

  /** Asks the run to end and looks at how it does. */
  JsonNode stop(ChaosReport report) throws Exception {
    observe(report);
    requireFewOpen(report);
    process.destroy();
    return ended(143, report);
  }

  /** Waits for the end of the run and for what it says of it. */
  JsonNode ended(int exitCode, ChaosReport report) throws Exception {
    assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS), () -> "a hang at the end:\n" + told());
    assertEquals(exitCode, process.exitValue(), this::told);
    assertEquals(-1, told().indexOf("fault of starling"), this::told);
    closeWatch();
    requireExpectedLosses(report);
    requireNothingLeft(report);
    List<String> out = Files.readAllLines(work.resolve("out"));
    assertTrue(!out.isEmpty(), this::told);
    JsonNode result = CommandRun.parse(out.getLast());
    if (result.has("exchanges")) {
      report.add("exchanges", result.get("exchanges").asLong());
      report.add("exchanges torn", result.get("exchangesFailed").asLong());
      report.add("locks broken (fences)", result.get("fences").asLong());
      report.add("restarts", result.get("restarts").asLong());
    }
    return result;
  }

  /** Whoever came and went must not stay mapped or open. */
  private void requireFewOpen(ChaosReport report) {
    int ranks = watch.board().workers();
    List<Long> pids = new ArrayList<>(List.of(process.pid()));
    workers.list().forEach(worker -> pids.add(worker.handle().pid()));
    for (long pid : pids) {
      int mapped = WorkerProcesses.mapped(pid);
      int open = WorkerProcesses.openFiles(pid);
      report.largest(MAPPED, mapped);
      report.largest("most files open in one process", open);
      assertTrue(
          mapped <= 1 + 4 * ranks,
          () -> "process %d has %d regions mapped:%n%s".formatted(pid, mapped, told()));
      assertTrue(open <= 100 + 10 * ranks, () -> "process " + pid + " has " + open + " files open");
    }
  }

  /** Whoever was lost was killed by the test, or found shared memory or disk full. */
  private void requireExpectedLosses(ChaosReport report) {
    List<String> lost = told().lines().filter(line -> line.contains(" was lost after ")).toList();
    report.add("ranks lost", lost.size());
    assertEquals(
        List.of(),
        lost.stream()
            .filter(line -> !line.contains("killed by signal 9"))
            .filter(line -> !line.contains("ENOSPC") && !line.contains(" is full"))
            .toList(),
        this::told);
  }

  /** No region, no board, no process, no half-written file, no trace of a crash (P6). */
  private void requireNothingLeft(ChaosReport report) throws IOException {
    List<String> left = new ArrayList<>(names(regions));
    left.addAll(WorkerProcesses.naming(directory));
    left.addAll(names(work));
    left.removeAll(List.of("err", "out"));
    // Those of workers that were killed may stay; the supervisor was not.
    names(directory).stream().filter(name -> name.endsWith(".new")).forEach(left::add);
    report.add("files, regions and processes left behind", left.size());
    assertEquals(List.of(), left, () -> "left behind:\n" + told());
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Submitted = applied + refused for everybody who ended in good order: nothing is pending. */
  void requireConservation(ChaosReport report) throws IOException {
    JsonNode stat = CommandRun.parse(Files.readString(directory.resolve("stat.json")));
    for (JsonNode rank : stat.get("ranks")) {
      JsonNode counters = rank.get("counters");
      if (counters != null && rank.get("state").asText().equals("finished")) {
        long done =
            counters.get("gradients_applied").asLong()
                + counters.get("gradients_refused").asLong()
                + counters.get("gradients_late").asLong()
                + counters.get("gradients_late_at_submit").asLong();
        assertEquals(counters.get("gradients_submitted").asLong(), done, rank::toString);
        report.add("workers whose gradients add up at the end", 1);
      }
    }
  }

  /** Replays all logs of the run and compares them with its checkpoint sets. */
  JsonNode verify() {
    CommandRun verify = CommandRun.of("verify", directory.toString(), "--json");
    assertTrue(!verify.out().isEmpty(), verify::err);
    JsonNode found = CommandRun.parse(verify.out().lines().findFirst().orElse("{}"));
    assertNotNull(found.get("ok"), verify::err);
    return found;
  }

  private void closeWatch() {
    if (watch != null) {
      watch.close();
      watch = null;
    }
  }

  @Override
  public void close() {
    if (process != null) {
      // Stopped ones too.
      process.children().toList().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().onExit().join();
      process.children().toList().forEach(ProcessHandle::destroyForcibly);
    }
    closeWatch();
  }
}

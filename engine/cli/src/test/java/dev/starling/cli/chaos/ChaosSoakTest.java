package dev.starling.cli.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.chaos.Fault.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real worker processes under kills, pauses, full shared memory and starved processors: nobody
 * hangs (P1, I8), every log replays (P5), nothing is left behind (P6), no gradient is lost or
 * applied twice (I7).
 *
 * <p>{@code -Dstarling.chaos.kills=N} and {@code -Dstarling.chaos.pauses=N} set how much goes
 * wrong, {@code -Dstarling.chaos.seed=S} repeats a plan, {@code -Dstarling.chaos.run=R} carries
 * only one of its runs out. The timing of processes still differs.
 */
@Timeout(value = 7200, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChaosSoakTest {
  private static final int KILLS = Integer.getInteger("starling.chaos.kills", 8);
  private static final int PAUSES = Integer.getInteger("starling.chaos.pauses", 4);
  private static final long SEED =
      Long.getLong("starling.chaos.seed", ThreadLocalRandom.current().nextLong());
  private static final int ONLY_RUN = Integer.getInteger("starling.chaos.run", -1);
  private static final int DISKS = Integer.getInteger("starling.chaos.disks", 1);
  private static final long MEMORY_BYTES = 16 << 20;
  private static final long DISK_BYTES = 384 << 20;
  private static final String MANY_RESTARTS = "100000";

  private static final ChaosReport ALL = new ChaosReport();
  private static final long BEGIN_NS = System.nanoTime();

  /** Of one test: what another one did proves nothing here. */
  private final ChaosReport report = new ChaosReport();

  private Path scratch;

  @BeforeAll
  static void tellSeed() {
    System.out.printf("chaos: seed %d, %d kills, %d pauses%n", SEED, KILLS, PAUSES);
  }

  @AfterAll
  static void tellReport() {
    ALL.largest("seconds in all", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - BEGIN_NS));
    System.out.printf("chaos: seed %d%n%n%s%n", SEED, ALL.toMarkdown());
  }

  @AfterEach
  void removeScratch() throws IOException {
    ALL.addAll(report);
    // A test that is skipped made none.
    if (scratch != null) {
      remove(scratch);
    }
  }

  private static void remove(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private Path fresh(String name) throws IOException {
    if (scratch == null) {
      scratch = Files.createTempDirectory("starling-chaos-");
    }
    return Files.createDirectory(scratch.resolve(name));
  }

  @Test
  void shouldNeitherHangNorLeakAndReplayEverythingUnderChaos() throws Exception {
    // Where nothing can be mounted, the test of full shared memory says so.
    Optional<LimitedFileSystem> memory = LimitedFileSystem.open(MEMORY_BYTES, new ArrayList<>());
    List<ChaosPlan> plans = ChaosPlan.draw(SEED, KILLS, PAUSES, memory.isPresent());
    try (LimitedFileSystem limited = memory.orElse(null)) {
      for (ChaosPlan plan : plans) {
        if (ONLY_RUN < 0 || ONLY_RUN == plan.number()) {
          disturb(plan, limited);
          System.out.printf(
              "chaos: run %d of %d is proven, %d killed and %d paused so far%n",
              plan.number(), plans.size(), report.kills(), report.pauses());
        }
      }
    }
    assertTrue(ONLY_RUN >= 0 || report.kills() >= KILLS, report::toMarkdown);
    assertTrue(ONLY_RUN >= 0 || report.pauses() >= PAUSES, report::toMarkdown);
    assertTrue(report.sum("ranks that came back") > 0, report::toMarkdown);
    assertTrue(report.largestOf(ChaosRun.MAPPED) > 1, "nobody looked at mappings");
    assertTrue(report.sum("logs cut off") > 0, "no log was cut off: nothing was tested");
    assertTrue(memory.isEmpty() || report.count(Kind.FULL_MEMORY) > 0, report::toMarkdown);
  }

  /** The soak fills it too, among other faults, where it can; this test says where not. */
  @Test
  void shouldComeBackByItselfWhenSharedMemoryWasFullForAWhile() throws Exception {
    try (LimitedFileSystem memory = LimitedFileSystem.enter(MEMORY_BYTES)) {
      disturb(ChaosPlan.fullMemory(SEED), memory);
    }
    assertTrue(report.count(Kind.FULL_MEMORY) > 0, report::toMarkdown);
    assertTrue(report.sum("starts refused by full shared memory") > 0, report::toMarkdown);
  }

  private void disturb(ChaosPlan plan, LimitedFileSystem memory) throws Exception {
    System.out.printf(
        "chaos: run %d, seed %d, %d workers, %s: %s%n",
        plan.number(), SEED, plan.workers(), plan.options(), plan.faults());
    Path work = fresh("work-" + plan.number());
    Path directory = work.resolveSibling("run-" + plan.number());
    Path regions =
        memory == null
            ? Files.createTempDirectory(Path.of("/dev/shm"), "chaos-")
            : Files.createDirectory(memory.path().resolve("regions"));
    try (ChaosRun run = new ChaosRun(regions, directory, work)) {
      List<String> options = new ArrayList<>(plan.options());
      options.addAll(List.of("--restart", MANY_RESTARTS));
      run.start(plan.workers(), options);
      run.awaitTraining();
      try (FaultInjector injector = new FaultInjector(run, memory, report)) {
        injector.inject(plan.faults());
      }
      run.awaitEverybody();
      if (plan.killsSupervisor()) {
        run.killSupervisor(report);
        run.resume();
        run.awaitTraining();
        run.awaitEverybody();
      }
      JsonNode result = run.stop(report);
      assertEquals(0, result.get("lostRanks").size(), () -> result + run.told());
      run.requireConservation(report);
      JsonNode verify = requireProven(run);
      assertTrue(verify.get("setsCompared").asLong() > 0, verify::toString);
    } finally {
      remove(regions);
    }
    remove(directory);
  }

  /** Fills the disk under a run, and gives it back. */
  private interface DiskCase {
    void run(ChaosRun run, LimitedFileSystem disk) throws Exception;
  }

  private void onAFullDisk(String name, DiskCase filled) throws Exception {
    for (int time = 0; time < DISKS; time++) {
      try (LimitedFileSystem disk = LimitedFileSystem.enter(DISK_BYTES)) {
        onAFullDisk(disk, fresh(name + "-" + time), filled);
      }
    }
  }

  private void onAFullDisk(LimitedFileSystem disk, Path work, DiskCase filled) throws Exception {
    Path regions = Files.createTempDirectory(Path.of("/dev/shm"), "chaos-");
    try (ChaosRun run = new ChaosRun(regions, disk.path().resolve("run"), work)) {
      filled.run(run, disk);
      report.add(Kind.FULL_DISK, 1);
    } finally {
      remove(regions);
    }
  }

  private static void start(ChaosRun run, int time, String... more) throws Exception {
    List<String> options =
        new ArrayList<>(List.of("--log", time % 2 == 0 ? "f32" : "bf16", "--model", "softmax"));
    options.addAll(List.of(more));
    run.start(2, options);
    run.awaitTraining();
    run.await("checkpoint set", () -> run.told().contains("is complete: 2 of 2 ranks"));
  }

  @Test
  void shouldStopInASentenceAndResumeWhenTheDiskWasFull() throws Exception {
    onAFullDisk(
        "stop",
        (run, disk) -> {
          start(run, 0, "--restart", "0");
          run.watch().end();
          disk.fill();
          JsonNode result = run.ended(1, report);
          String error = result.path("error").asText();
          assertTrue(error.contains("is full") || error.contains("No space left"), error);
          assertTrue(error.contains(disk.path().toString()), error);
          requireProven(run);
          disk.free();
          run.resume();
          run.awaitTraining();
          run.awaitEverybody();
          run.stop(report);
          run.requireConservation(report);
          assertTrue(requireProven(run).get("setsCompared").asLong() > 0);
          report.add("runs resumed after a full disk", 1);
        });
  }

  @Test
  void shouldComeBackByItselfWhenTheDiskWasFullForAWhile() throws Exception {
    onAFullDisk(
        "return",
        (run, disk) -> {
          start(run, 1, "--restart", MANY_RESTARTS);
          run.watch().excuseJoins(true);
          disk.fill();
          run.await(
              "start that is refused",
              () -> {
                fillAgain(disk);
                // Both end because of their logs, and then their successors cannot begin one.
                return refusedStarts(run) >= 4;
              });
          disk.free();
          run.watch().excuseJoins(false);
          run.awaitEverybody();
          report.add("workers ended or refused by a full disk", refusedStarts(run));
          run.stop(report);
          run.requireConservation(report);
          assertTrue(requireProven(run).get("setsCompared").asLong() > 0);
        });
  }

  private static void fillAgain(LimitedFileSystem disk) {
    try {
      disk.fill();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static long refusedStarts(ChaosRun run) {
    return run.told()
        .lines()
        .filter(line -> line.contains(" was lost after ") && line.contains("exit code 1"))
        .count();
  }

  /** The disk is full until the end of the run, which can then save nothing. */
  @Test
  void shouldTrainOnWithoutTheLogAndResumeWhenTheDiskIsFullAndThatIsAsked() throws Exception {
    onAFullDisk(
        "continue",
        (run, disk) -> {
          start(run, 0, "--restart", MANY_RESTARTS, "--log-full", "continue");
          disk.fill();
          run.await("run without logs", () -> withoutLog(run, 0) && withoutLog(run, 1));
          run.awaitEverybody();
          try (FaultInjector injector = new FaultInjector(run, disk, report)) {
            // Nor can the successor begin a log.
            injector.inject(List.of(new Fault(Kind.KILL, 0, 1, 0)));
            run.awaitEverybody();
            String error = run.stop(report).path("error").asText();
            assertTrue(error.contains(disk.path().toString()), error);
          }
          run.resume();
          run.awaitTraining();
          run.awaitEverybody();
          run.stop(report);
          run.requireConservation(report);
          report.add("runs resumed after a full disk", 1);
          JsonNode verify = run.verify();
          report.add("runs without a log whose gap verify names", 1);
          String why = verify.get("differences").toString() + verify.get("unresolvedTail");
          assertTrue(
              why.contains("it was full or could not be written") || why.contains("has no record"),
              verify::toString);
        });
  }

  private static boolean withoutLog(ChaosRun run, int rank) {
    return run.told()
        .lines()
        .anyMatch(
            line -> line.contains("rank " + rank) && line.contains("goes on without the log"));
  }

  private JsonNode requireProven(ChaosRun run) {
    JsonNode verify = run.verify();
    report.verified(verify);
    assertTrue(verify.get("ok").asBoolean(), () -> verify + "\n" + run.told());
    return verify;
  }
}

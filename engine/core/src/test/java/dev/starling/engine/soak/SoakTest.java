package dev.starling.engine.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.cluster.RegionView;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.worker.JobObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real processes under SIGKILL and SIGSTOP at random times: nobody hangs (P1, I8), nothing is torn
 * (P3), nothing is left behind (P6).
 *
 * <p>{@code -Dstarling.soak=N} sets how many kills and how many pauses there are, {@code
 * -Dstarling.soak.seed=S} repeats the order of events; the timing of processes still differs.
 */
@Timeout(value = 1800, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SoakTest {
  private static final int EVENTS = Integer.getInteger("starling.soak", 20);
  private static final long SEED =
      Long.getLong("starling.soak.seed", ThreadLocalRandom.current().nextLong());
  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final Path directory = privateDirectory();
  private final ShmFabric fabric = new ShmFabric(directory);
  private final JobBoard board =
      JobBoard.create(
          fabric, ThreadLocalRandom.current().nextLong() >>> 1, SoakWorker.WORKERS, Long.MAX_VALUE);
  private final JobObserver observer =
      new JobObserver(board, SoakWorker.context().conclude().layout());
  private final Process[] processes = new Process[SoakWorker.WORKERS];
  private final int[] incarnations = new int[SoakWorker.WORKERS];
  private final List<Path> errors = new ArrayList<>();
  private long longestRecoveryNs;

  private static Path privateDirectory() {
    try {
      return Files.createTempDirectory(Path.of("/dev/shm"), "soak-");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @AfterEach
  void close() throws Exception {
    for (Process process : processes) {
      if (process != null) {
        process.destroyForcibly().waitFor();
      }
    }
    observer.close();
    board.close();
    for (Path error : errors) {
      Files.deleteIfExists(error);
    }
    List<Path> left = entries();
    for (Path path : left) {
      Files.deleteIfExists(path);
    }
    Files.delete(directory);
    assertEquals(List.of(), left, "left in shared memory");
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  private void start(int rank) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--"))
        .forEach(command::add);
    command.addAll(
        List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(SoakWorker.class.getName());
    command.addAll(
        List.of(
            board.path().toString(), Integer.toString(rank), Integer.toString(incarnations[rank])));
    Path error = Files.createTempFile("starling-soak-", ".err");
    errors.add(error);
    processes[rank] =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(error.toFile())
            .start();
  }

  private void await(String what, BooleanSupplier condition) {
    long beginNs = System.nanoTime();
    while (!condition.getAsBoolean()) {
      requireHealthy();
      if (System.nanoTime() - beginNs > PATIENCE_NS) {
        fail("a hang: " + what + " did not happen in 60 s; " + describe());
      }
      LockSupport.parkNanos(1_000_000);
    }
    longestRecoveryNs = Math.max(longestRecoveryNs, System.nanoTime() - beginNs);
  }

  /** Whoever ends by itself has found something wrong. */
  private void requireHealthy() {
    for (int rank = 0; rank < processes.length; rank++) {
      if (processes[rank] != null && !processes[rank].isAlive()) {
        fail("rank " + rank + " ended with " + processes[rank].exitValue() + ": " + told());
      }
    }
  }

  private String told() {
    StringBuilder text = new StringBuilder();
    for (Path error : errors) {
      try {
        text.append(Files.readString(error));
      } catch (IOException unreadable) {
        text.append(unreadable.getMessage());
      }
    }
    return text.toString().replaceAll("WARNING: Using incubator.*\n", "") + "seed " + SEED;
  }

  private String describe() {
    StringBuilder text = new StringBuilder("seed " + SEED);
    for (int rank = 0; rank < processes.length; rank++) {
      text.append("; rank ")
          .append(rank)
          .append('.')
          .append(incarnations[rank])
          .append(' ')
          .append(board.rank(rank).state())
          .append(" steps ")
          .append(board.rank(rank).steps());
    }
    return text.toString();
  }

  /** Everybody but one makes steps: nobody waits for that one. */
  private void requireProgress(int except) {
    for (int rank = 0; rank < processes.length; rank++) {
      if (rank != except) {
        RankRecord record = board.rank(rank);
        long before = record.steps();
        int who = rank;
        await("a step of rank " + who, () -> record.steps() > before);
      }
    }
  }

  private long exchangesOf(int rank) {
    int incarnation = board.incarnation(rank);
    try (RegionView view = RegionView.open(Path.of(board.region(rank, incarnation).address()))) {
      return view.counters().get(Counter.EXCHANGES);
    }
  }

  private void kill(int rank) throws Exception {
    processes[rank].destroyForcibly().waitFor();
    processes[rank] = null;
    board.rank(rank).lost();
    if (random.nextBoolean()) {
      // Somebody must notice by itself, sometimes before the successor joins.
      requireProgress(rank);
    }
    incarnations[rank]++;
    start(rank);
    await("rank " + rank + " joining again", () -> board.incarnation(rank) == incarnations[rank]);
    assertTrue(board.rank(rank).source() != RankRecord.INITIAL, "it copied nobody");
    await("an exchange of the new rank " + rank, () -> exchangesOf(rank) > 0);
  }

  private void pause(int rank) throws Exception {
    signal("STOP", rank);
    long untilNs = System.nanoTime() + random.nextLong(4 * SoakWorker.HOLD_LIMIT_NS);
    while (System.nanoTime() - untilNs < 0) {
      requireProgress(rank);
    }
    long before = exchangesOf(rank);
    signal("CONT", rank);
    await("an exchange of the resumed rank " + rank, () -> exchangesOf(rank) > before);
  }

  private void signal(String name, int rank) throws Exception {
    String pid = Long.toString(processes[rank].pid());
    assertEquals(0, new ProcessBuilder("kill", "-" + name, pid).start().waitFor());
  }

  @Test
  void shouldNeitherHangNorTearNorLeakWhenProcessesAreKilledAndPausedAtRandom() throws Exception {
    System.out.println("SoakTest: " + EVENTS + " kills, " + EVENTS + " pauses, seed " + SEED);
    for (int rank = 0; rank < processes.length; rank++) {
      start(rank);
    }
    for (int rank = 0; rank < processes.length; rank++) {
      int who = rank;
      await("rank " + rank + " joining", () -> board.incarnation(who) == 0);
    }
    board.phase(JobBoard.Phase.RUNNING);
    requireProgress(-1);
    int kills = EVENTS;
    int pauses = EVENTS;
    while (kills + pauses > 0) {
      observer.refresh();
      int rank = random.nextInt(processes.length);
      LockSupport.parkNanos(random.nextLong(5_000_000));
      if (random.nextInt(kills + pauses) < kills) {
        kills--;
        kill(rank);
      } else {
        pauses--;
        pause(rank);
      }
    }
    requireProgress(-1);
    finish();
  }

  private void finish() throws Exception {
    board.phase(JobBoard.Phase.STOPPING);
    for (int rank = 0; rank < processes.length; rank++) {
      RankRecord record = board.rank(rank);
      await("the end of rank " + rank, () -> record.state() == RankRecord.State.FINISHED);
    }
    observer.refresh();
    Map<Counter, Long> totals = new EnumMap<>(Counter.class);
    for (Counter counter : Counter.values()) {
      long sum = 0;
      for (int rank = 0; rank < processes.length; rank++) {
        sum += observer.count(rank, counter);
      }
      totals.put(counter, sum);
    }
    requireUniformReplicas();
    board.phase(JobBoard.Phase.RELEASED);
    for (int rank = 0; rank < processes.length; rank++) {
      assertTrue(processes[rank].waitFor(60, TimeUnit.SECONDS), "rank " + rank + " did not end");
      assertEquals(0, processes[rank].exitValue(), told());
    }
    assertEquals(List.of(board.path()), entries(), "only the board is left");
    System.out.printf(
        "SoakTest: %d steps, %d exchanges, %d torn, %d fences, %d peers lost, slowest wait %d ms%n",
        totals.get(Counter.GRADIENTS_SUBMITTED),
        totals.get(Counter.EXCHANGES),
        totals.get(Counter.EXCHANGES_TORN),
        totals.get(Counter.FENCES),
        totals.get(Counter.PEERS_LOST),
        TimeUnit.NANOSECONDS.toMillis(longestRecoveryNs));
  }

  private void requireUniformReplicas() {
    long lengthBytes = SoakWorker.context().conclude().layout().parameterCount() * Float.BYTES;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment model = arena.allocate(lengthBytes);
      for (int rank = 0; rank < processes.length; rank++) {
        assertTrue(observer.copyReplica(rank, model, PATIENCE_NS), "rank " + rank);
        for (long i = 0; i < lengthBytes / Float.BYTES; i++) {
          assertTrue(Float.isFinite(model.getAtIndex(ValueLayout.JAVA_FLOAT, i)));
        }
      }
    }
  }
}

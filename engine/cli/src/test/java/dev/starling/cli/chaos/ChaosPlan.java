package dev.starling.cli.chaos;

import dev.starling.cli.chaos.Fault.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What goes wrong in one run, and what the run is made of: all of it follows from the seed and the
 * run's number. The timing of processes still differs from one execution to the next.
 *
 * @param number the run
 * @param workers how many processes it has
 * @param options the options that differ between runs
 * @param faults in the order of their times
 */
record ChaosPlan(int number, int workers, List<String> options, List<Fault> faults) {
  /** How long a peer may hold a lock: pauses are drawn on both sides of it. */
  static final int HOLD_LIMIT_MS = 50;

  /** What a gradient takes at least. */
  static final int COMPUTE_MS = 2;

  private static final int KILLS_PER_RUN = 50;
  private static final int LONG_PAUSE_MAX_MS = 2_500;
  private static final int START_AGE_MAX_MS = 1_500;
  private static final String[] OPTIMIZERS = {"momentum", "adamw", "sgd", "nesterov"};

  /**
   * Draws as many runs as a number of kills takes.
   *
   * @param seed of everything
   * @param kills processes to be killed at least
   * @param pauses workers to be paused at least
   * @param fillsMemory whether shared memory may be filled
   * @return the plans
   */
  static List<ChaosPlan> draw(long seed, int kills, int pauses, boolean fillsMemory) {
    int runs = Math.max(1, Math.ceilDiv(kills, KILLS_PER_RUN));
    List<ChaosPlan> plans = new ArrayList<>();
    for (int number = 0; number < runs; number++) {
      plans.add(
          run(
              number,
              new SplittableRandom(seed + number),
              Math.ceilDiv(kills, runs),
              Math.ceilDiv(pauses, runs),
              fillsMemory));
    }
    return plans;
  }

  /** {@return a run of which nothing but the shared memory becomes full} */
  static ChaosPlan fullMemory(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new ChaosPlan(1, 2, options(1), times(random, List.of(Kind.FULL_MEMORY), 2));
  }

  /** {@return whether the supervisor is killed after all other faults} */
  boolean killsSupervisor() {
    return number % 2 == 0;
  }

  private static ChaosPlan run(
      int number, SplittableRandom random, int kills, int pauses, boolean fillsMemory) {
    int workers = 2 + number % 3;
    List<Kind> kinds = new ArrayList<>();
    for (int killed = 0; killed < kills; ) {
      int draw = random.nextInt(20);
      Kind kind = draw == 0 ? Kind.KILL_ALL : draw < 6 ? Kind.KILL_STARTING : Kind.KILL;
      kinds.add(kind);
      killed += kind == Kind.KILL ? 1 : kind == Kind.KILL_ALL ? workers : 2;
    }
    for (int paused = 0; paused < pauses; paused++) {
      kinds.add(random.nextInt(3) == 0 ? Kind.PAUSE_SHORT : Kind.PAUSE_LONG);
    }
    kinds.add(Kind.PAUSE_SUPERVISOR);
    kinds.add(Kind.STARVE);
    if (fillsMemory) {
      kinds.add(Kind.FULL_MEMORY);
    }
    return new ChaosPlan(number, workers, options(number), times(random, kinds, workers));
  }

  private static List<Fault> times(SplittableRandom random, List<Kind> kinds, int workers) {
    List<Kind> left = new ArrayList<>(kinds);
    List<Fault> faults = new ArrayList<>();
    long atMs = 0;
    while (!left.isEmpty()) {
      Kind kind = left.remove(random.nextInt(left.size()));
      // Close together, or far enough apart for everybody to be back.
      atMs += random.nextBoolean() ? random.nextInt(300) : 800 + random.nextInt(1_400);
      faults.add(new Fault(kind, atMs, random.nextInt(workers), lengthMs(random, kind)));
    }
    return faults;
  }

  private static long lengthMs(SplittableRandom random, Kind kind) {
    return switch (kind) {
      case KILL, KILL_ALL, KILL_SUPERVISOR -> 0;
      case KILL_STARTING -> random.nextInt(START_AGE_MAX_MS);
      case PAUSE_SHORT -> 1 + random.nextInt(HOLD_LIMIT_MS - 10);
      case PAUSE_LONG -> HOLD_LIMIT_MS + random.nextInt(LONG_PAUSE_MAX_MS);
      case PAUSE_SUPERVISOR -> 100 + random.nextInt(1_500);
      case STARVE, FULL_MEMORY, FULL_DISK -> 2_000 + random.nextInt(2_000);
    };
  }

  private static List<String> options(int number) {
    return List.of(
        "--optimizer",
        OPTIMIZERS[number % OPTIMIZERS.length],
        "--log",
        number % 2 == 0 ? "f32" : "bf16",
        "--model",
        number % 4 == 3 ? "mlp:32" : "softmax",
        "--stripe-bytes",
        number % 3 == 0 ? "16384" : "67108864");
  }
}

package dev.starling.chronicle;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.optimizer.Sgd;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Trains and records a small run and dies in the middle of it, with logs that nobody ends. */
final class KilledRunMain {
  private static final int STEPS = 40;
  private static final int ENDLESS = 1_000;

  private KilledRunMain() {}

  static SampleRun sample(long seed, int sets) {
    return new SampleRun(
        seed,
        2,
        new long[] {60, 45},
        2,
        parameters -> new Sgd(0.9f, 0, parameters),
        GradientPayload.BF16,
        STEPS,
        sets);
  }

  /** Takes the run directory and a seed. */
  public static void main(String[] args) throws Exception {
    long seed = Long.parseLong(args[1]);
    long lifeMs = new SplittableRandom(seed).nextLong(20, 60);
    Thread killer =
        new Thread(
            () -> {
              long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(lifeMs);
              while (System.nanoTime() < endNs) {
                LockSupport.parkNanos(endNs - System.nanoTime());
              }
              Runtime.getRuntime().halt(0);
            });
    sample(seed, ENDLESS)
        .train(
            Path.of(args[0]),
            (set, recorder) -> {
              if (set >= 2 && killer.getState() == Thread.State.NEW) {
                killer.start();
              }
            });
  }
}

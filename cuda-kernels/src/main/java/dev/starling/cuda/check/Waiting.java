package dev.starling.cuda.check;

import dev.starling.engine.StarlingException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for the device, with a limit. */
final class Waiting {
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

  private Waiting() {}

  /** Polls until something is so, without giving the processor away. */
  static void until(String what, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > LIMIT_NS) {
        throw new StarlingException(
            "%s is not done after %d s: see the kernel log for errors of the GPU (dmesg | grep Xid)"
                .formatted(what, TimeUnit.NANOSECONDS.toSeconds(LIMIT_NS)));
      }
      Thread.onSpinWait();
    }
  }
}

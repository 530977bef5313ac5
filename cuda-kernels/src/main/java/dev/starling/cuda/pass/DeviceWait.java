package dev.starling.cuda.pass;

import dev.starling.cuda.CudaEvent;
import dev.starling.engine.StarlingException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for the device by asking it, with a bound; allocates nothing unless it fails. */
final class DeviceWait {
  /** A step that is done so soon costs the thread nothing but a few questions. */
  private static final long SPIN_NS = TimeUnit.MICROSECONDS.toNanos(100);

  private static final long PARK_NS = TimeUnit.MICROSECONDS.toNanos(20);

  private DeviceWait() {}

  /**
   * Returns when the event is complete.
   *
   * @throws StarlingException if that takes longer than the limit: the device may go on reading and
   *     writing the memory that it was given
   */
  static void until(CudaEvent event, long limitNs, String what, Object where) {
    long startNs = System.nanoTime();
    while (!event.isComplete()) {
      long waitedNs = System.nanoTime() - startNs;
      if (waitedNs > limitNs) {
        throw new StarlingException(
            ("%s on %s is not done after %d ms: look whether another process keeps the device busy"
                    + " ('nvidia-smi') or it has failed ('dmesg', Xid)")
                .formatted(what, where, TimeUnit.NANOSECONDS.toMillis(limitNs)));
      }
      if (waitedNs < SPIN_NS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(PARK_NS);
      }
    }
  }
}

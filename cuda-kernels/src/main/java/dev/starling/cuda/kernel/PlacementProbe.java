package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.engine.StarlingException;
import dev.starling.engine.worker.JobContext;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures both placements on a device, over pinned memory of the host: the operation of an
 * exchange, {@code stepAverageBoth}, in place, on one chunk of the engine's default length after
 * the other. Each device is measured once in a process.
 *
 * <p>Both are measured in turn, up to {@value #ROUNDS} times, while there is time; the best of each
 * counts. Safe from any thread: the measurement is one at a time.
 */
final class PlacementProbe {
  /** Bytes of each of the three vectors. */
  static final long VECTOR_BYTES = 16L << 20;

  private static final int ROUNDS = 5;
  private static final int VECTORS = 3;

  /** Vectors that the operation moves: three in, two out. */
  private static final int MOVED = 5;

  private static final long TOTAL_NS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long WAIT_LIMIT_NS = TimeUnit.SECONDS.toNanos(10);
  private static final long POLL_NS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long PAGE_BYTES = 4096;
  private static final long CHUNK_BYTES = JobContext.CHUNK_BYTES_DEFAULT;
  private static final float LEARNING_RATE = 0.5f;

  /** Guarded by this class. */
  private static final Map<String, Rates> MEASURED = new HashMap<>();

  private PlacementProbe() {}

  /**
   * What was measured.
   *
   * @param mapped bytes per nanosecond, read and written, over mapped memory
   * @param staged the same over staged copies
   */
  record Rates(double mapped, double staged) {
    PlacementKind faster() {
      return staged > mapped ? PlacementKind.STAGED : PlacementKind.MAPPED;
    }

    /** Says what is used and what both reach; bytes per nanosecond are GB/s. */
    String description() {
      PlacementKind kind = faster();
      boolean isMapped = kind == PlacementKind.MAPPED;
      return "%s (%.1f GB/s; %s %.1f GB/s)"
          .formatted(
              kind.description(),
              isMapped ? mapped : staged,
              isMapped ? PlacementKind.STAGED.word() : PlacementKind.MAPPED.word(),
              isMapped ? staged : mapped);
    }
  }

  /**
   * Measures a device, unless that has been done.
   *
   * @param context a hold on the device
   * @return what was measured first
   * @throws StarlingException if the device does not end the operation
   */
  static synchronized Rates rates(CudaContext context) {
    Rates known = MEASURED.get(context.busId());
    if (known == null) {
      known = measure(context.ordinal(), VECTOR_BYTES);
      MEASURED.put(context.busId(), known);
    }
    return known;
  }

  /** Forgets all devices, for tests. */
  static synchronized void forget() {
    MEASURED.clear();
  }

  /** Measures a device with vectors of so many bytes, whole pages. */
  static Rates measure(int ordinal, long vectorBytes) {
    CudaContext context = CudaContext.open(ordinal);
    Arena arena = Arena.ofShared();
    try (context) {
      MemorySegment memory = arena.allocate(VECTORS * vectorBytes, PAGE_BYTES);
      context.register("probe of the placements", memory);
      return new Measurement(context, memory, vectorBytes).run();
    } finally {
      // A context that cannot be closed still writes the memory.
      if (context.isClosed()) {
        arena.close();
      }
    }
  }

  /** The placements with the vectors that they work on. */
  private static final class Measurement {
    private final Call call;
    private final MemorySegment memory;
    private final long vectorBytes;
    private final Placement mapped;
    private final Placement staged;
    private final CudaEvent begin;
    private final CudaEvent end;

    Measurement(CudaContext context, MemorySegment memory, long vectorBytes) {
      this.memory = memory;
      this.vectorBytes = vectorBytes;
      mapped = PlacementKind.MAPPED.make(context, 1);
      staged = PlacementKind.STAGED.make(context, 1);
      begin = context.newTimingEvent();
      end = context.newTimingEvent();
      call = new Call(context);
    }

    Rates run() {
      long start = System.nanoTime();
      double bestMappedNs = Double.POSITIVE_INFINITY;
      double bestStagedNs = Double.POSITIVE_INFINITY;
      for (int i = 0; i < ROUNDS && (i == 0 || System.nanoTime() - start < TOTAL_NS); i++) {
        bestMappedNs = Math.min(bestMappedNs, time(mapped));
        bestStagedNs = Math.min(bestStagedNs, time(staged));
      }
      double movedBytes = (double) MOVED * vectorBytes;
      return new Rates(movedBytes / bestMappedNs, movedBytes / bestStagedNs);
    }

    /** Times the second of two passes: the device is awake then, and has loaded the kernel. */
    private double time(Placement placement) {
      pass(placement);
      placement.serial().record(begin);
      // What follows waits for this mark, so that no part of it begins before the event.
      placement.mark(0);
      pass(placement);
      CudaStream after = placement.serial();
      after.record(end);
      long start = System.nanoTime();
      while (!end.isComplete()) {
        if (System.nanoTime() - start > WAIT_LIMIT_NS) {
          throw new StarlingException(
              "the probe of the placements did not end within %d s: restart the process"
                  .formatted(TimeUnit.NANOSECONDS.toSeconds(WAIT_LIMIT_NS)));
        }
        LockSupport.parkNanos(POLL_NS);
      }
      // The clock of the device has steps, so that a short time can be shown as none.
      return Math.max(end.elapsedNs(begin), 1);
    }

    private void pass(Placement placement) {
      for (long at = 0; at < vectorBytes; at += CHUNK_BYTES) {
        long y = 2 * vectorBytes + at;
        call.begin(
                Operation.STEP_AVERAGE_BOTH, Math.min(CHUNK_BYTES, vectorBytes - at) / Float.BYTES)
            .vector(memory, at)
            .vector(memory, vectorBytes + at)
            .vector(memory, y)
            .vector(memory, at)
            .vector(memory, y)
            .number(LEARNING_RATE)
            .number(1f);
        placement.submit(call.complete());
        placement.mark(0);
      }
    }
  }
}

package dev.starling.cuda.check;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.DeviceMemory;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.worker.JobContext;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Kernels over pinned host memory against plain copies of the same bytes over the bus.
 *
 * <p>An operation that reads R bytes and writes W is compared with R bytes copied to the device on
 * one stream while W bytes are copied to the host on another: that is what the bus can do in this
 * mix of directions. Both are timed by the host, from the first submission until the device says
 * that all is done. The ratio is the time of the copies over the time of the operation. The engine
 * chooses the faster placement, so the goal is for the faster one of each operation.
 */
final class HostRates {
  static final double GOAL = 0.90;

  private static final String ENDING = " over host memory, the faster placement";

  /** Vectors that the operations take at most. */
  static final int VECTORS =
      Arrays.stream(Operation.values()).mapToInt(Operation::vectors).max().orElseThrow();

  /** What an exchange hands over at a time; it has two of them under way. */
  private static final long CHUNK_BYTES = JobContext.CHUNK_BYTES_DEFAULT;

  /** Kernels, and the placement that they are forced to. */
  record Placed(String placement, Kernels kernels) {}

  private final List<Placed> placed;
  private final int rounds;
  private final long count;
  private final MemorySegment host;
  private final CudaStream in;
  private final CudaStream out;
  private final CudaEvent inDone;
  private final CudaEvent outDone;
  private final DeviceMemory target;
  private final DeviceMemory source;

  /**
   * Borrows all; what it makes goes with the context and the kernels.
   *
   * @param host {@link #VECTORS} vectors, whole pages, which outlive the context and the kernels
   */
  HostRates(CudaContext context, MemorySegment host, List<Placed> placed, int rounds) {
    this.host = host;
    this.placed = placed;
    this.rounds = rounds;
    count = host.byteSize() / VECTORS / Float.BYTES;
    host.fill((byte) 0);
    context.register("vectors to measure", host);
    placed.forEach(each -> each.kernels().register("vectors to measure", host));
    in = context.newStream();
    out = context.newStream();
    inDone = context.newEvent();
    outDone = context.newEvent();
    target = context.allocate("copies to the device", host.byteSize());
    source = context.allocate("copies to the host", host.byteSize());
  }

  void measure(Report report) {
    double bytes = (double) count * Float.BYTES;
    report.add("copy to the device", median(() -> bytes / copiesNs(4, 0)), "GB/s");
    report.add("copy to the host", median(() -> bytes / copiesNs(0, 4)), "GB/s");
    report.add("both at once, together", median(() -> 2 * bytes / copiesNs(4, 4)), "GB/s");
    for (Operation operation : Operation.values()) {
      if (!operation.isSearch()) { // it reads the host in place whatever the placement
        measure(report, operation);
      }
    }
    report.slowest(ENDING);
    for (Placed each : placed) {
      double[] ratios = new double[rounds];
      for (int round = -1; round < rounds; round++) {
        double ratio = ratio(Operation.STEP_AVERAGE, each.kernels(), CHUNK_BYTES / Float.BYTES);
        ratios[Math.max(round, 0)] = ratio;
      }
      report.add(
          "stepAverage over host memory, %s, %d KiB at a time"
              .formatted(each.placement(), CHUNK_BYTES >> 10),
          Median.of(ratios),
          "of copies");
    }
  }

  private void measure(Report report, Operation operation) {
    double best = 0;
    List<String> parts = new ArrayList<>();
    for (Placed each : placed) {
      double ratio = median(() -> ratio(operation, each.kernels(), count));
      best = Math.max(best, ratio);
      parts.add("%s %.2f".formatted(each.placement(), ratio));
    }
    String both = String.join(", ", parts);
    report.detail(operation.label() + ENDING, best, "of copies", GOAL, both);
  }

  /** One measurement of the copies, and one of the operation in pieces. */
  private double ratio(Operation operation, Kernels kernels, long pieceCount) {
    double copies = copiesNs(operation.bytesRead(), operation.bytesWritten());
    float[] factors = new float[operation.factors()];
    Arrays.fill(factors, 0.5f);
    long[] at = new long[operation.vectors() + 1];
    long ticket = 0;
    long before = 0;
    long start = System.nanoTime();
    for (long done = 0; done < count; done += pieceCount) {
      long from = done;
      Arrays.setAll(at, k -> (k * count + from) * Float.BYTES);
      long piece = Math.min(pieceCount, count - done);
      if (before > 0) {
        waitFor(operation, kernels, before);
      }
      before = ticket;
      ticket = operation.submit(kernels, host, at, factors, piece);
      kernels.isComplete(ticket); // lets work that waits for its turn go on
    }
    waitFor(operation, kernels, ticket);
    return copies / (System.nanoTime() - start);
  }

  private static void waitFor(Operation operation, Kernels kernels, long ticket) {
    Waiting.until(operation.label(), () -> kernels.isComplete(ticket));
  }

  /** Time to copy so many bytes for each element, both ways at once. */
  private double copiesNs(int bytesIn, int bytesOut) {
    long start = System.nanoTime();
    in.copyToDevice(target.address(), host, 0, count * bytesIn);
    out.copyToHost(host, 0, source.address(), count * bytesOut);
    in.record(inDone);
    out.record(outDone);
    Waiting.until("a copy", () -> inDone.isComplete() && outDone.isComplete());
    return System.nanoTime() - start;
  }

  private interface Measurement {
    double take();
  }

  /** The first one warms up. */
  private double median(Measurement measurement) {
    measurement.take();
    double[] values = new double[rounds];
    Arrays.setAll(values, round -> measurement.take());
    return Median.of(values);
  }
}

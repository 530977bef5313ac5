package dev.starling.cuda.check;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.DeviceMemory;
import dev.starling.cuda.KernelArguments;
import java.util.Arrays;

/**
 * Kernels in device memory against the driver's copy on the device, both in bytes that are read and
 * written per second: a copy of one vector moves two, an average of two vectors moves three. The
 * device's own clock measures; every round measures the copy and each kernel, and the median of the
 * rounds' ratios counts.
 */
final class DeviceRates {
  static final double GOAL = 0.90;

  private static final String ENDING = " in device memory";
  private static final int ONE = Float.floatToRawIntBits(1f);
  private static final int MOST_ARGUMENTS = 10;

  private final CudaContext context;
  private final int rounds;
  private final int launches;
  private final long count;
  private final CudaStream stream;
  private final CudaEvent start;
  private final CudaEvent end;
  private final DeviceMemory vectors;
  private final DeviceMemory found;
  private final KernelArguments arguments = new KernelArguments(MOST_ARGUMENTS);

  /** What it makes goes with the context. */
  DeviceRates(CudaContext context, long vectorBytes, int rounds, int launches) {
    this.context = context;
    this.rounds = rounds;
    this.launches = launches;
    count = vectorBytes / Float.BYTES;
    int most = Arrays.stream(Operation.values()).mapToInt(Operation::vectors).max().orElseThrow();
    stream = context.newStream();
    start = context.newTimingEvent();
    end = context.newTimingEvent();
    vectors = context.allocate("vectors to measure", most * vectorBytes);
    found = context.allocate("index of a search", Long.BYTES);
    stream.fill32(vectors.address(), ONE, most * count);
    stream.fill32(found.address(), -1, 2);
  }

  void measure(Report report) {
    Operation[] operations = Operation.values();
    double[][] ratios = new double[operations.length][rounds];
    double[] copies = new double[rounds];
    for (int round = -1; round < rounds; round++) {
      double copy = 2.0 * count * Float.BYTES / timeNs(null);
      for (Operation operation : operations) {
        double moved = (double) count * (operation.bytesRead() + operation.bytesWritten());
        double ratio = moved / timeNs(operation) / copy;
        if (round >= 0) { // the one before warms up
          ratios[operation.ordinal()][round] = ratio;
        }
      }
      copies[Math.max(round, 0)] = copy;
    }
    report.add("copy on the device, read and written", Median.of(copies), "GB/s");
    for (Operation operation : operations) {
      report.detail(
          operation.label() + ENDING, Median.of(ratios[operation.ordinal()]), "of copy", GOAL, "");
    }
    report.slowest(ENDING);
  }

  /** Time of one launch, or of one copy for null. */
  private double timeNs(Operation operation) {
    stream.record(start);
    for (int i = 0; i < launches; i++) {
      if (operation == null) {
        long bytes = count * Float.BYTES;
        stream.copyOnDevice(vectors.address() + bytes, vectors.address(), bytes);
      } else {
        launch(operation);
      }
    }
    stream.record(end);
    Waiting.until(operation == null ? "a copy" : operation.label(), end::isComplete);
    return end.elapsedNs(start) / launches;
  }

  private void launch(Operation operation) {
    long[] at = new long[operation.vectors()];
    Arrays.setAll(at, k -> k * count * Float.BYTES);
    float[] factors = new float[operation.factors()];
    Arrays.fill(factors, 0.5f);
    LaunchExecutor.fill(arguments, operation, vectors.address(), at, factors, count);
    if (operation.isSearch()) {
      arguments.pointer(3, found.address());
    }
    stream.launch(context.function(operation.kernel()), arguments, count);
  }
}

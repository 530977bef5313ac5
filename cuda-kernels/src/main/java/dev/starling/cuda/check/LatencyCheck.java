package dev.starling.cuda.check;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.DeviceMemory;
import dev.starling.cuda.KernelArguments;

/** How long it takes from a launch of a kernel that does next to nothing until it is known done. */
final class LatencyCheck {
  private static final int WARM_UP = 2_000;
  private static final int LAUNCHES = 10_000;
  private static final int QUERIES = 100_000;
  private static final double NS_PER_US = 1e3;

  private final CudaContext context;
  private final CudaStream stream;
  private final CudaEvent done;
  private final DeviceMemory memory;
  private final KernelArguments arguments = new KernelArguments(3);

  /** What it makes goes with the context. */
  LatencyCheck(CudaContext context) {
    this.context = context;
    stream = context.newStream();
    done = context.newEvent();
    memory = context.allocate("one float", Float.BYTES);
    stream.fill32(memory.address(), 0, 1);
    arguments.pointer(0, memory.address());
    arguments.number(1, 1f);
    arguments.count(2, 1);
  }

  void measure(Report report) {
    double[] launchNs = new double[LAUNCHES];
    double[] totalNs = new double[LAUNCHES];
    for (int i = -WARM_UP; i < LAUNCHES; i++) {
      long start = System.nanoTime();
      stream.launch(context.function(Operation.SCALE.kernel()), arguments, 1);
      stream.record(done);
      long launched = System.nanoTime();
      Waiting.until("a kernel of one float", done::isComplete);
      launchNs[Math.max(i, 0)] = launched - start;
      totalNs[Math.max(i, 0)] = System.nanoTime() - start;
    }
    report.add("launch and record an event, median", Median.of(launchNs) / NS_PER_US, "us");
    report.add("until the event is complete, median", Median.of(totalNs) / NS_PER_US, "us");
    double late = Median.quantile(totalNs, LAUNCHES / 100 * 99);
    report.add("until the event is complete, 99 of 100", late / NS_PER_US, "us");
    report.add("ask a complete event", queryNs(), "ns");
  }

  private double queryNs() {
    long start = System.nanoTime();
    int complete = 0;
    for (int i = 0; i < QUERIES; i++) {
      complete += done.isComplete() ? 1 : 0;
    }
    double perQuery = (double) (System.nanoTime() - start) / QUERIES;
    return complete == QUERIES ? perQuery : Double.NaN;
  }
}

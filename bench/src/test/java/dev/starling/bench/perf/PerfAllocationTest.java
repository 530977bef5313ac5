package dev.starling.bench.perf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.starling.cli.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

@Timeout(120)
class PerfAllocationTest {
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(40);
  private static final int ITERATIONS = 1000;
  private static final long BYTES = 64;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static MeasureCommand command(String operation) {
    PrintWriter nowhere = new PrintWriter(new StringWriter());
    CommandLine group = PerfCommand.with(new Terminal(nowhere, nowhere, false));
    return group.getSubcommands().get(operation).getCommand();
  }

  /** The compiler needs a while to remove boxes; segments of the log have their own rounds. */
  @ParameterizedTest
  @ValueSource(strings = {"lock", "read", "write", "exchange", "snapshot", "log"})
  void shouldAllocateNothingWhenItMeasures(String operation) throws Exception {
    MeasureCommand command = command(operation);
    int depth = Math.min(4, command.maxDepth());
    try (Subject subject = command.open(new long[] {BYTES}, depth)) {
      Operation measured = subject.operation(0);
      Samples samples = new Samples();
      Meter meter = new Meter();
      for (boolean bandwidth : List.of(false, true)) {
        long least = Long.MAX_VALUE;
        long startNs = System.nanoTime();
        while (least >= ITERATIONS && System.nanoTime() - startNs < LIMIT_NS) {
          long before = THREADS.getCurrentThreadAllocatedBytes();
          if (bandwidth) {
            measured.bandwidth(ITERATIONS, depth, meter);
          } else {
            measured.latency(ITERATIONS, samples);
          }
          least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        long bytes = least;
        assertTrue(
            bytes < ITERATIONS,
            () -> bytes + " bytes in " + ITERATIONS + " operations, bandwidth " + bandwidth);
      }
    }
  }
}

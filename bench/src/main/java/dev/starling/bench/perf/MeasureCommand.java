package dev.starling.bench.perf;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A command that measures one operation at several sizes and prints a row for each. */
@Command
abstract class MeasureCommand extends StarlingCommand {
  /** The compilers share the processors with the loop and need about that long. */
  private static final long FIRST_WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(2000);

  private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long WARM_UP_BATCH = 100;

  @Mixin private RunOptions run = new RunOptions();

  private final String operation;

  MeasureCommand(Terminal terminal, String operation) {
    super(terminal);
    this.operation = operation;
  }

  /** {@return how many operations at a time it takes} */
  abstract int maxDepth();

  /**
   * Returns the sizes to measure.
   *
   * @param bandwidth whether a rate is measured
   * @return bytes, rising
   */
  abstract long[] sizes(boolean bandwidth);

  /** {@return one phrase that says what an operation is} */
  abstract String meaning();

  /**
   * Says whether a rate in bytes means something.
   *
   * @return whether the size is what is moved
   */
  boolean movesBytes() {
    return true;
  }

  /**
   * Opens what is measured.
   *
   * @param sizes the sizes
   * @param depth how many operations there are at a time
   * @return the subject, owned by the caller; null when another process measures and is done
   */
  abstract Subject open(long[] sizes, int depth) throws IOException;

  @Override
  protected final void execute() throws IOException {
    run.check(maxDepth());
    long[] sizes = sizes(run.bandwidth());
    int depth = run.depth(maxDepth());
    try (Subject subject = open(sizes, depth)) {
      if (subject != null) {
        measure(subject, sizes, depth);
      }
    }
  }

  private void measure(Subject subject, long[] sizes, int depth) {
    PerfReport report =
        new PerfReport(operation, subject, run.bandwidth(), depth, movesBytes(), Clock.readingNs());
    if (!json()) {
      terminal().out().println(report.heading(meaning()));
      terminal().out().println(report.columns());
    }
    for (int i = 0; i < sizes.length; i++) {
      Result result = measure(subject.operation(i), sizes[i], depth, i == 0);
      answerLine(report.json(result), report.row(result));
      terminal().out().flush();
    }
  }

  private Result measure(Operation subject, long bytes, int depth, boolean first) {
    long warmed = warmUp(subject, depth, first ? FIRST_WARM_UP_NS : WARM_UP_NS);
    long before = subject.counted();
    Samples samples = new Samples();
    Meter meter = new Meter();
    loop(subject, run.iterations(), depth, samples, meter);
    long counted = subject.counted() - before;
    if (counted != run.iterations()) {
      throw new StarlingException(
          "%d operations of %d bytes took effect and not %d: somebody else uses this end, or it is a fault of starling"
              .formatted(counted, bytes, run.iterations()));
    }
    subject.check();
    return new Result(bytes, run.iterations(), warmed, counted, samples, meter);
  }

  private void loop(Operation subject, long iterations, int depth, Samples samples, Meter meter) {
    if (run.bandwidth()) {
      subject.bandwidth(iterations, depth, meter);
    } else {
      subject.latency(iterations, samples);
    }
  }

  private long warmUp(Operation subject, int depth, long limitNs) {
    Samples samples = new Samples();
    Meter meter = new Meter();
    if (run.warmUp() != null) {
      loop(subject, run.warmUp(), depth, samples, meter);
      return run.warmUp();
    }
    long done = 0;
    long startNs = System.nanoTime();
    while (done < RunOptions.MAX_ITERATIONS && System.nanoTime() - startNs < limitNs) {
      // Small enough to end soon after the limit; the loop is compiled as it is entered often.
      long batch = done == 0 ? 1 : WARM_UP_BATCH;
      loop(subject, batch, depth, samples, meter);
      done += batch;
    }
    return done;
  }
}

package dev.starling.bench.perf;

import dev.starling.cli.Terminal;
import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measures exchanges. */
@Command(
    name = "exchange",
    header = "Average the own replica with a peer's: both locks, the average, both publishes.",
    description = "Models of one stripe, without an update; rates count the bytes of the model.")
final class ExchangeCommand extends EndsCommand {
  private static final long BYTES_DEFAULT = 1L << 20;
  private static final int STAGED_CHUNKS = 4;

  @Mixin private SizeOptions size = new SizeOptions();

  ExchangeCommand(Terminal terminal, VerbsOpener verbs) {
    super(terminal, "exchange", verbs);
  }

  @Override
  int maxDepth() {
    return 1;
  }

  @Override
  long[] sizes(boolean bandwidth) {
    return size.sizes(Float.BYTES, BYTES_DEFAULT);
  }

  @Override
  String meaning() {
    return "averaging the own replica with a peer's";
  }

  @Override
  ReplicaLayout layout(long[] sizes, int depth) {
    return ReplicaLayout.ofStripes(
        WORKERS, Arrays.stream(sizes).map(bytes -> bytes / Float.BYTES).toArray());
  }

  @Override
  Operations prepare(Ends ends, long[] sizes) {
    KernelWarmUp.run();
    long chunkBytes = JobContext.CHUNK_BYTES_DEFAULT;
    MemorySegment staging =
        ends.isAddressable() ? null : ends.memory("the staging ring", STAGED_CHUNKS * chunkBytes);
    MemorySegment buffer = ends.memory("the copy to look at", sizes[sizes.length - 1]);
    Remote own = ends.connectHome();
    ExchangeMachine machine =
        new ExchangeMachine(
            ends.home(),
            own,
            new CpuKernels(),
            chunkBytes,
            staging,
            Journal.NONE,
            new Counters(ends.home().segment(), ReplicaLayout.COUNTERS_OFFSET));
    return index -> new ExchangeOperation(ends, machine, buffer, index);
  }
}

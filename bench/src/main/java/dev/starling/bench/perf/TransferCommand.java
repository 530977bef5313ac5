package dev.starling.bench.perf;

import dev.starling.cli.Terminal;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measures one-sided transfers. */
@Command
abstract class TransferCommand extends EndsCommand {
  private static final long LATENCY_BYTES = 2;
  private static final long BANDWIDTH_BYTES = 65_536;

  @Mixin private SizeOptions size = new SizeOptions();

  private final boolean write;

  private TransferCommand(Terminal terminal, String operation, boolean write, VerbsOpener verbs) {
    super(terminal, operation, verbs);
    this.write = write;
  }

  @Override
  final int maxDepth() {
    return RunOptions.maxDepth();
  }

  @Override
  final long[] sizes(boolean bandwidth) {
    return size.sizes(1, bandwidth ? BANDWIDTH_BYTES : LATENCY_BYTES);
  }

  @Override
  final ReplicaLayout layout(long[] sizes, int depth) {
    long longest = sizes[sizes.length - 1];
    return ReplicaLayout.ofStripes(WORKERS, (longest + Float.BYTES - 1) / Float.BYTES);
  }

  @Override
  final Operations prepare(Ends ends, long[] sizes) {
    MemorySegment buffer = ends.memory("the local end", sizes[sizes.length - 1]);
    Deliveries deliveries = new Deliveries(ends.peer());
    return index ->
        new TransferOperation(write, sizes[index], ends.layout(), ends.peer(), deliveries, buffer);
  }

  /** Measures reads. */
  @Command(name = "read", header = "Read a peer's parameters, one-sided.")
  static final class Read extends TransferCommand {
    Read(Terminal terminal, VerbsOpener verbs) {
      super(terminal, "read", false, verbs);
    }

    @Override
    String meaning() {
      return "one-sided read of a peer's parameters";
    }
  }

  /** Measures writes. */
  @Command(name = "write", header = "Write a peer's parameters, one-sided.")
  static final class Write extends TransferCommand {
    Write(Terminal terminal, VerbsOpener verbs) {
      super(terminal, "write", true, verbs);
    }

    @Override
    String meaning() {
      return "one-sided write of a peer's parameters";
    }
  }
}

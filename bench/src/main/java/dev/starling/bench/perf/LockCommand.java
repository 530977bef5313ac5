package dev.starling.bench.perf;

import dev.starling.cli.Terminal;
import dev.starling.engine.replica.ReplicaLayout;
import java.util.Arrays;
import picocli.CommandLine.Command;

/** Measures locks. */
@Command(
    name = "lock",
    header = "Take a stripe of a peer and give it back: try-lock, then publish.",
    description =
        "Five operations on words of 8 bytes, one after the other: read the lock word, read the"
            + " guard, swap, read the guard, swap. The bytes are those of the lock word.")
final class LockCommand extends EndsCommand {
  private static final long STRIPE_PARAMETERS = 16;

  LockCommand(Terminal terminal, VerbsOpener verbs) {
    super(terminal, "lock", verbs);
  }

  @Override
  int maxDepth() {
    return RunOptions.maxDepth();
  }

  @Override
  long[] sizes(boolean bandwidth) {
    return new long[] {Long.BYTES};
  }

  @Override
  String meaning() {
    return "try-lock and release of a peer's stripe";
  }

  @Override
  boolean movesBytes() {
    return false;
  }

  @Override
  ReplicaLayout layout(long[] sizes, int depth) {
    long[] stripes = new long[depth];
    Arrays.fill(stripes, STRIPE_PARAMETERS);
    return ReplicaLayout.ofStripes(WORKERS, stripes);
  }

  @Override
  Operations prepare(Ends ends, long[] sizes) {
    return index -> new LockOperation(ends.layout(), ends.peer());
  }
}

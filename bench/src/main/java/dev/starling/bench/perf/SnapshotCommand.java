package dev.starling.bench.perf;

import dev.starling.cli.Terminal;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measures snapshots. */
@Command(
    name = "snapshot",
    header = "Take a copy of the own replica: pin, copy, unpin.",
    description = "Models of one stripe. Training itself reads the pinned plane without a copy.")
final class SnapshotCommand extends MeasureCommand {
  private static final long BYTES_DEFAULT = 1L << 20;

  @Mixin private SizeOptions size = new SizeOptions();

  SnapshotCommand(Terminal terminal) {
    super(terminal, "snapshot");
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
    return "pinning, copying and unpinning the own replica";
  }

  @Override
  Subject open(long[] sizes, int depth) {
    long[] stripes = Arrays.stream(sizes).map(bytes -> bytes / Float.BYTES).toArray();
    long job = ThreadLocalRandom.current().nextLong() >>> 1;
    Replica home = Ends.replica(ReplicaLayout.ofStripes(1, stripes), job, 0, 0, Ends.OWN);
    try {
      PrivateMemory copy = PrivateMemory.allocate("the copy", sizes[sizes.length - 1]);
      return new Copy(home, copy, new ExitRemoval(Ends.regionPath(job, 0, 0)));
    } catch (Throwable failure) {
      home.close();
      throw failure;
    }
  }

  private record Copy(Replica home, PrivateMemory memory, ExitRemoval removal) implements Subject {
    @Override
    public String ends() {
      return "shared memory of this process";
    }

    @Override
    public String fabric() {
      return null;
    }

    @Override
    public Operation operation(int index) {
      return new SnapshotOperation(home, memory.segment(), index);
    }

    @Override
    public void close() {
      memory.close();
      home.close();
      removal.close();
    }
  }
}

package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/** Two ranks with a fabric each, as two processes would have them. */
final class TwoRanks implements AutoCloseable {
  static final long JOB = ThreadLocalRandom.current().nextLong() >>> 1;
  private static final Path DIRECTORY = ShmFabric.DEFAULT_DIRECTORY;
  private static final long LIMIT_NS = 20_000_000_000L;

  final ReplicaLayout layout;
  final LocalChannel channel = new LocalChannel(2);
  final List<VerbsFabric> fabrics = new ArrayList<>();
  final List<Replica> replicas = new ArrayList<>();
  final List<RegionDescriptor> regions = new ArrayList<>();
  final List<String> told = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> opened = new ArrayList<>();

  TwoRanks(ReplicaLayout layout, boolean colocated) {
    this(layout, colocated, options -> options);
  }

  TwoRanks(ReplicaLayout layout, boolean colocated, UnaryOperator<VerbsOptions> changed) {
    this.layout = layout;
    channel.colocated(colocated);
    opened.add(channel);
    try {
      for (int rank = 0; rank < 2; rank++) {
        open(rank, changed.apply(options(colocated)));
      }
    } catch (Throwable failure) {
      closeOpened(failure);
      throw failure;
    }
  }

  private void open(int rank, VerbsOptions options) {
    VerbsFabric fabric =
        VerbsFabric.open(FakeVerbs.device(), options, channel.of(rank), DIRECTORY, told::add);
    opened.add(fabric);
    fabrics.add(fabric);
    Path path = new ShmFabric(DIRECTORY).regionPath(JOB, rank, 0);
    Replica replica = Replica.createShared(path, layout, JOB, rank, 0);
    opened.add(replica);
    replicas.add(replica);
    try (PrivateMemory initial =
        PrivateMemory.allocate("initial", layout.parameterCount() * Float.BYTES)) {
      for (long i = 0; i < layout.parameterCount(); i++) {
        initial.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, parameter(rank, i));
      }
      replica.initialise(initial.segment());
    }
    RegionDescriptor region = fabric.expose(replica);
    regions.add(region);
    opened.add(() -> fabric.withdraw(region));
  }

  static VerbsOptions options(boolean colocated) {
    return new VerbsOptions()
        .gidIndex(1)
        .pieceBytes(4096)
        .sendDepth(16)
        .ackTimeout(12)
        .reserveFourthPlane(colocated);
  }

  static float parameter(int rank, long index) {
    return rank * 1000 + index % 997;
  }

  /** Connects one rank to the replica of another, or to its own. */
  Remote connect(int from, int to) {
    Remote remote = fabrics.get(from).connect(regions.get(to), layout, from, 0);
    opened.add(remote);
    return remote;
  }

  MemorySegment memory(int rank, long lengthBytes) {
    PrivateMemory memory = PrivateMemory.allocate("a buffer", lengthBytes);
    opened.add(memory);
    opened.add(fabrics.get(rank).register("a buffer", memory.segment()));
    return memory.segment();
  }

  /** What came of the operations on a remote. */
  static final class Results {
    private final Remote remote;
    final List<Long> tags = new ArrayList<>();
    final List<Boolean> succeeded = new ArrayList<>();
    final List<Long> values = new ArrayList<>();

    Results(Remote remote) {
      this.remote = remote;
    }

    /** Waits for so many completions more. */
    Results await(int count) {
      int wanted = tags.size() + count;
      long deadlineNs = System.nanoTime() + LIMIT_NS;
      while (tags.size() < wanted) {
        remote.poll(
            (tag, ok, value) -> {
              tags.add(tag);
              succeeded.add(ok);
              values.add(value);
            });
        assertTrue(
            System.nanoTime() - deadlineNs < 0, () -> "only " + tags + " of " + wanted + " came");
        Thread.onSpinWait();
      }
      assertEquals(wanted, tags.size());
      return this;
    }

    long value() {
      assertTrue(succeeded.getLast(), "the operation failed");
      return values.getLast();
    }
  }

  private void closeOpened(Throwable collector) {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Throwable failure) {
        collector.addSuppressed(failure);
      }
    }
    opened.clear();
  }

  @Override
  public void close() {
    AssertionError failed = new AssertionError("closing failed");
    closeOpened(failed);
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }
}

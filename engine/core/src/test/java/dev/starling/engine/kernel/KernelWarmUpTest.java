package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class KernelWarmUpTest {
  private static final int COUNT = 5000;
  private static final long BYTES = 4L * COUNT;

  @Test
  void shouldEndNearItsLimitWhenCalledColdOrAgain() {
    // The limit is 300 ms; the last round of interpreted kernels and a busy machine come on top.
    long limitNs = TimeUnit.SECONDS.toNanos(10);
    assertTrue(KernelWarmUp.run() < limitNs);
    assertTrue(KernelWarmUp.run() < limitNs);
  }

  /** As a model on the vector API does, in the same process, with the widest vectors. */
  private static void useVectorsOfAnotherWidth(Arena arena) {
    VectorSpecies<Float> widest = FloatVector.SPECIES_PREFERRED;
    MemorySegment memory = arena.allocate(4096, 64);
    for (int i = 0; i < 200_000; i++) {
      long at = (i & 15) * 64L;
      FloatVector loaded =
          FloatVector.fromMemorySegment(widest, memory, at, ByteOrder.nativeOrder());
      FloatVector changed = loaded.mul(FloatVector.broadcast(widest, 0.5f)).add(1f);
      changed.intoMemorySegment(memory, at, ByteOrder.nativeOrder());
    }
  }

  @Test
  void shouldAllocateNothingWhenSegmentsAndVectorsOfOtherKindsAreInUse(@TempDir Path directory)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      useVectorsOfAnotherWidth(arena);
    }
    KernelWarmUp.run();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      MemorySegment[] kinds = new MemorySegment[5];
      kinds[0] = shared.allocate(BYTES, 64);
      kinds[1] = map(directory.resolve("a"), shared);
      kinds[2] = confined.allocate(BYTES, 64);
      kinds[3] = map(directory.resolve("b"), confined);
      kinds[4] = Arena.ofAuto().allocate(BYTES, 64);
      MemorySegment[] turned = kinds.clone();
      long allocatedBytes = Long.MAX_VALUE;
      // Compilation runs beside us; what counts is that a state without garbage is reached.
      long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (allocatedBytes != 0 && System.nanoTime() < deadlineNs) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 500; i++) {
          round(kinds, turned, i);
        }
        allocatedBytes = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertEquals(0, allocatedBytes, "bytes allocated by 500 rounds of all kernels");
    }
  }

  private static void round(MemorySegment[] kinds, MemorySegment[] turned, int turn) {
    for (int i = 0; i < 5; i++) {
      turned[i] = kinds[(i + turn) % 5];
    }
    MemorySegment a = turned[0];
    MemorySegment b = turned[1];
    MemorySegment c = turned[2];
    MemorySegment d = turned[3];
    MemorySegment e = turned[4];
    VectorKernels.fill(a, 0, 0.5f, COUNT);
    VectorKernels.fill(b, 0, 1f, COUNT);
    VectorKernels.average(a, 0, b, 0, c, 0, COUNT);
    VectorKernels.averageBoth(a, 0, b, 0, c, 0, d, 0, COUNT);
    VectorKernels.step(a, 0, b, 0, c, 0, 0.1f, 1f, COUNT);
    VectorKernels.stepAverage(a, 0, b, 0, c, 0, d, 0, 0.1f, 1f, COUNT);
    VectorKernels.stepAverageBoth(a, 0, b, 0, c, 0, d, 0, e, 0, 0.1f, 1f, COUNT);
    VectorKernels.momentum(a, 0, b, 0, 0.9f, COUNT);
    VectorKernels.accumulate(a, 0, b, 0, COUNT);
    VectorKernels.addDecay(a, 0, b, 0, 0.1f, COUNT);
    VectorKernels.nesterov(a, 0, b, 0, 0.9f, COUNT);
    VectorKernels.adam(c, 0, d, 0, b, 0, 0.9f, 0.999f, 10f, 1000f, 1e-8f, COUNT);
    VectorKernels.scale(b, 0, 0.5f, COUNT);
    double sums =
        VectorKernels.sum(e, 0, COUNT)
            + VectorKernels.squaredNorm(b, 0, COUNT)
            + VectorKernels.squaredDistance(a, 0, b, 0, COUNT);
    if (VectorKernels.firstNonFinite(e, 0, COUNT) >= 0 || !(sums > 0)) {
      throw new AssertionError("wrong result");
    }
    VectorKernels.packBf16(a, 0, b, 0, c, 0, COUNT);
    VectorKernels.unpackBf16(c, 0, d, 0, COUNT);
    VectorKernels.fill(b, 0, 0f, COUNT);
  }

  private static MemorySegment map(Path file, Arena arena) throws IOException {
    Files.write(file, new byte[(int) BYTES]);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena);
    }
  }
}

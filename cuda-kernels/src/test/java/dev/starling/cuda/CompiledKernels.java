package dev.starling.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The kernels' sources as the C++ compiler of this machine takes them, run by the fake driver's
 * grid without the driver. It shows that formulas, heads, tails and alignment are right; what nvcc
 * and a GPU make of them it cannot show.
 */
final class CompiledKernels {
  private static final long SLOT_BYTES = 8;

  private CompiledKernels() {}

  /**
   * Runs a kernel on a grid of one dimension; see {@link #launch(String, int[], List, long)}.
   *
   * @param blocks blocks of the grid
   * @param threads threads of a block
   */
  static void launch(String name, int blocks, int threads, List<?> arguments) {
    launch(name, new int[] {blocks, 1, 1, threads, 1, 1}, arguments, 0);
  }

  /**
   * Runs a kernel to its end; fails the test when it makes a misaligned access.
   *
   * @param name without {@code starling_}
   * @param shape blocks of the grid and threads of a block, each in x, y, z
   * @param arguments segments, floats, ints and longs, which the kernel takes as they are
   * @param seed decides the order of the threads
   */
  static void launch(String name, int[] shape, List<?> arguments, long seed) {
    int error = run("starling_" + name, shape, arguments, seed);
    assertEquals(0, error, () -> name + ": 716 is a misaligned access, -1 an unknown kernel");
  }

  /** As {@link #launch(String, int[], List, long)}; gives the driver's number of the error. */
  static int run(String entry, int[] shape, List<?> arguments, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(SLOT_BYTES * arguments.size(), SLOT_BYTES);
      MemorySegment pointers = arena.allocate(ADDRESS, arguments.size());
      for (int i = 0; i < arguments.size(); i++) {
        MemorySegment slot = values.asSlice(i * SLOT_BYTES, SLOT_BYTES);
        switch (arguments.get(i)) {
          case MemorySegment s -> slot.set(ADDRESS, 0, s);
          case Float f -> slot.set(JAVA_FLOAT, 0, f);
          case Integer n -> slot.set(JAVA_INT, 0, n);
          case Long n -> slot.set(JAVA_LONG, 0, n);
          default -> throw new IllegalArgumentException("no layout for " + arguments.get(i));
        }
        pointers.setAtIndex(ADDRESS, i, slot);
      }
      return FakeCuda.runKernel(entry, shape, pointers, seed);
    }
  }
}

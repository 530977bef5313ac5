package dev.starling.engine.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Compares the vector with the scalar kernels between float and bfloat16, bit for bit. */
final class Bf16Sweep {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Elements around each argument that no kernel may touch. */
  private static final int GUARD = 16;

  private static final int POOL = 1 << 16;

  private final Random random;
  private final MemorySegment pool;
  private final Side scalar;
  private final Side vector;

  /** The arguments of one side. */
  private static final class Side {
    final MemorySegment gradient;
    final MemorySegment residual;
    final MemorySegment packed;

    Side(Arena arena, int longest) {
      gradient = arena.allocate(4L * (longest + 3 * GUARD), 64);
      residual = arena.allocate(4L * (longest + 3 * GUARD), 64);
      packed = arena.allocate(2L * (longest + 3 * GUARD), 64);
    }
  }

  Bf16Sweep(long seed, Arena arena, int longest) {
    random = new Random(seed);
    pool = arena.allocate(4L * (POOL + longest + 3 * GUARD), 64);
    for (long i = 0; i < pool.byteSize() >> 2; i++) {
      pool.setAtIndex(FLOAT, i, anyFloat());
    }
    scalar = new Side(arena, longest);
    vector = new Side(arena, longest);
  }

  /** As {@link KernelCase#anyFloat}, or one where rounding turns: near a tie or near overflow. */
  private float anyFloat() {
    int half = 0x8000 + random.nextInt(-1, 2);
    return switch (random.nextInt(4)) {
      case 0 -> Float.intBitsToFloat(random.nextInt() << 16 | half);
      case 1 -> Float.intBitsToFloat(random.nextInt() & 0x80000000 | 0x7f7f0000 | half);
      default -> KernelCase.anyFloat(random);
    };
  }

  /** Compares both kernels at one length, each argument at another random misalignment. */
  void all(int count) {
    pack(count);
    unpack(count);
  }

  private void pack(int count) {
    fill(count);
    long go = 4L * offset();
    long ro = 4L * offset();
    long po = 2L * offset();
    if (random.nextBoolean()) {
      // As it begins: nothing has been lost, so that the sum is the gradient, whatever that is.
      scalar.residual.asSlice(ro, 4L * count).fill((byte) 0);
      vector.residual.asSlice(ro, 4L * count).fill((byte) 0);
    }
    ScalarKernels.packBf16(scalar.gradient, go, scalar.residual, ro, scalar.packed, po, count);
    VectorKernels.packBf16(vector.gradient, go, vector.residual, ro, vector.packed, po, count);
    compare("gradient", count, scalar.gradient, vector.gradient);
    compare("residual", count, scalar.residual, vector.residual);
    compare("packed", count, scalar.packed, vector.packed);
  }

  private void unpack(int count) {
    fill(count);
    long po = 2L * offset();
    long oo = 4L * offset();
    ScalarKernels.unpackBf16(scalar.packed, po, scalar.gradient, oo, count);
    VectorKernels.unpackBf16(vector.packed, po, vector.gradient, oo, count);
    compare("out", count, scalar.gradient, vector.gradient);
    compare("packed that is only read", count, scalar.packed, vector.packed);
  }

  private int offset() {
    return GUARD + random.nextInt(GUARD);
  }

  private void fill(int count) {
    long bytes = 4L * (count + 3 * GUARD);
    long at = 4L * random.nextInt(POOL);
    MemorySegment.copy(pool, at, scalar.gradient, 0, bytes);
    MemorySegment.copy(pool, at, vector.gradient, 0, bytes);
    at = 4L * random.nextInt(POOL);
    MemorySegment.copy(pool, at, scalar.residual, 0, bytes);
    MemorySegment.copy(pool, at, vector.residual, 0, bytes);
    MemorySegment.copy(pool, at, scalar.packed, 0, bytes / 2);
    MemorySegment.copy(pool, at, vector.packed, 0, bytes / 2);
  }

  /** Also NaNs have to be the same here: packing makes one NaN of all, and unpacking moves bits. */
  private static void compare(
      String what, int count, MemorySegment expected, MemorySegment actual) {
    long differs = expected.mismatch(actual);
    if (differs >= 0) {
      throw new AssertionError(
          what
              + " of "
              + count
              + " differs at byte "
              + differs
              + ": scalar "
              + expected.get(ValueLayout.JAVA_BYTE, differs)
              + ", vector "
              + actual.get(ValueLayout.JAVA_BYTE, differs));
    }
  }
}

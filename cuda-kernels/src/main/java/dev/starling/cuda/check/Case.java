package dev.starling.cuda.check;

import dev.starling.engine.ConfigurationException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One call of an operation: its length, and a seed from which follow where its vectors lie, its
 * factors and all values. Written {@code average,4097,123}, it can be repeated alone.
 *
 * <pre>
 *   |pad|vector 0|pad...|pad|vector 1|pad...|   ...   |result|     pad 32 bytes or more, compared too
 *       ^ at[0], any multiple of the element's size        ^ 8 bytes, for a search
 * </pre>
 */
final class Case {
  private static final int PAD_BYTES = 32;

  /** Elements of offset: with fewer every alignment of a vector of 16 bytes occurs. */
  private static final int OFFSETS = 8;

  private static final Pattern TEXT = Pattern.compile("(\\w+),([0-9]{1,9}),(-?[0-9]{1,19})");

  private static final int[] SPECIAL = {
    0x00000000, 0x80000000, 0x3f800000, 0xbf800000, // zeros and ones
    0x00000001, 0x80000001, 0x007fffff, 0x00800000, // subnormals and the least normal
    0x3f808000, 0x3f818000, 0x3f817fff, 0x7f7f0000, // halfway between two bfloat16
    0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0xff7fffff, // the largest, of both kinds
    0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, // infinities and NaNs
  };

  private final Operation operation;
  private final int count;
  private final long seed;
  private final long[] at;
  private final float[] factors;
  private final long bytes;

  Case(Operation operation, int count, long seed) {
    this.operation = operation;
    this.count = count;
    this.seed = seed;
    SplittableRandom random = new SplittableRandom(seed);
    int vectors = operation.vectors();
    long stride = strideBytes(count);
    boolean aligned = random.nextBoolean();
    int same = random.nextInt(OFFSETS);
    at = new long[vectors + 1];
    for (int k = 0; k < vectors; k++) {
      int offset = aligned ? same : random.nextInt(OFFSETS);
      at[k] = k * stride + PAD_BYTES + (long) offset * operation.elementBytes(k);
      if (operation.mayShare(k) && random.nextInt(3) == 0) {
        at[k] = at[random.nextInt(k)];
      }
    }
    at[vectors] = vectors * stride;
    bytes = at[vectors] + Long.BYTES;
    factors = new float[operation.factors()];
    for (int k = 0; k < factors.length; k++) {
      factors[k] = random.nextInt(8) == 0 ? 1f : (float) random.nextDouble();
    }
  }

  /** Reads what {@link #toString} writes. */
  static Case parse(String text) {
    Matcher parts = TEXT.matcher(text);
    Operation operation = parts.matches() ? Operation.named(parts.group(1)) : null;
    if (operation == null) {
      throw new ConfigurationException(
          "'%s' is no case: write OPERATION,LENGTH,SEED as they are printed, such as average,17,4"
              .formatted(text));
    }
    return new Case(
        operation, Integer.parseInt(parts.group(2)), new BigInteger(parts.group(3)).longValue());
  }

  /** The most bytes that any case of a length takes. */
  static long mostBytes(int count) {
    int most = Arrays.stream(Operation.values()).mapToInt(Operation::vectors).max().orElseThrow();
    return most * strideBytes(count) + Long.BYTES;
  }

  private static long strideBytes(int count) {
    return (count * (long) Float.BYTES + 2 * PAD_BYTES + OFFSETS * Float.BYTES + 15) & -16L;
  }

  Operation operation() {
    return operation;
  }

  int count() {
    return count;
  }

  /** Where the vectors start, in bytes; the last entry is where a search puts its result. */
  long[] at() {
    return at;
  }

  float[] factors() {
    return factors;
  }

  /** Bytes from the start of the memory to the end of the result. */
  long bytes() {
    return bytes;
  }

  /** Writes the values into memory, those around the vectors too. */
  void fill(MemorySegment memory) {
    SplittableRandom random = new SplittableRandom(~seed);
    for (long i = 0; i < bytes / Float.BYTES; i++) {
      int bits = operation.isSearch() ? finite(random) : any(random);
      memory.setAtIndex(ValueLayout.JAVA_INT, i, bits);
    }
    if (operation.isSearch()) {
      plant(memory, random);
    }
  }

  private static int any(SplittableRandom random) {
    int kind = random.nextInt();
    return switch (kind & 7) {
      case 0 -> SPECIAL[(kind >>> 3) % SPECIAL.length];
      case 1 -> random.nextInt();
      default -> finite(random);
    };
  }

  /** From 2^-10 to 2^10, of either sign. */
  private static int finite(SplittableRandom random) {
    int bits = random.nextInt();
    int exponent = 117 + ((bits >>> 8) % 21);
    return bits & 0x807fffff | exponent << 23;
  }

  /** Up to two elements that are not finite, and two that lie just outside. */
  private void plant(MemorySegment memory, SplittableRandom random) {
    long start = at[0] / Float.BYTES;
    long[] places = {start - 1, start + count, -1, -1};
    for (int k = 2; k < places.length && count > 0; k++) {
      places[k] = random.nextBoolean() ? start + random.nextInt(count) : -1;
    }
    for (long place : places) {
      if (place >= 0) {
        float bad = random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, place, bad);
      }
    }
    memory.set(ValueLayout.JAVA_LONG, at[1], -1);
  }

  /** Whether the four bytes at an offset are one float of a vector. */
  boolean isFloatAt(long offset) {
    return vectorAt(offset, true) >= 0;
  }

  /** Says what lies at an offset. */
  String describe(long offset) {
    int vector = vectorAt(offset, false);
    if (vector >= 0) {
      long element = (offset - at[vector]) / operation.elementBytes(vector);
      return "element %d of vector %d".formatted(element, vector);
    }
    boolean result = operation.isSearch() && offset >= at[1];
    return result ? "the index found" : "byte %d, outside the vectors".formatted(offset);
  }

  private int vectorAt(long offset, boolean floats) {
    for (int k = 0; k < operation.vectors(); k++) {
      long length = (long) count * operation.elementBytes(k);
      boolean kind = !floats || operation.isFloat(k);
      if (kind && offset >= at[k] && offset < at[k] + length) {
        return k;
      }
    }
    return -1;
  }

  /** The text that repeats it. */
  @Override
  public String toString() {
    return operation.label() + "," + count + "," + seed;
  }
}

package dev.starling.cli.checkpoint;

import dev.starling.cli.Json;
import dev.starling.engine.checkpoint.Dtype;
import dev.starling.engine.checkpoint.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * How two tensors of one name differ.
 *
 * @param name their name
 * @param problem why their values cannot be compared, or null
 * @param elements elements of each
 * @param different elements that have other bits
 * @param maxAbs the largest distance of two elements, NaN when one of them has none
 * @param rms the root of the mean squared distance of all elements, NaN likewise
 */
record TensorDiff(
    String name, String problem, long elements, long different, double maxAbs, double rms) {
  private static final String ROW = "%-40s %12s %12s %14s %14s";
  private static final long CHUNK_BYTES = 1 << 16;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The value of an element whose bits are these. */
  @FunctionalInterface
  private interface Value {
    double of(long bits);
  }

  /** Sums over the elements that differ. */
  private static final class Sums {
    private long different;
    private double maxAbs;
    private double squares;

    private void add(double distance) {
      different++;
      maxAbs = Math.max(maxAbs, Math.abs(distance));
      squares += distance * distance;
    }
  }

  /**
   * Compares two tensors.
   *
   * @param a one
   * @param b the other one, of the same name
   * @param comparedBytes is told of the bytes of {@code a} that were compared
   * @return how they differ
   */
  static TensorDiff of(
      SafetensorsFile.Entry a, SafetensorsFile.Entry b, LongConsumer comparedBytes) {
    if (a.dtype() != b.dtype() || !a.shape().equals(b.shape())) {
      return problem(
          a.name(), "%s%s and %s%s".formatted(a.dtype(), a.shape(), b.dtype(), b.shape()));
    }
    long elements = elements(a.shape());
    Value value = value(a.dtype());
    if (value == null) {
      comparedBytes.accept(a.data().byteSize());
      return a.data().mismatch(b.data()) < 0
          ? new TensorDiff(a.name(), null, elements, 0, 0, 0)
          : problem(a.name(), "other bits, " + a.dtype() + " has no distance here");
    }
    Sums sums = new Sums();
    int elementBytes = a.dtype().bits() / Byte.SIZE;
    for (long at = 0; at < a.data().byteSize(); at += CHUNK_BYTES) {
      long end = Math.min(a.data().byteSize(), at + CHUNK_BYTES);
      if (MemorySegment.mismatch(a.data(), at, end, b.data(), at, end) >= 0) {
        compare(a.data(), b.data(), at, end, elementBytes, value, sums);
      }
      comparedBytes.accept(end - at);
    }
    return new TensorDiff(
        a.name(),
        null,
        elements,
        sums.different,
        sums.maxAbs,
        elements == 0 ? 0 : Math.sqrt(sums.squares / elements));
  }

  private static void compare(
      MemorySegment a, MemorySegment b, long from, long to, int bytes, Value value, Sums sums) {
    for (long at = from; at < to; at += bytes) {
      long one = bits(a, at, bytes);
      long other = bits(b, at, bytes);
      if (one != other) {
        sums.add(value.of(one) - value.of(other));
      }
    }
  }

  private static long bits(MemorySegment segment, long at, int bytes) {
    return switch (bytes) {
      case 1 -> segment.get(ValueLayout.JAVA_BYTE, at);
      case 2 -> segment.get(SHORT, at);
      case 4 -> segment.get(INT, at);
      default -> segment.get(LONG, at);
    };
  }

  /** Answers null for types whose elements have no value here. */
  private static Value value(Dtype dtype) {
    return switch (dtype) {
      case F64 -> Double::longBitsToDouble;
      case F32 -> bits -> Float.intBitsToFloat((int) bits);
      case F16 -> bits -> Float.float16ToFloat((short) bits);
      case BF16 -> bits -> Float.intBitsToFloat((int) bits << 16);
      case I8, I16, I32, I64 -> bits -> bits;
      case U8 -> bits -> bits & 0xff;
      case U16 -> bits -> bits & 0xffff;
      case U32 -> bits -> bits & 0xffff_ffffL;
      default -> null;
    };
  }

  private static long elements(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).reduce(1, (x, y) -> x * y);
  }

  /**
   * Tells why two tensors were not compared.
   *
   * @param name their name
   * @param problem why
   * @return a difference
   */
  static TensorDiff problem(String name, String problem) {
    return new TensorDiff(name, problem, 0, 0, Double.NaN, Double.NaN);
  }

  /** {@return whether all bits are the same} */
  boolean isEqual() {
    return problem == null && different == 0;
  }

  /** {@return the difference for programs} */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", name);
    json.put("equal", isEqual());
    if (problem != null) {
      json.put("problem", problem);
    } else {
      json.put("elements", elements);
      json.put("different", different);
      json.put("maxAbs", Json.number(maxAbs));
      json.put("rms", Json.number(rms));
    }
    return json;
  }

  /** {@return the names of the columns} */
  static String heading() {
    return ROW.formatted("tensor", "elements", "different", "max abs", "rms");
  }

  /** {@return the difference for people, without a line break} */
  String row() {
    String shown = name.replaceAll("\\p{Cntrl}", "?");
    if (problem != null) {
      return "%-40s %s".formatted(shown, problem);
    }
    return isEqual()
        ? ROW.formatted(shown, elements, "equal", "-", "-").stripTrailing()
        : ROW.formatted(shown, elements, different, number(maxAbs), number(rms));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.6e", value);
  }
}

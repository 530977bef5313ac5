package dev.starling.engine.kernel;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * How a float becomes a bfloat16, whose bits are the upper half of a float's: one sign, eight bits
 * of exponent, seven of fraction.
 *
 * <pre>
 *   31 30      23 22       16 15               0
 *   |s| exponent | fraction  | rounded away     |
 *   '------ bfloat16 --------'
 * </pre>
 */
final class Bf16 {
  /** A bfloat16 in memory. */
  static final ValueLayout.OfShort LAYOUT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The bits that a bfloat16 keeps. */
  static final int KEPT = 0xffff0000;

  /** All bits of a float but its sign. */
  static final int MAGNITUDE = 0x7fffffff;

  /** Just under half of the last place kept; with that place's own bit added, ties go to even. */
  static final int NEARLY_HALF = 0x7fff;

  /**
   * The magnitude from which on a float is cut instead of rounded: rounded it would be infinite,
   * cut it is the largest bfloat16. An infinity is cut to itself.
   */
  static final int CUT_FROM = 0x7f7f8000;

  /** The magnitude of an infinity; that of a NaN is greater. */
  static final int INFINITY = 0x7f800000;

  /** What every NaN becomes, so that packed bytes depend on no machine's choice of a NaN. */
  static final int NAN = 0x7fc00000;

  private Bf16() {}

  /**
   * Rounds to nearest, ties to even, finite to finite.
   *
   * @param value any float
   * @return the bits of the rounded float; the lower sixteen are zero
   */
  static int round(float value) {
    int bits = Float.floatToRawIntBits(value);
    int magnitude = bits & MAGNITUDE;
    if (magnitude > INFINITY) {
      return NAN;
    }
    int last = (bits >>> 16) & 1;
    int increment = magnitude < CUT_FROM ? NEARLY_HALF + last : 0;
    return (bits + increment) & KEPT;
  }
}

package dev.starling.engine.checkpoint;

import java.util.HashMap;
import java.util.Map;

/** What the elements of a tensor are, under the names of the safetensors format. */
public enum Dtype {
  /** Truth value, one byte. */
  BOOL(8),
  /** Float of 4 bits, two to a byte. */
  F4(4),
  /** Float of 6 bits, 2 of exponent. */
  F6_E2M3(6),
  /** Float of 6 bits, 3 of exponent. */
  F6_E3M2(6),
  /** Unsigned integer of 8 bits. */
  U8(8),
  /** Signed integer of 8 bits. */
  I8(8),
  /** Float of 8 bits, 5 of exponent. */
  F8_E5M2(8),
  /** Float of 8 bits, 4 of exponent. */
  F8_E4M3(8),
  /** Power of two, 8 bits of exponent. */
  F8_E8M0(8),
  /** Signed integer of 16 bits. */
  I16(16),
  /** Unsigned integer of 16 bits. */
  U16(16),
  /** IEEE half precision. */
  F16(16),
  /** The upper half of a float32. */
  BF16(16),
  /** Signed integer of 32 bits. */
  I32(32),
  /** Unsigned integer of 32 bits. */
  U32(32),
  /** IEEE single precision. */
  F32(32),
  /** Complex number of two float32. */
  C64(64),
  /** IEEE double precision. */
  F64(64),
  /** Signed integer of 64 bits. */
  I64(64),
  /** Unsigned integer of 64 bits. */
  U64(64);

  private static final Map<String, Dtype> BY_NAME = new HashMap<>();

  static {
    for (Dtype dtype : values()) {
      BY_NAME.put(dtype.name(), dtype);
    }
  }

  private final int bits;

  Dtype(int bits) {
    this.bits = bits;
  }

  /**
   * Returns the size of an element.
   *
   * @return bits, also fewer than 8
   */
  public int bits() {
    return bits;
  }

  /**
   * Returns the type of a name.
   *
   * @param name as in a file
   * @return the type, or null when there is none
   */
  static Dtype of(String name) {
    return BY_NAME.get(name);
  }
}

package dev.starling.jextract.verbs;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/** The C types of {@link Ibverbs}, {@link Rdmacm} and their structs. */
class VerbsTypes {
  /** C {@code char} and {@code uint8_t}. */
  public static final ValueLayout.OfByte C_CHAR = ValueLayout.JAVA_BYTE;

  /** C {@code uint16_t}. */
  public static final ValueLayout.OfShort C_SHORT = ValueLayout.JAVA_SHORT;

  /** C {@code int}, {@code uint32_t} and enumerations. */
  public static final ValueLayout.OfInt C_INT = ValueLayout.JAVA_INT;

  /** C {@code uint64_t} and {@code size_t}. */
  public static final ValueLayout.OfLong C_LONG = ValueLayout.JAVA_LONG;

  /** A C pointer; what it points at has no size until it is reinterpreted. */
  public static final AddressLayout C_POINTER = ValueLayout.ADDRESS;

  static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

  VerbsTypes() {}
}

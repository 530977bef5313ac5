package dev.starling.jextract.libc;

import dev.starling.jextract.Downcalls;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The C types of {@link Libc} and the way its functions are linked. */
class LibcTypes extends LibcConstants {
  /** C {@code short}. */
  public static final ValueLayout.OfShort C_SHORT = ValueLayout.JAVA_SHORT;

  /** C {@code int}. */
  public static final ValueLayout.OfInt C_INT = ValueLayout.JAVA_INT;

  /** C {@code long}, {@code size_t} and {@code off_t}. */
  public static final ValueLayout.OfLong C_LONG = ValueLayout.JAVA_LONG;

  /** A C pointer; what it points at has no size until it is reinterpreted. */
  public static final AddressLayout C_POINTER = ValueLayout.ADDRESS;

  private static final SymbolLookup SYMBOL_LOOKUP = Linker.nativeLinker().defaultLookup();

  LibcTypes() {}

  /** Links a function of the C library; the handle throws where that is not possible. */
  static MethodHandle link(String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
    return Downcalls.link(
        "the C library (libc)",
        "Starling needs Linux on x86-64 with glibc 2.28 or newer",
        SYMBOL_LOOKUP,
        symbol,
        descriptor,
        options);
  }
}

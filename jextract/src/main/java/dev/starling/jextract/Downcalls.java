package dev.starling.jextract;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;

/**
 * Links native functions so that a failure reaches the caller as a sentence.
 *
 * <p>A binding keeps its handle in a {@code static final} field, so that a call is compiled to a
 * direct jump. An exception thrown while such a field is initialised would surface as an {@link
 * ExceptionInInitializerError} once and as a {@link NoClassDefFoundError} from then on. {@link
 * #link} therefore never throws: where the function cannot be linked it gives a handle of the same
 * type that throws {@link NativeAccessException} whenever it is called.
 *
 * <p>Stateless; safe from any thread.
 */
public final class Downcalls {
  /** What a JVM must be started with before code on the class path may call native functions. */
  public static final String NATIVE_ACCESS_FLAG = "--enable-native-access=ALL-UNNAMED";

  private static final MethodHandle NEW_EXCEPTION;

  static {
    try {
      NEW_EXCEPTION =
          MethodHandles.lookup()
              .findConstructor(
                  NativeAccessException.class, MethodType.methodType(void.class, String.class));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("NativeAccessException lost its constructor", e);
    }
  }

  private Downcalls() {}

  /**
   * Links one function, or prepares the sentence that says why it cannot be called.
   *
   * @param library name of the library for messages, for example {@code the C library (libc)}
   * @param cure what to install or change when the library lacks the symbol, a clause that follows
   *     a colon and takes no full stop
   * @param lookup where the symbol is looked for
   * @param symbol name of the function
   * @param descriptor its C signature
   * @param options linker options such as {@code captureCallState}
   * @return a handle of the type that {@link Linker#downcallHandle(MemorySegment,
   *     FunctionDescriptor, Linker.Option...)} gives; calling it throws {@link
   *     NativeAccessException} if the symbol is missing or native access is denied
   */
  @SuppressWarnings("restricted")
  public static MethodHandle link(
      String library,
      String cure,
      SymbolLookup lookup,
      String symbol,
      FunctionDescriptor descriptor,
      Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> address = lookup.find(symbol);
    if (address.isEmpty()) {
      return refusing(missing(library, symbol, cure), descriptor, options);
    }
    try {
      return linker.downcallHandle(address.get(), descriptor, options);
    } catch (IllegalCallerException denied) {
      return refusing(denied(library, symbol), descriptor, options);
    }
  }

  /**
   * Links a function whose address is known only when it is called, such as a pointer in a table of
   * a driver.
   *
   * @param library name of the library for messages
   * @param symbol name of the function for messages
   * @param descriptor its C signature
   * @param options linker options such as {@code captureCallState}
   * @return a handle that takes the function's address first; calling it throws {@link
   *     NativeAccessException} if native access is denied
   */
  @SuppressWarnings("restricted")
  public static MethodHandle linkPointer(
      String library, String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
    try {
      return Linker.nativeLinker().downcallHandle(descriptor, options);
    } catch (IllegalCallerException denied) {
      return MethodHandles.dropArguments(
          refusing(denied(library, symbol), descriptor, options), 0, MemorySegment.class);
    }
  }

  /**
   * Makes the handle of a function that cannot be called.
   *
   * @param symbol name of the function
   * @param reason why it cannot be called and what to do about it, a clause that takes no full stop
   * @param descriptor its C signature
   * @param options linker options such as {@code captureCallState}
   * @return a handle of the type that the downcall would have; calling it throws {@link
   *     NativeAccessException} with one sentence
   */
  public static MethodHandle refuse(
      String symbol, String reason, FunctionDescriptor descriptor, Linker.Option... options) {
    String sentence = "The function '%s' cannot be called because %s.".formatted(symbol, reason);
    return refusing(sentence, descriptor, options);
  }

  private static String missing(String library, String symbol, String cure) {
    return "The function '%s' cannot be called because %s on this machine does not have it: %s."
        .formatted(symbol, library, cure);
  }

  private static String denied(String library, String symbol) {
    return ("The function '%s' of %s cannot be called because this JVM denies native access:"
            + " start java with %s.")
        .formatted(symbol, library, NATIVE_ACCESS_FLAG);
  }

  /** A handle of the shape of the downcall that throws a new exception with the sentence. */
  private static MethodHandle refusing(
      String sentence, FunctionDescriptor descriptor, Linker.Option... options) {
    MethodType type = descriptor.toMethodType();
    for (Linker.Option option : options) {
      if (option.equals(Linker.Option.captureCallState("errno"))) {
        type = type.insertParameterTypes(0, MemorySegment.class);
      }
    }
    MethodHandle thrower =
        MethodHandles.foldArguments(
            MethodHandles.throwException(type.returnType(), NativeAccessException.class),
            NEW_EXCEPTION.bindTo(sentence));
    return MethodHandles.dropArguments(thrower, 0, type.parameterList());
  }
}

package dev.starling.jextract;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * A shared library that a machine may or may not have. Opening it never fails: where it cannot be
 * loaded, {@link #unavailableReason()} says why in one sentence, and so does every call of every
 * function that was linked through it.
 *
 * <pre>
 *   -Dproperty=FILE ---+
 *                      +--> dlopen --> symbols --> {@link Downcalls}
 *   soname ------------+        \--> reason ----> handles that throw it
 * </pre>
 *
 * <p>A library stays loaded until the JVM ends. Immutable; safe from any thread.
 */
public final class NativeLibrary {
  private final String file;
  private final String cure;
  private final Optional<SymbolLookup> lookup;

  /** A clause such as "the library 'x' cannot be loaded ...: do this"; empty if loaded. */
  private final String reason;

  private NativeLibrary(String file, String cure, Optional<SymbolLookup> lookup, String reason) {
    this.file = file;
    this.cure = cure;
    this.lookup = lookup;
    this.reason = reason;
  }

  /**
   * Loads a library, or finds out why that is not possible.
   *
   * @param soname file name that the dynamic linker looks for, for example {@code libibverbs.so.1}
   * @param property system property that names another file to load, read now; empty counts as
   *     absent
   * @param cure what to install where the library or one of its functions is missing, an imperative
   *     clause without full stop
   * @return the library, whether or not it could be loaded
   */
  public static NativeLibrary open(String soname, String property, String cure) {
    String named = System.getProperty(property, "");
    String file = named.isEmpty() ? soname : named;
    try {
      return new NativeLibrary(file, cure, Optional.of(load(file)), "");
    } catch (IllegalArgumentException notFound) {
      String remedy =
          named.isEmpty()
              ? "%s, or name its file with -D%s=FILE".formatted(cure, property)
              : "-D%s names it, so correct or remove that property".formatted(property);
      return new NativeLibrary(
          file,
          cure,
          Optional.empty(),
          "the library '%s' cannot be loaded on this machine: %s".formatted(file, remedy));
    } catch (IllegalCallerException denied) {
      return new NativeLibrary(
          file,
          cure,
          Optional.empty(),
          "the library '%s' cannot be loaded because this JVM denies native access: start java with %s"
              .formatted(file, Downcalls.NATIVE_ACCESS_FLAG));
    }
  }

  @SuppressWarnings("restricted")
  private static SymbolLookup load(String file) {
    return SymbolLookup.libraryLookup(file, Arena.global());
  }

  /** {@return whether the library is loaded; that says nothing about the devices it serves} */
  public boolean isAvailable() {
    return lookup.isPresent();
  }

  /** {@return one sentence with the cure that says why it is not loaded; empty if it is} */
  public String unavailableReason() {
    return reason.isEmpty()
        ? ""
        : Character.toUpperCase(reason.charAt(0)) + reason.substring(1) + ".";
  }

  /**
   * Links a function that every version of the library has.
   *
   * @param symbol name of the function
   * @param descriptor its C signature
   * @param options linker options such as {@code captureCallState}
   * @return a handle that calls it, or that throws {@link NativeAccessException} with the reason
   */
  public MethodHandle link(String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
    return linkSince(cure, symbol, descriptor, options);
  }

  /**
   * Links a function that older versions of the library lack.
   *
   * @param newer what to install where it is missing, an imperative clause without full stop
   * @param symbol name of the function
   * @param descriptor its C signature
   * @param options linker options such as {@code captureCallState}
   * @return a handle that calls it, or that throws {@link NativeAccessException} with the reason
   */
  public MethodHandle linkSince(
      String newer, String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
    if (lookup.isEmpty()) {
      return Downcalls.refuse(symbol, reason, descriptor, options);
    }
    return Downcalls.link(
        "the library '%s'".formatted(file), newer, lookup.get(), symbol, descriptor, options);
  }
}

package dev.starling.jextract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class DowncallsTest {
  private static final FunctionDescriptor DESCRIPTOR =
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
  private static final String MISSING =
      "The function 'starling_no_such' cannot be called because the test library on this machine"
          + " does not have it: install the library.";

  @Test
  void shouldNameFunctionLibraryAndCureWhenTheSymbolIsMissing() {
    MethodHandle handle = link();
    NativeAccessException first =
        assertThrows(NativeAccessException.class, () -> handle.invoke(MemorySegment.NULL, 1L));
    NativeAccessException second =
        assertThrows(NativeAccessException.class, () -> handle.invoke(MemorySegment.NULL, 1L));
    assertEquals(MISSING, first.getMessage());
    assertEquals(MISSING, second.getMessage());
    assertNotSame(first, second, "each call has its own stack trace");
  }

  @Test
  @SuppressWarnings("restricted")
  void shouldKeepTheTypeOfTheDowncallWhenTheSymbolIsMissing() {
    Linker.Option errno = Linker.Option.captureCallState("errno");
    Linker.Option variadic = Linker.Option.firstVariadicArg(1);
    MemorySegment getpid = Linker.nativeLinker().defaultLookup().find("getpid").orElseThrow();
    for (Linker.Option[] options :
        new Linker.Option[][] {{}, {errno}, {variadic}, {errno, variadic}, {variadic, errno}}) {
      assertEquals(
          Linker.nativeLinker().downcallHandle(getpid, DESCRIPTOR, options).type(),
          link(options).type());
    }
  }

  @Test
  void shouldCallTheFunctionWhenTheSymbolIsThere() throws Throwable {
    MethodHandle getpid =
        Downcalls.link(
            "the C library",
            "none",
            Linker.nativeLinker().defaultLookup(),
            "getpid",
            FunctionDescriptor.of(ValueLayout.JAVA_INT));
    assertEquals(ProcessHandle.current().pid(), (int) getpid.invokeExact());
  }

  @Test
  @Timeout(60)
  void shouldNameTheFlagOnEveryCallWhenNativeAccessIsDenied() throws Exception {
    assertEquals(
        List.of(denied("getpid"), denied("getpid"), denied("strerror")),
        probe("--illegal-native-access=deny"));
  }

  @Test
  @Timeout(60)
  void shouldCallWhenTheFlagOfTheSentenceIsGiven() throws Exception {
    assertEquals(
        Collections.nCopies(3, "called"),
        probe("--illegal-native-access=deny", Downcalls.NATIVE_ACCESS_FLAG));
  }

  private static String denied(String symbol) {
    return "The function '"
        + symbol
        + "' of the C library (libc) cannot be called because this JVM denies native access:"
        + " start java with --enable-native-access=ALL-UNNAMED.";
  }

  private static MethodHandle link(Linker.Option... options) {
    return Downcalls.link(
        "the test library",
        "install the library",
        Linker.nativeLinker().defaultLookup(),
        "starling_no_such",
        DESCRIPTOR,
        options);
  }

  /** Output lines of a JVM that runs {@link NativeAccessProbe} with these flags. */
  private static List<String> probe(String... flags) throws Exception {
    return ChildJvm.run(NativeAccessProbe.class, flags);
  }
}

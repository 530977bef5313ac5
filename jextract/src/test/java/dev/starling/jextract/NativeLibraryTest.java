package dev.starling.jextract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NativeLibraryTest {
  private static final String PROPERTY = "starling.test.library";
  private static final FunctionDescriptor DESCRIPTOR = FunctionDescriptor.of(ValueLayout.JAVA_INT);

  @AfterEach
  void clear() {
    System.clearProperty(PROPERTY);
  }

  @Test
  void shouldCallWhenTheLibraryIsThere() throws Throwable {
    NativeLibrary library = open("libc.so.6");
    assertTrue(library.isAvailable());
    assertEquals("", library.unavailableReason());
    MethodHandle getpid = library.link("getpid", DESCRIPTOR);
    assertEquals(ProcessHandle.current().pid(), (int) getpid.invokeExact());
  }

  @Test
  void shouldNameTheCureWhenTheLibraryIsMissing() {
    String clause =
        "the library 'libnone.so.1' cannot be loaded on this machine: install none,"
            + " or name its file with -Dstarling.test.library=FILE.";
    NativeLibrary library = open("libnone.so.1");
    assertFalse(library.isAvailable());
    assertEquals("T" + clause.substring(1), library.unavailableReason());
    assertEquals(
        "The function 'some' cannot be called because " + clause,
        refusal(library.link("some", DESCRIPTOR)));
    assertEquals(
        "The function 'some' cannot be called because " + clause,
        refusal(library.linkSince("install none 2 or newer", "some", DESCRIPTOR)));
  }

  @Test
  void shouldNameThePropertyWhenItsFileIsMissing() {
    System.setProperty(PROPERTY, "/no/such/library.so");
    assertEquals(
        "The library '/no/such/library.so' cannot be loaded on this machine:"
            + " -Dstarling.test.library names it, so correct or remove that property.",
        open("libc.so.6").unavailableReason());
  }

  @Test
  void shouldPreferTheFileOfThePropertyUnlessItIsEmpty() {
    System.setProperty(PROPERTY, "libc.so.6");
    assertTrue(open("libnone.so.1").isAvailable());
    System.setProperty(PROPERTY, "");
    assertFalse(open("libnone.so.1").isAvailable());
  }

  @Test
  void shouldNameTheVersionWhenAnOlderLibraryLacksAFunction() {
    NativeLibrary library = open("libc.so.6");
    assertEquals(
        "The function 'starling_no_such' cannot be called because the library 'libc.so.6' on this"
            + " machine does not have it: install none 2 or newer.",
        refusal(library.linkSince("install none 2 or newer", "starling_no_such", DESCRIPTOR)));
  }

  private static NativeLibrary open(String soname) {
    return NativeLibrary.open(soname, PROPERTY, "install none");
  }

  private static String refusal(MethodHandle handle) {
    return assertThrows(NativeAccessException.class, () -> handle.invoke()).getMessage();
  }
}

package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class ErrorReporterTest {
  private static String report(int expectedCode, Throwable failure) {
    StringWriter err = new StringWriter();
    PrintWriter out = new PrintWriter(new StringWriter());
    Terminal terminal = new Terminal(out, new PrintWriter(err), false);
    assertEquals(expectedCode, new ErrorReporter(terminal).report(failure, false, false));
    assertEquals(1, err.toString().lines().count(), err.toString());
    return err.toString().strip();
  }

  @Test
  void shouldTellWhatFailedWhenTheEngineFails() {
    assertEquals("starling: a=1: b", report(ExitCodes.USAGE, new ConfigurationException("a=1: b")));
    assertEquals("starling: c d", report(ExitCodes.FAILURE, new StarlingException("c\n  d")));
  }

  @Test
  void shouldNameTheFileAndTheCureWhenAFileFails() {
    assertEquals(
        "starling: /x: access denied; choose a path that can be used",
        report(ExitCodes.FAILURE, new AccessDeniedException("/x")));
    FileSystemException full = new FileSystemException("/x", null, "No space left on device");
    assertTrue(report(ExitCodes.FAILURE, new UncheckedIOException(full)).contains("No space left"));
    assertEquals("starling: gone", report(ExitCodes.FAILURE, new IOException("gone")));
  }

  @Test
  void shouldNameTheHeapWhenItIsExhausted() {
    String told = report(ExitCodes.FAILURE, new OutOfMemoryError("Java heap space"));
    assertTrue(told.contains("MiB is too small (Java heap space)"), told);
  }

  @Test
  void shouldTellTheInnermostCauseWhenNativeCodeCannotBeLinked() {
    Throwable linkage =
        new ExceptionInInitializerError(new IllegalStateException("libc has no symbol x"));
    assertEquals("starling: libc has no symbol x", report(ExitCodes.FAILURE, linkage));
  }

  @Test
  void shouldCallItAFaultWhenNobodyExpectedIt() {
    String told = report(ExitCodes.FAILURE, new IllegalStateException("odd"));
    assertTrue(told.contains("unexpected") && told.contains("odd"), told);
    assertTrue(told.contains("report it with the output of --verbose"), told);
  }
}

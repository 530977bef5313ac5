package dev.starling.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a command writes.
 *
 * @param out the report, or one line of JSON
 * @param err progress and errors
 * @param interactive whether a person watches {@code err} on a terminal, so that a line may be
 *     redrawn
 */
public record Terminal(PrintWriter out, PrintWriter err, boolean interactive) {
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  /**
   * Opens the streams of this process.
   *
   * @return standard output and error, UTF-8, flushed with every line
   */
  static Terminal ofProcess() {
    return new Terminal(writer(FileDescriptor.out), writer(FileDescriptor.err), isTerminal());
  }

  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** Linux only: what file descriptor 2 leads to. A terminal that cannot be redrawn is none. */
  private static boolean isTerminal() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      String target = Files.readSymbolicLink(STANDARD_ERROR).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException unknown) {
      return false;
    }
  }
}

package dev.starling.cli;

import java.io.BufferedReader;
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
  private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");
  private static final Path CONTROLLING = Path.of("/dev/tty");
  private static final int DEFAULT_COLUMNS = 80;
  private static final int MIN_COLUMNS = 40;

  /**
   * Opens the streams of this process.
   *
   * @return standard output and error, UTF-8, flushed with every line
   */
  static Terminal ofProcess() {
    return new Terminal(
        writer(FileDescriptor.out), writer(FileDescriptor.err), isTerminal(STANDARD_ERROR));
  }

  /**
   * Asks how wide the terminal is: COLUMNS when it is set, otherwise stty(1).
   *
   * @return columns, 80 when nobody knows
   */
  public int columns() {
    String columns = System.getenv("COLUMNS");
    if (columns == null && interactive && Files.isReadable(CONTROLLING)) {
      columns = sttyColumns();
    }
    return columns == null || !columns.matches("[0-9]{1,4}")
        ? DEFAULT_COLUMNS
        : Math.max(MIN_COLUMNS, Integer.parseInt(columns));
  }

  private static String sttyColumns() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(CONTROLLING.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (BufferedReader rowsAndColumns = stty.inputReader()) {
        String line = rowsAndColumns.readLine();
        return line == null ? null : line.substring(line.indexOf(' ') + 1);
      } finally {
        stty.destroy();
      }
    } catch (IOException noSuchProgram) {
      return null;
    }
  }

  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /**
   * Tells whether standard output goes to a terminal as well, where results and a redrawn line
   * would mix.
   *
   * @return whether a person sees both
   */
  public boolean showsResults() {
    return interactive && isTerminal(STANDARD_OUTPUT);
  }

  /** Linux only: what a file descriptor leads to. A terminal that cannot be redrawn is none. */
  private static boolean isTerminal(Path descriptor) {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException unknown) {
      return false;
    }
  }
}

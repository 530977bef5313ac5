package dev.starling.cli;

/**
 * Adds a command to {@code starling}. Modules that are on the class path are found through {@link
 * java.util.ServiceLoader}; the command line never names them.
 */
public interface SubCommandProvider {
  /**
   * Creates the command.
   *
   * @param terminal where it writes
   * @return an object annotated with {@link picocli.CommandLine.Command}, best a {@link
   *     StarlingCommand}
   */
  Object command(Terminal terminal);
}

package dev.starling.cli;

import picocli.CommandLine.Option;

/** The options of every command. */
public final class CommonOptions {
  @Option(
      names = "--json",
      description =
          "Print one JSON object as the last line of standard output instead of a report.")
  private boolean json;

  @Option(
      names = "--verbose",
      description = "Print the stack trace under the sentence when the command fails.")
  private boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help and exit.")
  @SuppressWarnings("unused") // picocli acts on it
  private boolean help;

  /** Creates the options, all off. */
  public CommonOptions() {}

  /**
   * Tells whether JSON was asked for.
   *
   * @return whether standard output ends with one JSON object
   */
  public boolean json() {
    return json;
  }

  boolean verbose() {
    return verbose;
  }
}

package dev.starling.cli;

/** What a process of the command line ends with. A signal adds 128 to its number instead. */
public final class ExitCodes {
  /** The command did what it was asked for. */
  public static final int OK = 0;

  /** The machine, a file or a peer failed. */
  public static final int FAILURE = 1;

  /** The command line asked for something that does not exist or is out of range. */
  public static final int USAGE = 2;

  private ExitCodes() {}
}

package dev.starling.cli.train;

import dev.starling.cli.OwnJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** One worker's process as its supervisor sees it. Belongs to the supervisor's thread. */
final class WorkerProcess {
  private static final int SIGNAL_BASE = 128;
  private static final int SIGHUP = 1;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;
  private static final int FAILURE = 1;
  private static final int USAGE = 2;
  private static final long KILLED_LIMIT_MS = 5_000;

  /** Starts a worker's process. */
  @FunctionalInterface
  interface Starter {
    /** What the system does. */
    Starter SYSTEM =
        command ->
            new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .start();

    /**
     * Starts it.
     *
     * @param command the program and its arguments
     * @return the process, whose standard input ends with this process
     * @throws IOException when it cannot be started
     */
    Process start(List<String> command) throws IOException;

    /**
     * Starts the thread that reads what a process writes.
     *
     * @param reader the thread
     */
    default void read(Thread reader) {
      reader.start();
    }
  }

  private final int rank;
  private final int incarnation;
  private final Process process;
  private final long startedNs = System.nanoTime();
  private final Thread reader;
  private volatile String lastLine = "it said nothing";
  private boolean accountedFor;
  private long endSeenNs;
  private boolean killed;
  private boolean returnUntold;
  private boolean silenceTold;

  /**
   * Starts the process, with the Java, the flags and the class path of this one.
   *
   * @param rank the worker
   * @param incarnation how many times it was started before
   * @param returns whether it was started before in this run
   * @param board the job's board
   * @param arguments the run's options as they were given
   * @param output takes each line that the process writes, from a thread of its own
   * @param starter starts the process
   * @throws IOException when it cannot be started
   */
  WorkerProcess(
      int rank,
      int incarnation,
      boolean returns,
      Path board,
      List<String> arguments,
      Consumer<String> output,
      Starter starter)
      throws IOException {
    this.rank = rank;
    this.incarnation = incarnation;
    returnUntold = returns;
    process = start(starter, command(rank, incarnation, board, arguments));
    reader = new Thread(() -> read(output), "starling-output-" + rank);
    reader.setDaemon(true);
    try {
      starter.read(reader);
    } catch (OutOfMemoryError shortOfThreads) {
      // Nobody would ever end it.
      process.destroyForcibly();
      throw shortOfThreads(shortOfThreads);
    }
  }

  /** A process whose start needs a thread that the system refuses runs, though nobody has it. */
  private static Process start(Starter starter, List<String> command) throws IOException {
    Set<ProcessHandle> before = ProcessHandle.current().children().collect(Collectors.toSet());
    try {
      return starter.start(command);
    } catch (OutOfMemoryError shortOfThreads) {
      ProcessHandle.current()
          .children()
          .filter(child -> !before.contains(child))
          .forEach(ProcessHandle::destroyForcibly);
      throw shortOfThreads(shortOfThreads);
    }
  }

  private static IOException shortOfThreads(OutOfMemoryError failure) {
    return new IOException(
        "the system refuses the threads that look after it ("
            + failure.getMessage()
            + "): raise the number of processes and threads (ulimit -u, or pids.max of the control"
            + " group), or free memory",
        failure);
  }

  private static List<String> command(
      int rank, int incarnation, Path board, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(WorkerCommand.NAME));
    command.addAll(List.of("--board", board.toString()));
    command.addAll(List.of("--as-rank", Integer.toString(rank)));
    command.addAll(List.of("--incarnation", Integer.toString(incarnation)));
    command.addAll(arguments);
    return OwnJvm.command(command);
  }

  private void read(Consumer<String> output) {
    try (BufferedReader lines = process.errorReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("WARNING: Using incubator modules")) {
          lastLine = line;
          output.accept(line);
        }
      }
    } catch (IOException | UncheckedIOException streamClosed) {
      lastLine = "its output broke off (" + streamClosed.getMessage() + ")";
    }
  }

  int rank() {
    return rank;
  }

  int incarnation() {
    return incarnation;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** {@return whether its end has been dealt with} */
  boolean isAccountedFor() {
    return accountedFor;
  }

  /** Its end is dealt with now; what it wrote last has been read. */
  void accountFor() throws InterruptedException {
    accountedFor = true;
    reader.join(KILLED_LIMIT_MS);
  }

  /** {@return how long ago it was started, in nanoseconds} */
  long ageNs() {
    return System.nanoTime() - startedNs;
  }

  /** {@return whether it joins while the others train, and nobody has been told that it has} */
  boolean isReturnUntold() {
    return returnUntold;
  }

  void returnUntold(boolean untold) {
    returnUntold = untold;
  }

  boolean isSilenceTold() {
    return silenceTold;
  }

  void silenceTold(boolean told) {
    silenceTold = told;
  }

  /** {@return whether it ended by itself, with a sentence of its own} */
  boolean reportedAnError() {
    return process.exitValue() == FAILURE || process.exitValue() == USAGE;
  }

  /** {@return whether a signal ended it by which people and terminals ask processes to end} */
  boolean wasAskedToEnd() {
    int signal = process.exitValue() - SIGNAL_BASE;
    return signal == SIGHUP || signal == SIGINT || signal == SIGTERM;
  }

  /** {@return nanoseconds since this was asked first; the process must have ended} */
  long endedAgoNs() {
    long nowNs = System.nanoTime();
    if (endSeenNs == 0) {
      endSeenNs = nowNs;
    }
    return nowNs - endSeenNs;
  }

  /** {@return the last line that it wrote} */
  String lastLine() {
    return lastLine;
  }

  /** {@return the reason of its end in a few words} */
  String howItEnded() {
    int code = process.exitValue();
    if (code > SIGNAL_BASE) {
      return "killed by signal " + (code - SIGNAL_BASE);
    }
    return "exit code " + code + ": " + lastLine;
  }

  /** {@return whether {@link #kill} was called} */
  boolean isKilled() {
    return killed;
  }

  void kill() {
    killed = true;
    process.destroyForcibly();
  }

  /**
   * Waits for the end, and kills the process when it does not come in time.
   *
   * @param limitNs how long to wait
   * @return whether it ended by itself
   */
  boolean close(long limitNs) {
    boolean ended = false;
    boolean interrupted = false;
    try {
      ended = process.waitFor(Math.max(0, limitNs), TimeUnit.NANOSECONDS);
    } catch (InterruptedException again) {
      interrupted = true;
    }
    if (!ended) {
      process.destroyForcibly();
    }
    try {
      // A killed process may be in the kernel for a moment still; its files must be given up first.
      process.waitFor(KILLED_LIMIT_MS, TimeUnit.MILLISECONDS);
      reader.join(KILLED_LIMIT_MS);
    } catch (InterruptedException again) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ended;
  }
}

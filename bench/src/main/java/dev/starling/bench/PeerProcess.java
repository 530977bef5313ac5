package dev.starling.bench;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A second JVM with the class path and the module options of this one, spoken to by its standard
 * input and output; what it prints as an error appears here. It ends when its input does.
 */
final class PeerProcess implements AutoCloseable {
  private static final long ANSWER_LIMIT_S = 120;
  private static final long END_LIMIT_S = 60;

  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;

  private PeerProcess(Process process) {
    this.process = process;
    in = new DataInputStream(process.getInputStream());
    out = new DataOutputStream(process.getOutputStream());
  }

  /**
   * Starts it.
   *
   * @param main the class whose main method it runs
   * @param arguments the arguments of that
   * @return the process, owned by the caller
   * @throws IOException when it does not start
   */
  static PeerProcess start(Class<?> main, long... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (long argument : arguments) {
      command.add(Long.toString(argument));
    }
    return new PeerProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /**
   * Waits for a byte of the process, up to {@value #ANSWER_LIMIT_S} s, then kills it.
   *
   * @param what what it means, for the message
   * @throws IOException when the process ended instead, or nothing came
   */
  void await(String what) throws IOException {
    try {
      if (CompletableFuture.supplyAsync(this::read).get(ANSWER_LIMIT_S, TimeUnit.SECONDS) < 0) {
        throw new IOException("the peer's process ended before " + what + "; it says why above");
      }
    } catch (TimeoutException late) {
      process.destroyForcibly();
      throw new IOException(
          "the peer's process did not say within %d s that %s: make the machine quieter"
              .formatted(ANSWER_LIMIT_S, what),
          late);
    } catch (ExecutionException unreadable) {
      throw new IOException(
          "the peer's process cannot be read; it says why above", unreadable.getCause());
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted before " + what, interrupted);
    }
  }

  private int read() {
    try {
      return in.read();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /**
   * Tells the process a number.
   *
   * @param number what it reads as an int
   * @throws IOException when it has ended
   */
  void tell(int number) throws IOException {
    out.writeInt(number);
    out.flush();
  }

  /** Ends its input and waits for its end, up to {@value #END_LIMIT_S} s, then kills it. */
  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException ended) {
      // It has ended by itself: then there is nothing to tell it.
      process.destroy();
    }
    try {
      if (!process.waitFor(END_LIMIT_S, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}

package dev.starling.bench;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A second JVM with the class path and the module options of this one, spoken to by its standard
 * input and output; what it prints as an error appears here. It ends when its input does.
 */
final class PeerProcess implements AutoCloseable {
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
   * Waits for a byte of the process.
   *
   * @param what what it means, for the message
   * @throws IOException when the process ended instead
   */
  void await(String what) throws IOException {
    if (in.read() < 0) {
      throw new IOException("the peer's process ended before " + what + "; it says why above");
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

package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The process of a {@link DeathMain}, seen from the test. */
final class DeathProcess implements AutoCloseable {
  private static final int ENDED_BY_KILL = 137;

  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final long limitNs;

  /**
   * Starts the process, with this JVM's class path and flags.
   *
   * @param settings which rank
   * @param tell takes the lines that it prints
   */
  DeathProcess(DeathRank.Settings settings, Consumer<String> tell) throws IOException {
    limitNs = settings.patienceNs();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> !flag.startsWith("-javaagent") && !flag.startsWith("-agentlib"))
        .forEach(command::add);
    command.addAll(List.of("-cp", classPath(), DeathMain.class.getName()));
    command.addAll(settings.arguments());
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread reader = new Thread(() -> read(tell), "lines of rank " + settings.rank());
    reader.setDaemon(true);
    reader.start();
  }

  /** JUnit's console has a class loader of its own for the tests. */
  private static String classPath() {
    StringJoiner path = new StringJoiner(File.pathSeparator);
    if (DeathMain.class.getClassLoader() instanceof URLClassLoader loader) {
      for (URL url : loader.getURLs()) {
        path.add(Path.of(URI.create(url.toString())).toString());
      }
    }
    return path.add(System.getProperty("java.class.path")).toString();
  }

  private void read(Consumer<String> tell) {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
        tell.accept(line);
      }
    } catch (IOException ended) {
      tell.accept("its output ended: " + ended.getMessage());
    }
  }

  /**
   * Waits for a line; those before it are gone.
   *
   * @param part what it begins with, or holds after TOLD
   * @return the line
   */
  String await(String part) throws InterruptedException {
    long deadlineNs = System.nanoTime() + limitNs;
    while (true) {
      String line = lines.poll(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS);
      assertNotNull(line, () -> "the other rank did not say '" + part + "' in time");
      if (line.startsWith(part) || line.startsWith("TOLD ") && line.contains(part)) {
        return line;
      }
    }
  }

  /**
   * Has the agent stop, and waits until it has.
   *
   * @return the word of the home's lock that it holds
   */
  long stopAt(DeathMain.Point point) throws Exception {
    send("stop " + point);
    String said = await("AT " + point + " ");
    return Long.parseLong(said.substring(said.lastIndexOf(' ') + 1));
  }

  void send(String command) throws IOException {
    process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /** Sends SIGKILL. */
  void kill() {
    process.destroyForcibly();
  }

  void requireKilled() throws InterruptedException {
    assertTrue(process.waitFor(limitNs, TimeUnit.NANOSECONDS), "it does not end");
    assertEquals(ENDED_BY_KILL, process.exitValue(), "it was to die by SIGKILL");
  }

  /** Sends a signal by its name. */
  void signal(String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
    assertEquals(0, kill.waitFor(), name);
  }

  /** Ends its input, and waits until it has left. */
  void leave() throws Exception {
    process.getOutputStream().close();
    assertTrue(process.waitFor(limitNs, TimeUnit.NANOSECONDS), "it does not leave");
    assertEquals(0, process.exitValue());
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}

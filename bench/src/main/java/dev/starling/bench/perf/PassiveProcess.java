package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
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
 * A second process that owns a replica and sleeps, as a peer whose agent has nothing to do. It ends
 * with its standard input, and so with its parent.
 */
final class PassiveProcess implements AutoCloseable {
  private static final int WORKERS = 2;
  private static final long START_LIMIT_S = 60;
  private static final long END_LIMIT_S = 30;

  private final Process process;

  private PassiveProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts the process and waits until its replica is there.
   *
   * @param job the job
   * @param rank its rank
   * @param layout the replica's layout, for two workers
   * @return the process, owned by the caller
   * @throws IOException when it cannot be started
   */
  static PassiveProcess start(long job, int rank, ReplicaLayout layout) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx64m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(PassiveProcess.class.getName(), Long.toString(job), Integer.toString(rank)));
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      command.add(Long.toString(layout.stripeParameters(stripe)));
    }
    PassiveProcess passive =
        new PassiveProcess(
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    try {
      passive.awaitReady();
      return passive;
    } catch (Throwable failure) {
      passive.close();
      throw failure;
    }
  }

  private void awaitReady() {
    try {
      int first =
          CompletableFuture.supplyAsync(this::readByte).get(START_LIMIT_S, TimeUnit.SECONDS);
      if (first < 0) {
        throw new StarlingException(
            "the second process ended before its replica was there: its own message is above");
      }
    } catch (TimeoutException late) {
      process.destroyForcibly();
      throw new StarlingException(
          "the second process was not ready within %d s: give it processor time and memory, or leave --processes out"
              .formatted(START_LIMIT_S),
          late);
    } catch (ExecutionException unreadable) {
      throw new StarlingException(
          "the second process cannot be read (%s): its own message is above"
              .formatted(unreadable.getCause()),
          unreadable);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new StarlingException("interrupted while the second process started", interrupted);
    }
  }

  private int readByte() {
    try {
      return process.getInputStream().read();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /**
   * The second process.
   *
   * @param arguments job, rank, and the parameters of each stripe
   * @throws IOException when its input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    long job = Long.parseLong(arguments[0]);
    int rank = Integer.parseInt(arguments[1]);
    long[] stripes = new long[arguments.length - 2];
    for (int i = 0; i < stripes.length; i++) {
      stripes[i] = Long.parseLong(arguments[i + 2]);
    }
    ReplicaLayout layout = ReplicaLayout.ofStripes(WORKERS, stripes);
    Replica replica = Ends.replica(layout, job, rank, 0, Ends.PEERS);
    ExitRemoval removal = new ExitRemoval(Ends.regionPath(job, rank, 0));
    try {
      System.out.write('r');
      System.out.flush();
      while (System.in.read() >= 0) {
        replica.heartbeat(System.nanoTime());
      }
    } finally {
      replica.close();
      removal.close();
    }
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(END_LIMIT_S, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException ended) {
      process.destroyForcibly();
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}

package dev.starling.bench;

import dev.starling.engine.baseline.RingMean;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.ParallelCpuKernels;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The mean of a vector over two processes by {@link RingMean}: both fill their vector, tell that
 * they are ready, and reduce; the time is this side's, from when both are ready.
 */
final class TwoProcessMean implements AutoCloseable {
  private static final float[] VALUES = {1f, 3f};
  private static final float MEAN = 2f;
  private static final long PEER_LIMIT_S = 60;
  private static final long ROUND_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);

  /** One process's side. */
  private static final class Side implements AutoCloseable {
    private final ReplicaLayout layout;
    private final int rank;
    private final long wordOffset;
    private Replica home;
    private Remote peer;
    private Kernels kernels;
    private RingMean ring;
    private long round;

    Side(long job, long bytes, int rank) {
      this.rank = rank;
      layout = ReplicaLayout.of(2, bytes / Float.BYTES, bytes);
      wordOffset = layout.lineOffset(0) + ControlLine.ROUND_OFFSET;
      ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
      home = Replica.createShared(fabric.regionPath(job, rank, 0), layout, job, rank, 0);
      for (int plane = 0; plane < 2; plane++) {
        fill(plane);
      }
    }

    void connect(long job) {
      ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
      peer = fabric.connect(fabric.describe(job, 1 - rank, 0), layout, rank, 0);
      kernels = ParallelCpuKernels.of(1);
      ring =
          new RingMean(
              rank,
              2,
              home.segment(),
              wordOffset,
              peer,
              kernels,
              JobContext.CHUNK_BYTES_DEFAULT / 4,
              null);
    }

    private long vector() {
      return layout.planeOffset(0, (int) (round & 1));
    }

    private void fill(int plane) {
      VectorKernels.fill(
          home.segment(), layout.planeOffset(0, plane), VALUES[rank], layout.parameterCount());
    }

    /** Fills the next vector and tells that it is there. */
    void ready() {
      round++;
      fill((int) (round & 1));
      ring.start(vector(), layout.parameterCount());
    }

    boolean isPeerReady() {
      return ControlLine.readWord(peer.direct(), wordOffset) >>> Integer.SIZE >= round;
    }

    void requireMean() {
      for (long i = 0; i < layout.parameterCount(); i++) {
        float value = home.segment().get(ValueLayout.JAVA_FLOAT, vector() + i * Float.BYTES);
        if (value != MEAN) {
          throw new IllegalStateException("rank " + rank + " has " + value + " at " + i);
        }
      }
    }

    @Override
    public void close() {
      if (kernels != null) {
        kernels.close();
      }
      if (peer != null) {
        peer.close();
      }
      home.close();
    }
  }

  private final Process process;
  private Side side;

  private TwoProcessMean(Process process) {
    this.process = process;
  }

  /**
   * Starts the other process and connects both.
   *
   * @param bytes length of the vector
   * @return the pair, owned by the caller
   * @throws IOException when the other process does not start
   */
  static TwoProcessMean open(long bytes) throws IOException {
    KernelWarmUp.run();
    long job = ThreadLocalRandom.current().nextLong() >>> 1;
    TwoProcessMean pair = new TwoProcessMean(startPeer(job, bytes));
    try {
      pair.side = new Side(job, bytes, 0);
      if (pair.process.getInputStream().read() < 0) {
        throw new IOException("the peer's process ended before its vector was made");
      }
      pair.side.connect(job);
      pair.process.getOutputStream().write('c');
      pair.process.getOutputStream().flush();
      return pair;
    } catch (Throwable failure) {
      pair.close();
      throw failure;
    }
  }

  private static Process startPeer(long job, long bytes) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(TwoProcessMean.class.getName(), Long.toString(job), Long.toString(bytes)));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /**
   * The other process: reduces round after round until its standard input ends.
   *
   * @param arguments job and bytes of the vector
   * @throws IOException when its input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    KernelWarmUp.run();
    long job = Long.parseLong(arguments[0]);
    try (Side side = new Side(job, Long.parseLong(arguments[1]), 1)) {
      System.out.write('r');
      System.out.flush();
      if (System.in.read() < 0) {
        return;
      }
      side.connect(job);
      while (System.in.available() == 0) {
        side.ready();
        while (!side.ring.isDone() && System.in.available() == 0) {
          for (int i = 0; i < 100_000 && !side.ring.isDone(); i++) {
            side.ring.poll();
          }
        }
      }
    }
  }

  /**
   * Reduces again and again.
   *
   * @param iterations how often
   * @return the median time in milliseconds
   */
  double medianMs(int iterations) {
    double[] timesMs = new double[iterations];
    for (int i = 0; i < iterations; i++) {
      side.ready();
      long limitNs = System.nanoTime() + ROUND_LIMIT_NS;
      while (!side.isPeerReady()) {
        requireTime(limitNs);
      }
      long beginNs = System.nanoTime();
      while (!side.ring.isDone()) {
        side.ring.poll();
      }
      timesMs[i] = (System.nanoTime() - beginNs) / 1e6;
    }
    side.requireMean();
    Arrays.sort(timesMs);
    return (timesMs[(iterations - 1) / 2] + timesMs[iterations / 2]) / 2;
  }

  private static void requireTime(long limitNs) {
    Thread.onSpinWait();
    if (System.nanoTime() - limitNs > 0) {
      throw new IllegalStateException("the peer's process is not ready after 30 s");
    }
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().write('e');
      process.getOutputStream().close();
    } catch (IOException ended) {
      // It has ended by itself: then there is nothing to tell it.
      process.destroy();
    }
    try {
      if (!process.waitFor(PEER_LIMIT_S, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    if (side != null) {
      side.close();
    }
  }
}

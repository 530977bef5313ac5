package dev.starling.bench;

import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.exchange.Outcome;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.ParallelCpuKernels;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Two replicas in two processes: this one begins every exchange, the other one only owns its
 * replica, as a peer whose agent has nothing to do.
 */
final class TwoProcessExchange implements AutoCloseable {
  private static final float OWN = 1f;
  private static final float PEERS = 3f;
  private static final float MEAN = 2f;

  private final ReplicaLayout layout;
  private final PeerProcess process;
  private Replica home;
  private Remote own;
  private Remote peer;
  private Kernels kernels;
  private ExchangeMachine machine;

  private TwoProcessExchange(ReplicaLayout layout, PeerProcess process) {
    this.layout = layout;
    this.process = process;
  }

  /**
   * Starts the other process, makes both replicas, and connects.
   *
   * @param fabric where the replicas lie
   * @param modelBytes length of the model
   * @param threads how many threads combine
   * @return the pair, owned by the caller
   * @throws IOException when the other process does not start
   */
  static TwoProcessExchange open(ShmFabric fabric, long modelBytes, int threads)
      throws IOException {
    KernelWarmUp.run();
    long job = ThreadLocalRandom.current().nextLong() >>> 1;
    ReplicaLayout layout = layout(modelBytes);
    TwoProcessExchange pair =
        new TwoProcessExchange(
            layout, PeerProcess.start(TwoProcessExchange.class, job, modelBytes));
    try {
      pair.home = replica(fabric, layout, job, 0, OWN);
      pair.process.await("its replica was made");
      pair.own = fabric.connect(fabric.expose(pair.home), layout, 0, 0);
      pair.peer = fabric.connect(fabric.describe(job, 1, 0), layout, 0, 0);
      pair.kernels = ParallelCpuKernels.of(threads);
      pair.machine =
          new ExchangeMachine(
              pair.home,
              pair.own,
              pair.kernels,
              JobContext.CHUNK_BYTES_DEFAULT,
              null,
              Journal.NONE,
              new Counters(pair.home.segment(), ReplicaLayout.COUNTERS_OFFSET));
      return pair;
    } catch (Throwable failure) {
      pair.close();
      throw failure;
    }
  }

  private static ReplicaLayout layout(long modelBytes) {
    return ReplicaLayout.of(2, modelBytes / Float.BYTES, JobContext.STRIPE_BYTES_DEFAULT);
  }

  /**
   * The other process: makes its replica, says so with one byte, and keeps it until its standard
   * input ends.
   *
   * @param arguments job and bytes of the model
   * @throws IOException when its input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    long job = Long.parseLong(arguments[0]);
    ReplicaLayout layout = layout(Long.parseLong(arguments[1]));
    ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    try (Replica replica = replica(fabric, layout, job, 1, PEERS)) {
      System.out.write('r');
      System.out.flush();
      while (System.in.read() >= 0) {
        replica.heartbeat(System.nanoTime());
      }
    }
  }

  /** Writes every plane, so that no page is touched for the first time while time is taken. */
  private static Replica replica(
      ShmFabric fabric, ReplicaLayout layout, long job, int rank, float value) {
    Replica replica = Replica.createShared(fabric.regionPath(job, rank, 0), layout, job, rank, 0);
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      for (int plane = 0; plane < ReplicaLayout.PLANES; plane++) {
        VectorKernels.fill(
            replica.segment(),
            layout.planeOffset(stripe, plane),
            value,
            layout.stripeParameters(stripe));
      }
    }
    return replica;
  }

  /**
   * Exchanges the whole model again and again.
   *
   * @param iterations how often
   * @return the median time in milliseconds
   */
  double medianMs(int iterations) {
    double[] timesMs = new double[iterations];
    for (int i = 0; i < iterations; i++) {
      long beginNs = System.nanoTime();
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        machine.start(stripe, peer, null);
        while (!machine.isIdle()) {
          machine.poll();
        }
        if (machine.outcome() != Outcome.EXCHANGED) {
          throw new IllegalStateException("the exchange ended as " + machine.outcome());
        }
      }
      timesMs[i] = (System.nanoTime() - beginNs) / 1e6;
    }
    requireMean();
    Arrays.sort(timesMs);
    return (timesMs[(iterations - 1) / 2] + timesMs[iterations / 2]) / 2;
  }

  private void requireMean() {
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      long ours = layout.planeOffset(stripe, LockWord.current(home.lockWord(stripe)));
      long word = home.lockWordOf(peer.direct(), stripe);
      long theirs = layout.planeOffset(stripe, LockWord.current(word));
      for (long i = 0; i < layout.stripeParameters(stripe); i++) {
        long at = i * Float.BYTES;
        float a = home.segment().get(ValueLayout.JAVA_FLOAT, ours + at);
        float b = peer.direct().get(ValueLayout.JAVA_FLOAT, theirs + at);
        if (a != MEAN || b != MEAN) {
          throw new IllegalStateException(
              "element " + i + " of stripe " + stripe + " is " + a + " here and " + b + " there");
        }
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
    if (own != null) {
      own.close();
    }
    if (home != null) {
      home.close();
    }
    process.close();
  }
}

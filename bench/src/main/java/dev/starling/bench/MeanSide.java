package dev.starling.bench;

import dev.starling.engine.baseline.RingMean;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;

/**
 * One process's side of {@link TwoProcessMean}: rank {@code r} has {@code r + 1 + i % 1021} at
 * index {@code i}, so that the mean is exact. It has one vector, which is free as soon as a round
 * is over since both address each other's memory.
 */
final class MeanSide implements AutoCloseable {
  private static final int WORKERS = 2;
  private static final long PIECE_BYTES = 256 << 10;
  private static final int PERIOD = 1021;
  private static final long PATTERN_BYTES = 16L * PERIOD * Float.BYTES;
  private static final int POLLS_PER_LOOK = 1 << 20;
  private static final long ROUND_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);

  private final Arena arena = Arena.ofConfined();
  private final ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
  private final CpuKernels kernels = new CpuKernels();
  private final ReplicaLayout layout;
  private final long job;
  private final int rank;
  private final long vector;
  private final long wordOffset;
  private final MemorySegment pattern;
  private final Replica home;
  private Remote peer;
  private RingMean ring;
  private long round;

  private MeanSide(long job, long bytes, int rank) {
    this.job = job;
    this.rank = rank;
    layout = ReplicaLayout.of(WORKERS, bytes / Float.BYTES, bytes);
    vector = layout.planeOffset(0, 0);
    wordOffset = layout.lineOffset(0) + ControlLine.ROUND_OFFSET;
    pattern = arena.allocate(PATTERN_BYTES, Float.BYTES);
    for (int i = 0; i < PATTERN_BYTES / Float.BYTES; i++) {
      pattern.setAtIndex(ValueLayout.JAVA_FLOAT, i, rank + 1 + i % PERIOD);
    }
    try {
      home = Replica.createShared(fabric.regionPath(job, rank, 0), layout, job, rank, 0);
    } catch (RuntimeException failure) {
      arena.close();
      throw failure;
    }
    fill();
  }

  /**
   * Makes the vector of a rank.
   *
   * @param job names the region
   * @param bytes length of the vector
   * @param rank 0 or 1
   * @return the side, owned by the caller
   */
  static MeanSide create(long job, long bytes, int rank) {
    KernelWarmUp.run();
    return new MeanSide(job, bytes, rank);
  }

  /** Connects to the other side, whose vector has been made. */
  void connect() {
    peer = fabric.connect(fabric.describe(job, 1 - rank, 0), layout, rank, 0);
    ring =
        new RingMean(rank, WORKERS, home.segment(), wordOffset, peer, kernels, PIECE_BYTES, null);
  }

  private void fill() {
    long bytes = layout.parameterCount() * Float.BYTES;
    for (long at = 0; at < bytes; at += PATTERN_BYTES) {
      MemorySegment.copy(
          pattern, 0, home.segment(), vector + at, Math.min(PATTERN_BYTES, bytes - at));
    }
  }

  /**
   * Reduces once for each time asked.
   *
   * @param timesMs takes the times: from when both were ready, until both had the mean
   */
  void run(double[] timesMs) {
    for (int i = 0; i < timesMs.length; i++) {
      round++;
      fill();
      ring.start(vector, layout.parameterCount());
      long limitNs = System.nanoTime() + ROUND_LIMIT_NS;
      while (ControlLine.readWord(peer.direct(), wordOffset) >>> Integer.SIZE < round) {
        Thread.onSpinWait();
        requireTime(limitNs);
      }
      long beginNs = System.nanoTime();
      reduce(limitNs);
      timesMs[i] = (System.nanoTime() - beginNs) / 1e6;
    }
  }

  private void reduce(long limitNs) {
    while (!ring.isDone()) {
      for (int i = 0; i < POLLS_PER_LOOK && !ring.isDone(); i++) {
        ring.poll();
      }
      requireTime(limitNs);
    }
  }

  private void requireTime(long limitNs) {
    if (System.nanoTime() - limitNs > 0) {
      throw new IllegalStateException(
          "rank %d waits since 30 s in round %d for the other process: see what it printed"
              .formatted(rank, round));
    }
  }

  /** Looks at every element. */
  void requireMean() {
    for (long i = 0; i < layout.parameterCount(); i++) {
      float value = home.segment().get(ValueLayout.JAVA_FLOAT, vector + i * Float.BYTES);
      float mean = 1.5f + i % PERIOD;
      if (value != mean) {
        throw new IllegalStateException(
            "rank %d has %s at %d after round %d, and the mean is %s"
                .formatted(rank, value, i, round, mean));
      }
    }
  }

  @Override
  public void close() {
    kernels.close();
    if (peer != null) {
      peer.close();
    }
    home.close();
    fabric.close();
    arena.close();
  }
}

package dev.starling.engine.worker;

import dev.starling.engine.baseline.RingMean;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;

/** The rounds of AllReduce-SGD: the gradient becomes the mean of all workers' gradients. */
final class RingRounds implements Rounds {
  /** Pieces of this length are summed while they are in the cache. */
  static final long PIECE_BYTES = 256 << 10;

  private final Replica replica;
  private final Neighbourhood neighbours;
  private final Kernels kernels;
  private final MemorySegment staging;
  private RingMean ring;
  private MemorySegment pending;

  /**
   * Makes one worker's part.
   *
   * @param replica its replica, which shares its gradients
   * @param neighbours the worker before it, alone
   * @param kernels who adds
   * @param staging memory for pieces that are read, or null
   */
  RingRounds(Replica replica, Neighbourhood neighbours, Kernels kernels, MemorySegment staging) {
    this.replica = replica;
    this.neighbours = neighbours;
    this.kernels = kernels;
    this.staging = staging;
  }

  @Override
  public void begin(MemorySegment gradient) {
    if (replica.layout().workers() > 1) {
      pending = gradient;
      start();
    }
  }

  /** Starts once the left neighbour has joined, which it does once. */
  private void start() {
    if (ring == null && neighbours.isAvailable(0)) {
      ring =
          new RingMean(
              replica.rank(),
              replica.layout().workers(),
              replica.segment(),
              replica.layout().lineOffset(0) + ControlLine.ROUND_OFFSET,
              neighbours.use(0),
              kernels,
              PIECE_BYTES,
              staging);
    }
    if (ring == null) {
      neighbours.requireNotLost(0);
    } else {
      ring.start(
          pending.address() - replica.segment().address(), replica.layout().parameterCount());
      pending = null;
    }
  }

  @Override
  public int poll() {
    if (pending != null) {
      start();
      return 0;
    }
    return ring == null ? 0 : ring.poll();
  }

  @Override
  public boolean isReady() {
    return pending == null && (ring == null || ring.isDone());
  }

  @Override
  public boolean isOver() {
    return pending == null && ring != null && ring.isEnded();
  }

  @Override
  public void published(int plane) {}

  @Override
  public void end() {
    if (ring != null) {
      ring.end();
    } else {
      RingMean.endBeforeFirst(
          replica.segment(), replica.layout().lineOffset(0) + ControlLine.ROUND_OFFSET);
    }
  }
}

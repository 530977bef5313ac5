package dev.starling.engine.baseline;

import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.SoloCombine;
import dev.starling.engine.exchange.Update;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The weighted mean of a model and those of its neighbours, with a step, as D-PSGD needs it:
 *
 * <pre>
 *   target = w_i x_i + sum over neighbours j (w_ij x_j) - learningRate u
 *
 *   piece by piece, each while it is in the cache:
 *   addressable neighbours:  combine
 *   other fabrics:           READ the pieces of all neighbours ahead | combine what has arrived
 * </pre>
 *
 * <p>The neighbours' planes must stay as they are until {@link #isDone()}. Belongs to one thread;
 * no call waits or allocates.
 *
 * <p>Source: X. Lian et al., "Can decentralized algorithms outperform centralized algorithms?",
 * NIPS 2017, algorithm 1.
 */
public final class NeighbourMean implements SoloCombine, CompletionHandler {
  private static final int NOBODY = -1;

  private final Remote[] neighbours;
  private final float[] weights;
  private final float ownWeight;
  private final Kernels kernels;
  private final long pieceBytes;
  private final MemorySegment staging;
  private final int depth;
  private final boolean[] arrived;
  private final long[] planes;

  private MemorySegment own;
  private long current;
  private long target;
  private Update update;
  private long updateOffset;
  private long lengthBytes;
  private long operations;
  private long posted;
  private long done;
  private long ticket;
  private int failed = NOBODY;

  /**
   * Makes one worker's part.
   *
   * @param neighbours connections to all neighbours
   * @param weights the weight of each
   * @param kernels who computes
   * @param pieceBytes length of a piece, a multiple of 64
   * @param staging memory for pieces that are read, at least one; null when all neighbours are
   *     addressable
   */
  public NeighbourMean(
      Remote[] neighbours,
      float[] weights,
      Kernels kernels,
      long pieceBytes,
      MemorySegment staging) {
    this.neighbours = neighbours.clone();
    this.weights = weights.clone();
    this.kernels = kernels;
    this.pieceBytes = pieceBytes;
    this.staging = staging;
    float rest = 1f;
    for (float weight : weights) {
      rest -= weight;
    }
    ownWeight = rest;
    depth =
        staging == null
            ? 0
            : (int) Math.min(Remote.MAX_IN_FLIGHT - 1, staging.byteSize() / pieceBytes);
    arrived = new boolean[depth];
    planes = new long[neighbours.length];
  }

  /**
   * Says where a neighbour's model lies, before {@link #begin}.
   *
   * @param neighbour its index
   * @param offset of its plane, in its region
   */
  public void plane(int neighbour, long offset) {
    planes[neighbour] = offset;
  }

  @Override
  public void begin(
      MemorySegment region, long from, long into, Update u, long offset, long length) {
    own = region;
    current = from;
    target = into;
    update = u;
    updateOffset = offset;
    lengthBytes = length;
    // One more than there are neighbours for each piece: the first is this worker's own.
    operations = (length + pieceBytes - 1) / pieceBytes * (neighbours.length + 1L);
    posted = 0;
    done = 0;
    ticket = 0;
    failed = NOBODY;
    Arrays.fill(arrived, false);
  }

  @Override
  public boolean isDone() {
    return done == operations && ticket == 0;
  }

  @Override
  public int poll() {
    int work = deliver();
    if (ticket != 0) {
      if (!kernels.isComplete(ticket)) {
        return work;
      }
      ticket = 0;
      work++;
    }
    if (staging != null) {
      work += post();
    }
    // The operations of one piece follow each other without a look at the clock in between.
    long pieceEnd =
        Math.min(operations, (done / (neighbours.length + 1) + 1) * (neighbours.length + 1));
    while (done < pieceEnd && isThere(done)) {
      ticket = combine(done);
      done++;
      work++;
    }
    return work;
  }

  private int deliver() {
    int work = 0;
    if (staging != null) {
      for (Remote neighbour : neighbours) {
        work += neighbour.poll(this);
      }
    }
    return work;
  }

  /** Reads ahead, into staging that no computation uses any more. */
  private int post() {
    int work = 0;
    while (posted < operations && (isOwn(posted) || reads(posted) < reads(done) + depth)) {
      if (!isOwn(posted)) {
        int slot = (int) (reads(posted) % depth);
        int neighbour = neighbour(posted);
        arrived[slot] = false;
        neighbours[neighbour].read(
            planes[neighbour] + at(posted),
            staging,
            slot * pieceBytes,
            length(posted),
            reads(posted));
      }
      posted++;
      work++;
    }
    return work;
  }

  /** How many operations before one read something. */
  private long reads(long operation) {
    long pieces = operation / (neighbours.length + 1);
    return operation - pieces - (isOwn(operation) ? 0 : 1);
  }

  private boolean isThere(long operation) {
    if (failed != NOBODY) {
      throw new StarlingException(
          ("the model of rank %d, a neighbour, could not be read: it is gone, and a round"
                  + " of D-PSGD needs every neighbour, so start the job again")
              .formatted(neighbours[failed].rank()));
    }
    return staging == null
        || isOwn(operation)
        || operation < posted && arrived[(int) (reads(operation) % depth)];
  }

  private long combine(long operation) {
    long at = at(operation);
    long count = length(operation) / Float.BYTES;
    if (isOwn(operation)) {
      // Decoupled decay takes its share from the own model, as a step alone would.
      float keep = ownWeight - (1f - update.keep());
      return kernels.step(
          own,
          current + at,
          update.values(),
          updateOffset + at,
          own,
          target + at,
          update.learningRate(),
          keep,
          count);
    }
    int neighbour = neighbour(operation);
    MemorySegment direct = neighbours[neighbour].direct();
    boolean addressed = staging == null;
    return kernels.step(
        own,
        target + at,
        addressed ? direct : staging,
        addressed ? planes[neighbour] + at : reads(operation) % depth * pieceBytes,
        own,
        target + at,
        -weights[neighbour],
        1f,
        count);
  }

  @Override
  public void onCompletion(long tag, boolean succeeded, long value) {
    if (succeeded) {
      arrived[(int) (tag % depth)] = true;
    } else {
      failed = (int) (tag % neighbours.length);
    }
  }

  private boolean isOwn(long operation) {
    return operation % (neighbours.length + 1) == 0;
  }

  private int neighbour(long operation) {
    return (int) (operation % (neighbours.length + 1)) - 1;
  }

  private long at(long operation) {
    return operation / (neighbours.length + 1) * pieceBytes;
  }

  private long length(long operation) {
    return Math.min(pieceBytes, lengthBytes - at(operation));
  }
}

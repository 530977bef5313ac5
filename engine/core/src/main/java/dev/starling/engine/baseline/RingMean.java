package dev.starling.engine.baseline;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.replica.ControlLine;
import java.lang.foreign.MemorySegment;

/**
 * The mean of a vector over all workers of a ring, left in the memory of each: reduce-scatter, then
 * all-gather, every worker reading from its left neighbour alone.
 *
 * <pre>
 *   n workers, the vector in n chunks, each chunk in P pieces; worker r, ring step s, piece p
 *
 *   s = 1 .. n-1        own[r-s]   += left[r-s]      reduce-scatter; the last step also divides by n
 *   s = n .. 2n-2, j = s-n+1
 *                       own[r-j+1]  = left[r-j+1]    all-gather
 *
 *   operation t = (s-1) P + p needs what the left neighbour did P operations before
 * </pre>
 *
 * <p>Each worker tells in a word of its own region which round it is in and how many operations it
 * has done; that is all the synchronisation there is. A piece is overwritten only after the right
 * neighbour has read it: the value that replaces it has gone through that neighbour. The mean is
 * read by the right neighbour after {@link #isDone} here, so nobody writes to it; the vector may be
 * written again once the next round is done, so callers take turns with two or more.
 *
 * <p>With two workers that address each other's memory, each averages one half and writes both
 * copies, in one pass instead of two. Then nobody touches the vector any more once {@link #isDone},
 * and it may be written again at once.
 *
 * <p>All workers get the same bits: a chunk is summed once, around the ring. Belongs to one thread;
 * {@link #poll} never waits and allocates nothing.
 *
 * <p>Source: P. Patarasuk and X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
 * workstations", JPDC 2009.
 */
public final class RingMean implements CompletionHandler {
  private static final int ROUND_SHIFT = 32;
  private static final long ENDED = 1L << 63;
  private static final long WORD_TAG = 1L << 62;
  private static final long LINE_FLOATS = 16;
  private static final long NEVER = Long.MIN_VALUE;
  private static final long CHECK_NS = 50_000_000;

  private final int rank;
  private final int workers;
  private final MemorySegment region;
  private final long wordOffset;
  private final Remote left;
  private final MemorySegment direct;
  private final Kernels kernels;
  private final long pieceFloats;
  private final MemorySegment staging;
  private final int depth;
  private final boolean[] arrived;

  private long round;
  private long vector;
  private long count;
  private long chunkFloats;
  private long pieces;
  private long operations;
  private long posted;
  private long begun;
  private long done;
  private long ticket;
  private long leftDone;
  private long lateSinceNs = NEVER;
  private boolean asking;
  private boolean failed;
  private boolean leftEnded;

  /**
   * Makes one worker's part.
   *
   * @param rank the worker's place in the ring
   * @param workers members of the ring, at least 2
   * @param region the worker's own region
   * @param wordOffset where every region has its round word, zero at first
   * @param left the connection to the worker before this one
   * @param kernels who adds
   * @param pieceBytes length of a piece, a multiple of 64
   * @param staging memory for pieces that are read, where {@code left} is not addressable: one or
   *     more; what is longer than {@link Remote#MAX_IN_FLIGHT} pieces is of no use
   */
  public RingMean(
      int rank,
      int workers,
      MemorySegment region,
      long wordOffset,
      Remote left,
      Kernels kernels,
      long pieceBytes,
      MemorySegment staging) {
    this.rank = rank;
    this.workers = workers;
    this.region = region;
    this.wordOffset = wordOffset;
    this.left = left;
    this.direct = left.direct();
    this.kernels = kernels;
    this.pieceFloats = pieceBytes / Float.BYTES;
    this.staging = staging;
    depth =
        direct != null
            ? 1
            : (int) Math.min(Remote.MAX_IN_FLIGHT - 1, staging.byteSize() / pieceBytes);
    arrived = new boolean[depth];
  }

  /**
   * Begins a round; the one before must be done. The vector holds this worker's values, and is the
   * sum's from now on.
   *
   * @param vectorOffset where every region has the vector in this round
   * @param floats its length
   */
  public void start(long vectorOffset, long floats) {
    round++;
    vector = vectorOffset;
    count = floats;
    long even = (floats + workers - 1) / workers;
    chunkFloats = (even + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
    pieces = (chunkFloats + pieceFloats - 1) / pieceFloats;
    operations = isPair() ? pieces : 2L * (workers - 1) * pieces;
    posted = 0;
    begun = 0;
    done = 0;
    ticket = 0;
    leftDone = -1;
    tell();
  }

  /** Two workers that reach each other's memory write both copies at once. */
  private boolean isPair() {
    return workers == 2 && direct != null;
  }

  /**
   * Tells whether the vector holds the mean, here and, with two workers, in the other's memory.
   *
   * @return whether the round is over
   */
  public boolean isDone() {
    return done == operations && (!isPair() || leftDone == operations);
  }

  /**
   * Tells whether the round will never be over, since a worker takes part in no further one. The
   * vector has no meaning then.
   *
   * @return whether the left neighbour has ended before it did what this side waits for
   */
  public boolean isEnded() {
    boolean idle = begun == done && (direct != null || posted == done);
    return leftEnded && idle && !isDone() && leftDone < wanted();
  }

  /**
   * Says that a worker takes part in no round at all.
   *
   * @param region its region
   * @param wordOffset where every region has the round word
   */
  public static void endBeforeFirst(MemorySegment region, long wordOffset) {
    ControlLine.writeRound(region, wordOffset, ENDED);
  }

  /** Says that this worker takes part in no further round, nor in one that {@link #isEnded()}. */
  public void end() {
    ControlLine.writeRound(region, wordOffset, ENDED | round << ROUND_SHIFT | done);
  }

  /**
   * Goes on as far as the left neighbour has come, without waiting.
   *
   * @return how many things happened
   * @throws StarlingException when the left neighbour has died or left in the middle of a round
   */
  public int poll() {
    if (isDone()) {
      return 0;
    }
    int work = left.poll(this);
    requireLeft();
    work += look();
    if (direct == null) {
      work += post();
    }
    return work + (ticket == 0 ? begin() : complete());
  }

  /** Asking for the state costs a system call, so it is asked for now and then only. */
  private void requireLeft() {
    boolean late = leftDone < Math.max(0, wanted()) && !leftEnded;
    if (!late) {
      lateSinceNs = NEVER;
      if (!failed) {
        return;
      }
    } else if (lateSinceNs == NEVER) {
      lateSinceNs = System.nanoTime();
    }
    if (failed || isGone()) {
      throw new StarlingException(
          "rank %d cannot go on: rank %d, which it sums gradients with, is gone in round %d after %d of %d"
                  .formatted(rank, left.rank(), round, done, operations)
              + " operations; an all-reduce needs every rank, so start the job again");
    }
  }

  private boolean isGone() {
    if (System.nanoTime() - lateSinceNs < CHECK_NS) {
      return false;
    }
    lateSinceNs = System.nanoTime();
    if (left.state() == PeerState.ALIVE) {
      return false;
    }
    // It may have told its end, or what it did, just before it went.
    if (direct != null) {
      learn(ControlLine.readWord(direct, wordOffset));
    }
    return leftDone < Math.max(0, wanted()) && !leftEnded;
  }

  /** How many operations of this round the left neighbour must have done before one of ours. */
  private long needed(long operation) {
    return isPair() ? 0 : Math.max(0, operation - pieces + 1);
  }

  /** Looks how far the left neighbour is, when that matters. */
  private int look() {
    if (leftDone >= wanted() || leftEnded) {
      return 0;
    }
    if (direct != null) {
      return learn(ControlLine.readWord(direct, wordOffset));
    }
    if (!asking) {
      asking = true;
      left.readWord(wordOffset, WORD_TAG);
      return 1;
    }
    return 0;
  }

  /** How many operations the left neighbour must have done before this side can go on. */
  private long wanted() {
    if (isPair() && done == operations) {
      return operations;
    }
    long next = direct != null ? begun : posted;
    return needed(Math.min(next, operations - 1));
  }

  private int learn(long word) {
    long leftRound = (word & ~ENDED) >>> ROUND_SHIFT;
    long before = leftDone;
    if (leftRound > round) {
      leftDone = operations;
    } else if (leftRound == round) {
      leftDone = word & 0xffff_ffffL;
    }
    // Read with the rest of the word: what the left neighbour did before it ended is known now.
    leftEnded = word < 0;
    return leftDone == before ? 0 : 1;
  }

  private int post() {
    int work = 0;
    while (posted < operations && posted < done + depth && needed(posted) <= leftDone) {
      long at = offset(posted);
      int slot = (int) (posted % depth);
      arrived[slot] = false;
      boolean sums = isSum(posted);
      left.read(
          vector + at * Float.BYTES,
          sums ? staging : region,
          sums ? slot * pieceFloats * Float.BYTES : vector + at * Float.BYTES,
          length(posted) * Float.BYTES,
          posted);
      posted++;
      work++;
    }
    return work;
  }

  @Override
  public void onCompletion(long tag, boolean succeeded, long value) {
    if (!succeeded) {
      failed = true;
    } else if (tag == WORD_TAG) {
      asking = false;
      learn(value);
    } else {
      arrived[(int) (tag % depth)] = true;
    }
  }

  private int begin() {
    if (begun == operations || needed(begun) > leftDone) {
      return 0;
    }
    if (direct == null && (begun >= posted || !arrived[(int) (begun % depth)])) {
      return 0;
    }
    long length = length(begun);
    if (length > 0) {
      combine(begun, vector + offset(begun) * Float.BYTES, length);
    }
    begun++;
    return 1 + complete();
  }

  private void combine(long operation, long at, long length) {
    if (isPair()) {
      ticket = kernels.averageBoth(region, at, direct, at, region, at, direct, at, length);
    } else if (!isSum(operation)) {
      if (direct != null) {
        MemorySegment.copy(direct, at, region, at, length * Float.BYTES);
      }
    } else {
      long slot = operation % depth * pieceFloats * Float.BYTES;
      ticket =
          direct != null
              ? kernels.accumulate(region, at, direct, at, length)
              : kernels.accumulate(region, at, staging, slot, length);
      if (operation / pieces == workers - 2) {
        ticket = kernels.scale(region, at, 1f / workers, length);
      }
    }
  }

  private int complete() {
    if (done == begun || ticket != 0 && !kernels.isComplete(ticket)) {
      return 0;
    }
    ticket = 0;
    done++;
    tell();
    return 1;
  }

  private void tell() {
    ControlLine.writeRound(region, wordOffset, round << ROUND_SHIFT | done);
  }

  private boolean isSum(long operation) {
    return operation < (workers - 1) * pieces;
  }

  private int chunk(long operation) {
    if (isPair()) {
      return rank;
    }
    int step = (int) (operation / pieces) + 1;
    int back = step < workers ? step : step - workers;
    return Math.floorMod(rank - back, workers);
  }

  /** Where the piece of an operation begins, floats. */
  private long offset(long operation) {
    return Math.min(count, chunk(operation) * chunkFloats + operation % pieces * pieceFloats);
  }

  private long length(long operation) {
    long chunkEnd = Math.min(count, (chunk(operation) + 1) * chunkFloats);
    return Math.clamp(chunkEnd - offset(operation), 0, pieceFloats);
  }
}

package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.baseline.NeighbourMean;
import dev.starling.engine.exchange.SoloCombine;
import dev.starling.engine.exchange.Update;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.topology.Topology;
import java.lang.foreign.MemorySegment;

/**
 * The rounds of D-PSGD: in round k, once all neighbours have published their models of round k - 1,
 * the worker publishes the weighted mean of those and its own, with its step.
 *
 * <pre>
 *   round word of a region:  | ended 63 | rounds published 62 .. 4 | plane before 3, 2 | plane 1, 0 |
 * </pre>
 *
 * <p>A neighbour may be one round ahead; then the plane before is read, which it does not write
 * before this worker has published. So nobody waits for readers and two planes would do.
 */
final class NeighbourRounds implements Rounds, CompletionHandler {
  private static final long ENDED = 1L << 63;
  private static final int ROUND_SHIFT = 4;
  private static final int NOBODY = -1;
  private static final long CHECK_NS = 50_000_000;

  private final Replica replica;
  private final Neighbourhood neighbours;
  private final Kernels kernels;
  private final float[] weights;
  private final MemorySegment staging;
  private final long wordOffset;
  private final Remote[] remotes;
  private final long[] words;
  private final boolean[] asking;
  private final SoloCombine combine = new Combine();
  private NeighbourMean mean;
  private long round;
  private int plane;
  private int before;
  private long checkAtNs;
  private int failed = NOBODY;

  /**
   * Makes one worker's part.
   *
   * @param replica its replica
   * @param neighbours its neighbours
   * @param topology the graph that the weights follow from
   * @param kernels who computes
   * @param staging memory for pieces that are read, or null
   */
  NeighbourRounds(
      Replica replica,
      Neighbourhood neighbours,
      Topology topology,
      Kernels kernels,
      MemorySegment staging) {
    this.replica = replica;
    this.neighbours = neighbours;
    this.kernels = kernels;
    this.staging = staging;
    wordOffset = replica.layout().lineOffset(0) + ControlLine.ROUND_OFFSET;
    int degree = neighbours.size();
    weights = new float[degree];
    for (int i = 0; i < degree; i++) {
      int theirs = topology.neighbours(neighbours.rank(i)).length;
      weights[i] = 1f / (1 + Math.max(degree, theirs));
    }
    remotes = new Remote[degree];
    words = new long[degree];
    asking = new boolean[degree];
  }

  @Override
  public void begin(MemorySegment gradient) {
    checkAtNs = System.nanoTime() + CHECK_NS;
  }

  @Override
  public int poll() {
    if (!isConnected()) {
      return 0;
    }
    int work = 0;
    boolean waits = false;
    for (int i = 0; i < remotes.length; i++) {
      work += look(i);
      waits |= rounds(words[i]) < round;
    }
    if (waits) {
      requireAlive();
    }
    return work;
  }

  private boolean isConnected() {
    if (mean != null) {
      return true;
    }
    boolean all = true;
    for (int i = 0; i < remotes.length; i++) {
      if (remotes[i] == null && neighbours.isAvailable(i)) {
        remotes[i] = neighbours.use(i);
      }
      if (remotes[i] == null) {
        neighbours.requireNotLost(i);
        all = false;
      }
    }
    if (!all) {
      return false;
    }
    mean = new NeighbourMean(remotes, weights, kernels, RingRounds.PIECE_BYTES, staging);
    return true;
  }

  /** Looks how far a neighbour is, when that matters. */
  private int look(int index) {
    Remote remote = remotes[index];
    if (asking[index]) {
      return remote.poll(this);
    }
    if (rounds(words[index]) >= round || words[index] < 0) {
      return 0;
    }
    MemorySegment direct = remote.direct();
    if (direct == null) {
      asking[index] = true;
      remote.readWord(wordOffset, index);
      return 1;
    }
    long known = words[index];
    words[index] = ControlLine.readWord(direct, wordOffset);
    return words[index] == known ? 0 : 1;
  }

  @Override
  public void onCompletion(long tag, boolean succeeded, long value) {
    asking[(int) tag] = false;
    if (succeeded) {
      words[(int) tag] = value;
    } else {
      failed = (int) tag;
    }
  }

  /** Asking for a state costs a system call, so it is asked for now and then only. */
  private void requireAlive() {
    if (failed == NOBODY && System.nanoTime() - checkAtNs < 0) {
      return;
    }
    checkAtNs = System.nanoTime() + CHECK_NS;
    for (int i = 0; i < remotes.length; i++) {
      if (isAwaited(i) && (failed == i || isGone(i))) {
        throw new StarlingException(
            ("rank %d cannot go on: rank %d, its neighbour, is gone in round %d; a round of"
                    + " D-PSGD needs every neighbour, so start the job again")
                .formatted(replica.rank(), remotes[i].rank(), round + 1));
      }
    }
  }

  private boolean isAwaited(int index) {
    return rounds(words[index]) < round && words[index] >= 0;
  }

  private boolean isGone(int index) {
    Remote remote = remotes[index];
    if (remote.state() == PeerState.ALIVE) {
      return false;
    }
    // It may have published, or told its end, just before it went.
    if (remote.direct() != null) {
      words[index] = ControlLine.readWord(remote.direct(), wordOffset);
    }
    return isAwaited(index);
  }

  @Override
  public boolean isReady() {
    if (mean == null) {
      return false;
    }
    for (int i = 0; i < words.length; i++) {
      if (asking[i] || rounds(words[i]) < round) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean isOver() {
    boolean ended = false;
    for (int i = 0; i < words.length; i++) {
      ended |= words[i] < 0 && rounds(words[i]) < round;
      if (asking[i]) {
        return false;
      }
    }
    return ended;
  }

  @Override
  public void published(int newPlane) {
    before = plane;
    plane = newPlane;
    round++;
    tell(0);
  }

  @Override
  public void end() {
    tell(ENDED);
  }

  private void tell(long flag) {
    long word = flag | round << ROUND_SHIFT | (long) before << 2 | plane;
    ControlLine.writeRound(replica.segment(), wordOffset, word);
  }

  private static long rounds(long word) {
    return (word & ~ENDED) >>> ROUND_SHIFT;
  }

  /** {@return what computes the next state, once a round is ready} */
  SoloCombine combine() {
    return combine;
  }

  /** The mean, over the planes that the neighbours had in the round before. */
  private final class Combine implements SoloCombine {
    @Override
    public void begin(
        MemorySegment region, long current, long target, Update update, long offset, long length) {
      for (int i = 0; i < words.length; i++) {
        boolean ahead = rounds(words[i]) > round;
        int theirs = (int) (ahead ? words[i] >>> 2 : words[i]) & 3;
        mean.plane(i, replica.layout().planeOffset(0, theirs));
      }
      mean.begin(region, current, target, update, offset, length);
    }

    @Override
    public int poll() {
      return mean.poll();
    }

    @Override
    public boolean isDone() {
      return mean.isDone();
    }
  }
}

package dev.starling.engine.baseline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.replica.ControlLine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All workers of a ring get the same bits of the same mean, in whatever order they are polled. */
class RingMeanTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final long VECTOR = 128;
  private static final long PIECE_BYTES = 256;
  private static final int DEPTH = 3;

  /** The left neighbour's memory, addressed or read in an order of its own. */
  static final class Neighbour implements Remote {
    private record Posted(long tag, Runnable effect) {}

    private final int rank;
    private final MemorySegment region;
    private final boolean addressable;
    private final SplittableRandom random;
    private final List<Posted> posted = new ArrayList<>();
    private long word;
    private PeerState state = PeerState.ALIVE;
    boolean failing;
    private Runnable beforeState = () -> {};

    Neighbour(int rank, MemorySegment region, boolean addressable, SplittableRandom random) {
      this.rank = rank;
      this.region = region;
      this.addressable = addressable;
      this.random = random;
    }

    @Override
    public int rank() {
      return rank;
    }

    @Override
    public int epoch() {
      return 1;
    }

    @Override
    public int incarnation() {
      return 0;
    }

    @Override
    public PeerState state() {
      beforeState.run();
      return state;
    }

    @Override
    public MemorySegment direct() {
      return addressable ? region : null;
    }

    @Override
    public void readWord(long offsetBytes, long tag) {
      assertTrue(posted.size() < MAX_IN_FLIGHT, "more than a connection takes");
      posted.add(new Posted(tag, () -> word = ControlLine.readWord(region, offsetBytes)));
    }

    @Override
    public void read(
        long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
      assertTrue(posted.size() < MAX_IN_FLIGHT, "more than a connection takes");
      posted.add(
          new Posted(
              tag, () -> MemorySegment.copy(region, offsetBytes, into, intoOffset, lengthBytes)));
    }

    @Override
    public void write(
        long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
      throw new AssertionError("nobody writes to another");
    }

    @Override
    public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
      throw new AssertionError("nothing is swapped");
    }

    @Override
    public int poll(CompletionHandler handler) {
      int delivered = 0;
      while (!posted.isEmpty() && random.nextInt(3) == 0) {
        Posted one = posted.remove(random.nextInt(posted.size()));
        one.effect().run();
        handler.onCompletion(one.tag(), !failing, word);
        delivered++;
      }
      return delivered;
    }

    @Override
    public void settle() {}

    @Override
    public void close() {}
  }

  private final Arena arena = Arena.ofAuto();
  private final List<MemorySegment> regions = new ArrayList<>();
  private final List<Neighbour> neighbours = new ArrayList<>();
  private final List<RingMean> members = new ArrayList<>();

  private void ring(int workers, long floats, boolean addressable, SplittableRandom random) {
    ring(workers, floats, addressable, random, DEPTH);
  }

  private void ring(
      int workers, long floats, boolean addressable, SplittableRandom random, int depth) {
    for (int rank = 0; rank < workers; rank++) {
      regions.add(arena.allocate(2 * (VECTOR + floats * Float.BYTES), 64));
    }
    for (int rank = 0; rank < workers; rank++) {
      int left = Math.floorMod(rank - 1, workers);
      neighbours.add(new Neighbour(left, regions.get(left), addressable, random.split()));
      members.add(
          new RingMean(
              rank,
              workers,
              regions.get(rank),
              0,
              neighbours.get(rank),
              new CpuKernels(),
              PIECE_BYTES,
              arena.allocate(depth * PIECE_BYTES, 64)));
    }
  }

  private float at(int rank, long vector, long index) {
    return regions.get(rank).get(FLOAT, vector + index * Float.BYTES);
  }

  private void fill(int rank, long vector, long floats, SplittableRandom random) {
    for (long i = 0; i < floats; i++) {
      regions.get(rank).set(FLOAT, vector + i * Float.BYTES, random.nextInt(1000) - 500);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2, 1, true",
    "2, 5000, true",
    "2, 4096, false",
    "3, 1, true",
    "3, 2, false",
    "3, 1000, true",
    "4, 333, false",
    "5, 4097, true",
    "7, 2048, false",
    "16, 1000, true",
    "16, 17, false"
  })
  void shouldGiveEveryWorkerTheMeanWhenTheyArePolledInAnyOrder(
      int workers, long floats, boolean addressable) {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    ring(workers, floats, addressable, random);
    for (int round = 0; round < 5; round++) {
      // Two vectors in turn, as a worker has them.
      long vector = VECTOR + round % 2 * floats * Float.BYTES;
      double[] sum = new double[(int) floats];
      boolean[] begun = new boolean[workers];
      for (int rank = 0; rank < workers; rank++) {
        fill(rank, vector, floats, random);
        for (int i = 0; i < floats; i++) {
          sum[i] += at(rank, vector, i);
        }
      }
      long polls = 0;
      while (!allDone(begun)) {
        int rank = random.nextInt(workers);
        if (!begun[rank]) {
          members.get(rank).start(vector, floats);
          begun[rank] = true;
        }
        members.get(rank).poll();
        assertTrue(polls++ < 10_000_000, "seed " + seed + ": the ring stands still");
      }
      for (int rank = 0; rank < workers; rank++) {
        for (int i = 0; i < floats; i++) {
          assertEquals(sum[i] / workers, at(rank, vector, i), 1e-4, "seed " + seed + " at " + i);
          assertEquals(at(0, vector, i), at(rank, vector, i), "seed " + seed + " bits at " + i);
        }
      }
    }
  }

  private boolean allDone(boolean[] begun) {
    for (int rank = 0; rank < begun.length; rank++) {
      if (!begun[rank] || !members.get(rank).isDone()) {
        return false;
      }
    }
    return true;
  }

  @Test
  void shouldReadNoMoreAheadThanAConnectionTakes() {
    long floats = 400 * PIECE_BYTES / Float.BYTES;
    ring(2, floats, false, new SplittableRandom(1), 500);
    members.forEach(member -> member.start(VECTOR, floats));
    long polls = 0;
    while (!members.stream().allMatch(RingMean::isDone)) {
      members.forEach(RingMean::poll);
      assertTrue(polls++ < 1_000_000, "the ring stands still");
    }
  }

  @Test
  void shouldSayWhoIsGoneWhenANeighbourDiesInTheMiddle() {
    ring(3, 100, true, new SplittableRandom(1));
    members.get(0).start(VECTOR, 100);
    neighbours.get(0).state = PeerState.DEAD;
    StarlingException gone =
        assertThrows(
            StarlingException.class,
            () -> {
              long deadlineNs = System.nanoTime() + 10_000_000_000L;
              while (System.nanoTime() - deadlineNs < 0) {
                members.get(0).poll();
              }
            });
    assertTrue(
        gone.getMessage().startsWith("rank 0 cannot go on: rank 2, which it sums gradients with"),
        gone.getMessage());
  }

  @Test
  void shouldEndInOrderWhenANeighbourToldItsEndJustBeforeItLeft() {
    ring(3, 100, true, new SplittableRandom(1));
    RingMean member = members.get(0);
    member.start(VECTOR, 100);
    neighbours.get(0).state = PeerState.CLOSED;
    neighbours.get(0).beforeState = members.get(2)::end;
    long deadlineNs = System.nanoTime() + 10_000_000_000L;
    while (!member.isEnded()) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "the end is not seen");
      member.poll();
    }
  }

  @Test
  void shouldFailWhenAReadFails() {
    ring(3, 100, false, new SplittableRandom(1));
    members.get(0).start(VECTOR, 100);
    neighbours.get(0).failing = true;
    assertThrows(
        StarlingException.class,
        () -> {
          for (int i = 0; i < 1_000; i++) {
            members.get(0).poll();
          }
        });
  }
}

package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.CompletionRing;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Copies under the lock, and without it when somebody holds the stripe (P3). */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReplicaReaderTest {
  private static final long COUNT = 50;
  private static final long SHORT_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private final ReplicaLayout layout = ReplicaLayout.of(3, COUNT, 1 << 20);
  private final Replica home = Replica.createPrivate(layout, 1, 0);
  private final Arena arena = Arena.ofShared();
  private final MemorySegment copy = arena.allocate(COUNT * Float.BYTES);
  private Runnable duringCopy = () -> {};
  private boolean readsFail;
  private int swaps;

  @AfterEach
  void close() {
    arena.close();
    home.close();
  }

  private final Remote remote =
      new Remote() {
        private final CompletionRing completions = new CompletionRing(16);

        @Override
        public int rank() {
          return 0;
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
          return PeerState.ALIVE;
        }

        @Override
        public MemorySegment direct() {
          return home.segment();
        }

        @Override
        public void readWord(long offsetBytes, long tag) {
          completions.add(tag, true, ControlLine.readWord(home.segment(), offsetBytes));
        }

        @Override
        public void read(long offset, MemorySegment into, long intoOffset, long length, long tag) {
          long half = length / 2;
          MemorySegment.copy(home.segment(), offset, into, intoOffset, half);
          duringCopy.run();
          MemorySegment.copy(home.segment(), offset + half, into, intoOffset + half, length - half);
          completions.add(tag, !readsFail, 0);
        }

        @Override
        public void write(long offset, MemorySegment from, long fromOffset, long length, long tag) {
          throw new AssertionError("a reader writes nothing");
        }

        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          swaps++;
          completions.add(
              tag, true, ControlLine.compareAndSwap(home.segment(), offset, expected, desired));
        }

        @Override
        public int poll(CompletionHandler handler) {
          return completions.poll(handler);
        }

        @Override
        public void settle() {
          throw new AssertionError("a reader acknowledges nothing");
        }

        @Override
        public void close() {}
      };

  private final ReplicaReader reader = new ReplicaReader(remote, layout, layout.readerRank());

  private void swap(long from, long to) {
    assertEquals(from, ControlLine.compareAndSwap(home.segment(), layout.lineOffset(0), from, to));
  }

  private long hold() {
    long word = home.lockWord(0);
    long held = LockWord.acquire(word, 1, 1, ControlLine.freePlane(word, 0));
    swap(word, held);
    return held;
  }

  /** A holder's whole publish: writes its target plane and makes it current. */
  private void publish(long held, float value) {
    VectorKernels.fill(home.segment(), layout.planeOffset(0, LockWord.target(held)), value, COUNT);
    swap(held, LockWord.publish(held));
  }

  private void requireUniform(float value) {
    for (long i = 0; i < COUNT; i++) {
      assertEquals(value, copy.getAtIndex(ValueLayout.JAVA_FLOAT, i), "element " + i);
    }
  }

  @Test
  void shouldCopyUnderTheLockAndReleaseItUnchangedWhenTheStripeIsFree() {
    publish(hold(), 3f);
    long before = home.lockWord(0);
    duringCopy = () -> assertEquals(layout.readerRank(), LockWord.owner(home.lockWord(0)));
    assertTrue(reader.tryCopyTo(copy, SHORT_NS));
    requireUniform(3f);
    assertEquals(before, home.lockWord(0));
    assertEquals(2, swaps);
  }

  @Test
  void shouldCopyWithoutTheLockWhenSomebodyHoldsIt() {
    publish(hold(), 3f);
    long held = hold();
    // The holder writes its target meanwhile, which nobody reads.
    duringCopy =
        () ->
            VectorKernels.fill(
                home.segment(), layout.planeOffset(0, LockWord.target(held)), 9f, COUNT);
    assertTrue(reader.tryCopyTo(copy, SHORT_NS));
    requireUniform(3f);
    assertEquals(held, home.lockWord(0), "the holder keeps its lock");
    assertEquals(0, swaps);
  }

  @Test
  void shouldTakeACopyThatAFenceCameInto() {
    publish(hold(), 3f);
    long held = hold();
    duringCopy =
        () -> {
          if (LockWord.owner(home.lockWord(0)) == 1) {
            swap(held, LockWord.fence(held));
          }
        };
    assertTrue(reader.tryCopyTo(copy, SHORT_NS));
    requireUniform(3f);
  }

  /** Two publishes bring the first plane back with another content: the copy is torn. */
  @Test
  void shouldRejectACopyThatTwoPublishesCameInto() {
    publish(hold(), 3f);
    long held = hold();
    duringCopy =
        () -> {
          duringCopy = () -> {};
          publish(held, 4f);
          publish(hold(), 5f);
          assertEquals(LockWord.current(held), LockWord.current(home.lockWord(0)), "same plane");
        };
    assertTrue(reader.tryCopyTo(copy, SHORT_NS));
    requireUniform(5f);
    assertEquals(2, swaps, "the second attempt found it free");
  }

  @Test
  void shouldRejectACopyWhoseLockWasBroken() {
    publish(hold(), 3f);
    duringCopy =
        () -> {
          duringCopy = () -> {};
          long mine = home.lockWord(0);
          swap(mine, LockWord.fence(mine));
          publish(hold(), 4f);
        };
    assertTrue(reader.tryCopyTo(copy, SHORT_NS));
    requireUniform(4f);
  }

  @Test
  void shouldGiveUpInTimeWhenTheStripeIsPublishedFasterThanItIsRead() {
    publish(hold(), 3f);
    // A publish comes into every copy under a lock that is then broken.
    duringCopy =
        () -> {
          long mine = home.lockWord(0);
          swap(mine, LockWord.fence(mine));
        };
    long beginNs = System.nanoTime();
    assertFalse(reader.tryCopyTo(copy, SHORT_NS));
    assertTrue(System.nanoTime() - beginNs >= SHORT_NS);
  }

  @Test
  void shouldGiveUpAtOnceWhenThePeerIsLost() {
    readsFail = true;
    assertFalse(reader.tryCopyTo(copy, TimeUnit.HOURS.toNanos(1)));
  }
}

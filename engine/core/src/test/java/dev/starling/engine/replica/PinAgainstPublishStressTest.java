package dev.starling.engine.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * Real threads on real memory: publishers take the lock, write a plane and publish; the compute
 * thread pins and reads. No reader may see a plane change, no two holders may overlap, versions
 * rise by one.
 */
class PinAgainstPublishStressTest {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final int WORDS = 64;
  private static final int PUBLISHERS = 3;
  private static final int SNAPSHOTS = 60_000;

  private final ReplicaLayout layout = ReplicaLayout.of(4, WORDS, 1 << 20);
  private final AtomicReference<String> violation = new AtomicReference<>();
  private final AtomicInteger holders = new AtomicInteger();
  private final AtomicLong publishes = new AtomicLong();
  private final AtomicLong retargets = new AtomicLong();
  private volatile boolean stop;

  @Test
  void shouldKeepPinnedPlanesUnchangedAndHoldersAlone_I1_I2_I3() throws Exception {
    try (Replica replica = Replica.createPrivate(layout, 1, 0)) {
      List<Thread> publishers = new ArrayList<>();
      for (int rank = 1; rank <= PUBLISHERS; rank++) {
        int publisher = rank;
        publishers.add(Thread.ofPlatform().start(() -> publish(replica, publisher)));
      }
      long seen = -1;
      for (int i = 0; i < SNAPSHOTS && violation.get() == null; i++) {
        long word = replica.pin(0);
        long plane = layout.planeOffset(0, LockWord.current(word));
        int first = read(replica.segment(), plane, 0);
        for (int round = 0; round < 2; round++) {
          for (int index = 0; index < WORDS; index++) {
            if (read(replica.segment(), plane, index) != first) {
              violation.compareAndSet(
                  null, "I2: a pinned plane changed at " + LockWord.describe(word));
            }
          }
        }
        if (LockWord.version(word) < seen) {
          violation.compareAndSet(null, "I3: the version fell from " + seen);
        }
        seen = LockWord.version(word);
        if (first != (int) seen) {
          violation.compareAndSet(null, "P3: version " + seen + " shows the content of " + first);
        }
        replica.unpin(0);
      }
      stop = true;
      for (Thread publisher : publishers) {
        publisher.join();
      }
      assertNull(violation.get());
      assertEquals(publishes.get(), LockWord.version(replica.lockWord(0)), "I3");
      assertTrue(publishes.get() > 1000, "the publishers did not get to run: " + publishes);
      System.out.println(
          "PinAgainstPublish: "
              + publishes
              + " publishes, "
              + retargets
              + " retargets, "
              + SNAPSHOTS
              + " snapshots");
    }
  }

  private static int read(MemorySegment region, long plane, int index) {
    return region.get(INT, plane + (long) index * Integer.BYTES);
  }

  private void publish(Replica replica, int rank) {
    MemorySegment region = replica.segment();
    long lock = layout.lineOffset(0) + ControlLine.LOCK_OFFSET;
    while (!stop && violation.get() == null) {
      long guard = replica.guardWord(0);
      long word = replica.lockWord(0);
      if (!LockWord.isFree(word)) {
        Thread.onSpinWait();
        continue;
      }
      long held = LockWord.acquire(word, rank, 1, ControlLine.freePlane(word, guard));
      if (ControlLine.compareAndSwap(region, lock, word, held) != word) {
        continue;
      }
      if (holders.incrementAndGet() != 1) {
        violation.compareAndSet(null, "I1: two holders at " + LockWord.describe(held));
      }
      guard = replica.guardWord(0);
      if (ControlLine.isGuarded(LockWord.target(held), guard)) {
        long moved = LockWord.retarget(held, ControlLine.freePlane(held, guard));
        if (ControlLine.compareAndSwap(region, lock, held, moved) != held) {
          violation.compareAndSet(null, "I1: the word of a holder moved");
        }
        held = moved;
        retargets.incrementAndGet();
      }
      int next = (int) ((LockWord.version(held) + 1) & LockWord.VERSION_MASK);
      long plane = layout.planeOffset(0, LockWord.target(held));
      for (int index = 0; index < WORDS; index++) {
        region.set(INT, plane + (long) index * Integer.BYTES, next);
      }
      holders.decrementAndGet();
      publishes.incrementAndGet();
      if (ControlLine.compareAndSwap(region, lock, held, LockWord.publish(held)) != held) {
        violation.compareAndSet(null, "I1: the word of a holder moved before its publish");
      }
    }
  }
}

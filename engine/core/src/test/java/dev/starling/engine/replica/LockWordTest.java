package dev.starling.engine.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LockWordTest {
  @Test
  void shouldKeepEveryFieldApartWhenFieldsAreRandom() {
    long seed = System.nanoTime();
    System.out.println("LockWordTest seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 100_000; i++) {
      int rank = random.nextInt(LockWord.MAX_RANK + 1);
      int epoch = random.nextInt(LockWord.MAX_EPOCH + 1);
      int current = random.nextInt(4);
      int target = random.nextInt(4);
      long version = random.nextLong() & LockWord.VERSION_MASK;
      long free = LockWord.free(current, version);
      assertTrue(LockWord.isFree(free));
      assertEquals(-1, LockWord.owner(free));
      long held = LockWord.acquire(free, rank, epoch, target);
      assertFalse(LockWord.isFree(held));
      assertEquals(rank, LockWord.owner(held));
      assertEquals(epoch, LockWord.epoch(held));
      assertEquals(current, LockWord.current(held));
      assertEquals(target, LockWord.target(held));
      assertEquals(version, LockWord.version(held));
      int other = random.nextInt(4);
      long retargeted = LockWord.retarget(held, other);
      assertEquals(LockWord.acquire(free, rank, epoch, other), retargeted);
      assertEquals(free, LockWord.releaseUnchanged(held));
      assertEquals(LockWord.free(target, version + 1), LockWord.publish(held));
      assertEquals(LockWord.free(current, version + 1), LockWord.fence(held));
    }
  }

  @Test
  void shouldWrapTheVersionWithoutTouchingOtherFields() {
    long last = LockWord.free(2, LockWord.VERSION_MASK);
    long published = LockWord.publish(LockWord.acquire(last, 7, 3, 1));
    assertEquals(0, LockWord.version(published));
    assertEquals(1, LockWord.current(published));
    assertTrue(LockWord.isFree(published));
  }

  @Test
  void shouldExtendAWrappedVersionWhenANearOneIsKnown() {
    long wrap = LockWord.VERSION_MASK + 1;
    assertEquals(5 * wrap + 3, LockWord.fullVersion(LockWord.free(0, 3), 5 * wrap - 10));
    assertEquals(5 * wrap - 2, LockWord.fullVersion(LockWord.free(0, -2), 5 * wrap + 1));
    assertEquals(12, LockWord.fullVersion(LockWord.free(0, 12), 12));
  }

  @Test
  void shouldMakeEveryLaterSwapOfTheOldHolderFailWhenFenced() {
    long held = LockWord.acquire(LockWord.free(0, 9), 4, 1, 1);
    long again = LockWord.acquire(LockWord.fence(held), 4, 1, 1);
    assertNotEquals(held, again, "a broken lock taken again must not look like the broken one");
  }

  @Test
  void shouldNeverChooseAPlaneThatIsCurrentPinnedOrQuarantined() {
    for (int current = 0; current < 4; current++) {
      for (int pin = 0; pin <= 4; pin++) {
        for (int mask = 0; mask < 16; mask++) {
          long guard = (long) mask << 32 | pin;
          long word = LockWord.free(current, 1);
          int plane = ControlLine.freePlane(word, guard);
          assertEquals(pin - 1, ControlLine.pinned(guard));
          assertEquals(mask, ControlLine.quarantined(guard));
          if (plane >= 0) {
            assertNotEquals(current, plane);
            assertFalse(ControlLine.isGuarded(plane, guard));
            assertTrue(plane < 3 || mask != 0, "the fourth plane has memory only in quarantine");
          } else {
            int taken = mask | 1 << current | (pin == 0 ? 0 : 1 << (pin - 1));
            int all = mask == 0 ? 0b111 : 0b1111;
            assertEquals(all, taken & all, "a free plane was overlooked: " + guard);
          }
          if (Integer.bitCount(mask) < 2) {
            assertTrue(plane >= 0, "three planes, or four with one quarantined, always leave one");
          }
        }
      }
    }
  }
}

package dev.starling.engine.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

class PartnerPolicyTest {
  private static PartnerPolicy policy(PartnerPolicy.Kind kind, int neighbours, long seed) {
    return policy(kind, neighbours, 1_000_000, seed);
  }

  private static PartnerPolicy policy(
      PartnerPolicy.Kind kind, int neighbours, long maxUnmet, long seed) {
    return new PartnerPolicy(kind, neighbours, maxUnmet, new SplittableRandom(seed));
  }

  private static PartnerPolicy.Hint free(IntPredicate isFree) {
    return index -> isFree.test(index) ? PartnerPolicy.Look.FREE : PartnerPolicy.Look.BUSY;
  }

  private static int meet(PartnerPolicy policy, IntPredicate isFree) {
    int chosen = policy.next(new boolean[16], free(isFree));
    if (chosen >= 0) {
      policy.met(chosen);
    }
    return chosen;
  }

  @Test
  void shouldMeetEveryoneEquallyOftenWhenAllAreFree() {
    for (PartnerPolicy.Kind kind :
        new PartnerPolicy.Kind[] {PartnerPolicy.Kind.HYBRID, PartnerPolicy.Kind.ROTATION}) {
      PartnerPolicy policy = policy(kind, 7, 3);
      int[] met = new int[7];
      for (int i = 0; i < 700; i++) {
        met[meet(policy, index -> true)]++;
      }
      for (int count : met) {
        assertEquals(100, count, kind.name());
      }
    }
  }

  @Test
  void shouldTakeTheLeastRecentlyMetWhenTheNextInRotationIsBusy() {
    PartnerPolicy policy = policy(PartnerPolicy.Kind.HYBRID, 4, 1);
    int first = meet(policy, index -> true);
    int second = (first + 1) % 4;
    int third = (first + 2) % 4;
    assertEquals(third, meet(policy, index -> index == third));
    assertEquals(second, meet(policy, index -> true), "its turn did not pass");
    int fourth = (first + 3) % 4;
    assertEquals(first, meet(policy, index -> index == first || index == second));
    assertEquals(third, meet(policy, index -> true));
    assertEquals(fourth, meet(policy, index -> true));
  }

  @Test
  void shouldNeverMeetTheLastOneAgainWhileAnotherIsFree() {
    long seed = System.nanoTime();
    System.out.println("PartnerPolicyTest seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 200; round++) {
      int neighbours = 2 + random.nextInt(9);
      PartnerPolicy policy = policy(PartnerPolicy.Kind.HYBRID, neighbours, random.nextLong());
      int last = -1;
      for (int i = 0; i < 200; i++) {
        long free = random.nextLong() & (1L << neighbours) - 1;
        int chosen = meet(policy, index -> (free >>> index & 1) != 0);
        if (chosen < 0) {
          assertEquals(0, free, "somebody was free");
          continue;
        }
        assertTrue((free >>> chosen & 1) != 0, "a busy one was chosen");
        if (Long.bitCount(free) > 1) {
          assertNotEquals(last, chosen);
        }
        last = chosen;
      }
    }
  }

  @Test
  void shouldTryEveryoneOncePerUpdate() {
    for (PartnerPolicy.Kind kind : PartnerPolicy.Kind.values()) {
      PartnerPolicy policy = policy(kind, 5, 9);
      boolean[] tried = new boolean[5];
      int seen = 0;
      for (int i = 0; i < 5; i++) {
        seen |= 1 << policy.next(tried, free(index -> true));
      }
      assertEquals(0b11111, seen, kind.name());
      assertEquals(-1, policy.next(tried, free(index -> true)));
      tried[3] = false;
      assertEquals(3, policy.next(tried, free(index -> true)));
    }
  }

  @Test
  void shouldHaveNobodyWhenThereAreNoNeighbours() {
    for (PartnerPolicy.Kind kind : PartnerPolicy.Kind.values()) {
      PartnerPolicy policy = policy(kind, 0, 9);
      assertEquals(-1, policy.next(new boolean[0], free(index -> true)));
    }
  }

  @Test
  void shouldDrawUniformlyWhenRandom() {
    PartnerPolicy policy = policy(PartnerPolicy.Kind.RANDOM, 4, 12);
    int[] met = new int[4];
    for (int i = 0; i < 40_000; i++) {
      met[meet(policy, index -> false)]++;
    }
    for (int count : met) {
      assertEquals(10_000, count, 500);
    }
    assertEquals(PartnerPolicy.Kind.RANDOM, PartnerPolicy.Kind.parse("random"));
    assertThrows(ConfigurationException.class, () -> PartnerPolicy.Kind.parse("lucky"));
  }

  @Test
  void shouldNeverTryANeighbourThatIsGone() {
    for (PartnerPolicy.Kind kind : PartnerPolicy.Kind.values()) {
      PartnerPolicy policy = policy(kind, 3, 3, 5);
      for (int i = 0; i < 100; i++) {
        int chosen =
            policy.next(
                new boolean[3],
                index -> index == 1 ? PartnerPolicy.Look.GONE : PartnerPolicy.Look.FREE);
        assertNotEquals(1, chosen, kind.name());
        policy.met(chosen);
      }
      assertEquals(-1, policy.next(new boolean[3], index -> PartnerPolicy.Look.GONE), kind.name());
    }
  }

  /** Whoever always looks busy is tried all the same, in bounded time and not at every update. */
  @Test
  void shouldTryAnUnmetNeighbourAheadOfOthersWithinItsBound() {
    long seed = System.nanoTime();
    System.out.println("PartnerPolicyTest seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 200; round++) {
      int neighbours = 2 + random.nextInt(9);
      int bound = neighbours * (1 + random.nextInt(4));
      int shy = random.nextInt(neighbours);
      PartnerPolicy policy =
          policy(PartnerPolicy.Kind.HYBRID, neighbours, bound, random.nextLong());
      int sinceTried = 0;
      int tries = 0;
      for (int meeting = 0; meeting < 20 * bound; meeting++) {
        boolean[] tried = new boolean[neighbours];
        int chosen = policy.next(tried, free(index -> index != shy));
        if (chosen == shy) {
          tries++;
          sinceTried = 0;
          chosen = policy.next(tried, free(index -> index != shy));
        }
        sinceTried++;
        assertTrue(sinceTried <= bound + 1, "unmet for " + sinceTried + ", bound " + bound);
        policy.met(chosen);
      }
      assertTrue(tries > 1 && tries <= 20 * bound / neighbours, "tries " + tries);
      int first = policy.next(new boolean[neighbours], free(index -> true));
      if (first == shy) {
        policy.met(shy);
      }
    }
  }

  @Test
  void shouldMeetWhoeverIsBackAheadOfOthers() {
    PartnerPolicy policy = policy(PartnerPolicy.Kind.HYBRID, 3, 6, 5);
    for (int meeting = 0; meeting < 7; meeting++) {
      policy.met(
          policy.next(
              new boolean[3],
              index -> index == 2 ? PartnerPolicy.Look.GONE : PartnerPolicy.Look.FREE));
    }
    assertEquals(2, policy.next(new boolean[3], free(index -> true)));
  }
}

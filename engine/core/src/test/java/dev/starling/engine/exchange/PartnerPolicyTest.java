package dev.starling.engine.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PartnerPolicyTest {
  private static PartnerPolicy policy(PartnerPolicy.Kind kind, int neighbours, long seed) {
    return new PartnerPolicy(kind, neighbours, new SplittableRandom(seed));
  }

  private static int meet(PartnerPolicy policy, PartnerPolicy.FreeHint hint) {
    policy.begin();
    int chosen = policy.next(hint);
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
      policy.begin();
      int seen = 0;
      for (int i = 0; i < 5; i++) {
        seen |= 1 << policy.next(index -> true);
      }
      assertEquals(0b11111, seen, kind.name());
      assertEquals(-1, policy.next(index -> true));
      policy.retry(3);
      assertEquals(3, policy.next(index -> true));
    }
  }

  @Test
  void shouldHaveNobodyWhenThereAreNoNeighbours() {
    for (PartnerPolicy.Kind kind : PartnerPolicy.Kind.values()) {
      PartnerPolicy policy = policy(kind, 0, 9);
      policy.begin();
      assertEquals(-1, policy.next(index -> true));
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
}

package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PairTest {
  @Test
  void shouldAlternateTheOrderAndGiveMediansOfTheIteration() {
    Pair pair = new Pair();
    assertTrue(pair.javaFirst());
    pair.record(1, 10);
    assertFalse(pair.javaFirst());
    pair.record(100, 30);
    assertEquals(50.5, pair.javaNs());
    pair.record(2, 20);
    assertEquals(2, pair.javaNs());
    assertEquals(20, pair.rivalNs());
    pair.clear();
    assertTrue(Double.isNaN(pair.javaNs()));
    pair.record(7, 8);
    assertEquals(7, pair.javaNs());
  }

  @Test
  void shouldKeepTheLastInvocationsWhenThereAreVeryMany() {
    Pair pair = new Pair();
    for (int i = 0; i < 20_000; i++) {
      pair.record(1, 1);
    }
    for (int i = 0; i < 1 << 14; i++) {
      pair.record(5, 3);
    }
    assertEquals(5, pair.javaNs());
    assertEquals(3, pair.rivalNs());
  }
}

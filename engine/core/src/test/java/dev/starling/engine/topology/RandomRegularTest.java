package dev.starling.engine.topology;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class RandomRegularTest {
  private static Topology graph(int degree, int workers, long seed) {
    return Topology.parse("random-regular:" + degree, workers, seed);
  }

  private static String neighbours(Topology topology) {
    return IntStream.range(0, topology.workers())
        .mapToObj(
            rank ->
                Arrays.stream(topology.neighbours(rank))
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(",")))
        .collect(Collectors.joining(" "));
  }

  @Test
  void shouldBeSoundAndRegularForEveryDegreeWhenTheGraphIsSmall() {
    long seed = System.nanoTime();
    System.out.println("RandomRegularTest seed " + seed);
    for (int workers = 3; workers <= 17; workers++) {
      for (int degree = 2; degree < workers; degree++) {
        if (workers * degree % 2 == 0) {
          requireRegular(graph(degree, workers, seed + workers), degree);
        }
      }
    }
    requireRegular(graph(1, 2, seed), 1);
  }

  @ParameterizedTest
  @CsvSource({"2, 1024", "3, 1024", "4, 1024", "4, 1023", "255, 256", "200, 512"})
  void shouldBeSoundAndRegularWhenTheGraphIsLarge(int degree, int workers) {
    for (long seed = 1; seed <= (degree > 100 ? 1 : 5); seed++) {
      requireRegular(graph(degree, workers, seed), degree);
    }
  }

  private static void requireRegular(Topology topology, int degree) {
    Graphs.assertSound(topology);
    assertEquals(topology.workers() * degree / 2, topology.edges());
    for (int rank = 0; rank < topology.workers(); rank++) {
      assertEquals(degree, topology.neighbours(rank).length, topology.name() + " rank " + rank);
      assertTrue(topology.initiates(rank));
    }
  }

  /** Made by another program from the description of the algorithm and of {@code Random}. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3 | 8 | 1 | 2,3,5 2,3,6 0,1,4 0,1,7 2,6,7 0,6,7 1,4,5 3,4,5",
        "3 | 8 | 2 | 1,3,5 0,5,7 4,5,6 0,4,6 2,3,7 0,1,2 2,3,7 1,4,6",
        "4 | 10 | 1 | 3,4,5,8 2,6,8,9 1,4,6,9 0,5,8,9 0,2,5,7 0,3,4,7 1,2,7,9 4,5,6,8 0,1,3,7"
            + " 1,2,3,6",
        "3 | 6 | -5 | 1,3,4 0,4,5 3,4,5 0,2,5 0,1,2 1,2,3"
      })
  void shouldBeTheGraphThatTheSeedStandsFor(int degree, int workers, long seed, String expected) {
    assertEquals(expected, neighbours(graph(degree, workers, seed)));
  }

  @Test
  void shouldDifferWhenTheSeedDiffers() {
    assertEquals(neighbours(graph(4, 64, 7)), neighbours(graph(4, 64, 7)));
    assertNotEquals(neighbours(graph(4, 64, 7)), neighbours(graph(4, 64, 8)));
    assertNotEquals(neighbours(graph(4, 64, 0)), neighbours(graph(4, 64, -1)));
  }

  @Test
  void shouldHaveFourNeighboursWhenNoDegreeIsGiven() {
    Topology topology = Topology.parse("random-regular", 20, 3);
    assertEquals("random-regular:4", topology.name());
    assertEquals(neighbours(graph(4, 20, 3)), neighbours(topology));
  }

  /** A circulant graph that was not switched enough would keep its short hops. */
  @Test
  void shouldJoinAnyTwoWorkersAboutEquallyOftenWhenSeedsVary() {
    Map<Integer, Integer> hops = new HashMap<>();
    int graphs = 400;
    for (long seed = 0; seed < graphs; seed++) {
      for (int peer : graph(4, 21, seed).neighbours(0)) {
        hops.merge(peer, 1, Integer::sum);
      }
    }
    double expected = graphs * 4 / 20.0;
    for (int peer = 1; peer < 21; peer++) {
      assertEquals(expected, hops.getOrDefault(peer, 0), 0.5 * expected, "worker " + peer);
    }
  }

  /** Friedman 2008: almost all regular graphs mix nearly as fast as any of their degree can. */
  @Test
  void shouldMixLikeARandomGraphAndNotLikeARing() {
    for (long seed = 1; seed <= 5; seed++) {
      int workers = 256;
      double best = (4 - 2 * Math.sqrt(3)) / (4 * workers);
      double gap = graph(4, workers, seed).mixing().gap();
      assertTrue(gap > 0.7 * best && gap < 1.3 * best, "seed " + seed + ": gap " + gap);
    }
  }
}

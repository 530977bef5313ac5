package dev.starling.engine.topology;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.topology.Topology.Kind;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TopologyTest {
  /** Spectral gaps computed independently, with NumPy's eigvalsh on the same definition of E[W]. */
  @ParameterizedTest
  @CsvSource({
    "BIPARTITE_EXPONENTIAL, 8, 1.25e-1, 4",
    "BIPARTITE_EXPONENTIAL, 16, 6.25e-2, 8",
    "BIPARTITE_EXPONENTIAL, 32, 2.11e-2, 10",
    "BIPARTITE_EXPONENTIAL, 64, 9.44e-3, 12",
    "COMPLETE_BIPARTITE, 8, 1.25e-1, 4",
    "COMPLETE_BIPARTITE, 64, 1.56e-2, 32",
    "COMPLETE, 8, 1.43e-1, 7",
    "COMPLETE, 64, 1.59e-2, 63",
    "RING, 8, 3.66e-2, 2",
    "RING, 64, 7.52e-5, 2"
  })
  void shouldHaveTheSpectralGapOfTheReference(Kind kind, int workers, double gap, int degree) {
    Topology topology = Topology.of(kind, workers);
    assertEquals(gap, topology.mixing().gap(), 0.005 * gap);
    assertEquals(degree, topology.neighbours(0).length);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void shouldBeSymmetricConnectedAndWithoutLoops(Kind kind) {
    for (int workers = 1; workers <= 33; workers++) {
      if (workers > 1 && workers % 2 != 0 && kind.name().contains("BIPARTITE")) {
        int odd = workers;
        assertThrows(ConfigurationException.class, () -> Topology.of(kind, odd));
        continue;
      }
      Topology topology = Topology.of(kind, workers);
      boolean[] reached = new boolean[workers];
      reach(topology, 0, reached);
      for (int rank = 0; rank < workers; rank++) {
        assertTrue(reached[rank], kind + " of " + workers + " does not reach " + rank);
        boolean usable = topology.initiates(rank);
        for (int peer : topology.neighbours(rank)) {
          assertTrue(peer != rank && peer >= 0 && peer < workers);
          assertTrue(Arrays.binarySearch(topology.neighbours(peer), rank) >= 0);
          usable |= topology.initiates(peer);
        }
        assertTrue(usable || workers == 1);
      }
      double gap = topology.mixing().gap();
      assertTrue(workers == 1 || gap > 0, kind + " of " + workers + " does not mix: gap " + gap);
    }
  }

  private static void reach(Topology topology, int rank, boolean[] reached) {
    reached[rank] = true;
    for (int peer : topology.neighbours(rank)) {
      if (!reached[peer]) {
        reach(topology, peer, reached);
      }
    }
  }

  @Test
  void shouldJoinOnlyActiveWithPassiveWorkersWhenBipartite() {
    for (Kind kind : new Kind[] {Kind.BIPARTITE_EXPONENTIAL, Kind.COMPLETE_BIPARTITE}) {
      Topology topology = Topology.of(kind, 16);
      for (int rank = 0; rank < 16; rank++) {
        assertEquals(rank % 2 == 0, topology.initiates(rank));
        for (int peer : topology.neighbours(rank)) {
          assertEquals(1, (rank + peer) % 2);
        }
      }
    }
    assertArrayEquals(
        new int[] {1, 3, 5, 7, 9, 11, 13, 15},
        Topology.of(Kind.BIPARTITE_EXPONENTIAL, 16).neighbours(0));
  }

  /** The half-life is a promise about the distance: check it against simulated pairings. */
  @Test
  void shouldHalveTheDistanceInTheExpectedNumberOfExchanges() {
    long seed = System.nanoTime();
    System.out.println("TopologyTest seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Topology topology = Topology.of(Kind.COMPLETE, 8);
    int exchanges = (int) Math.round(topology.mixing().exchangesToHalve());
    double before = 0;
    double after = 0;
    for (int trial = 0; trial < 4000; trial++) {
      double[] x = random.doubles(8, -1, 1).toArray();
      before += squaredDistance(x);
      for (int k = 0; k < exchanges; k++) {
        int i = random.nextInt(8);
        int[] neighbours = topology.neighbours(i);
        int j = neighbours[random.nextInt(neighbours.length)];
        x[i] = x[j] = (x[i] + x[j]) / 2;
      }
      after += squaredDistance(x);
    }
    assertEquals(0.5, Math.sqrt(after / before), 0.03);
  }

  private static double squaredDistance(double[] x) {
    double mean = Arrays.stream(x).average().orElseThrow();
    return Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum();
  }

  @Test
  void shouldListTheKindsWhenANameIsUnknown() {
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> Kind.parse("star-ship"));
    assertEquals(
        "topology=star-ship is unknown: choose one of ring, complete, complete-bipartite,"
            + " bipartite-exponential",
        failure.getMessage());
    for (Kind kind : Kind.values()) {
      assertEquals(kind, Kind.parse(kind.optionName()));
      assertFalse(kind.description().isEmpty());
    }
  }

  @Test
  void shouldPrintEveryEdgeOnceAsDot() {
    String dot = Topology.of(Kind.COMPLETE, 5).toDot();
    assertEquals(10, dot.lines().filter(line -> line.contains("--")).count());
    assertEquals(10, Topology.of(Kind.COMPLETE, 5).edges());
    assertTrue(dot.startsWith("graph \"complete\" {"));
  }
}

package dev.starling.engine.topology;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.topology.Topology.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
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
    "RING, 64, 7.52e-5, 2",
    "TORUS, 12, 4.17e-2, 4",
    "TORUS, 64, 2.29e-3, 4",
    "EXPONENTIAL, 8, 0.1, 5",
    "EXPONENTIAL, 11, 8.05e-2, 8",
    "STAR, 8, 7.14e-2, 7"
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
      if (isRefused(kind, workers)) {
        int count = workers;
        assertThrows(ConfigurationException.class, () -> Topology.of(kind, count));
        continue;
      }
      Topology topology = Topology.of(kind, workers);
      assertEquals(kind.optionName(), topology.name());
      assertEquals(workers, topology.workers());
      Graphs.assertSound(topology);
      double gap = topology.mixing().gap();
      assertTrue(workers == 1 || gap > 0, kind + " of " + workers + " does not mix: gap " + gap);
    }
  }

  private static boolean isRefused(Kind kind, int workers) {
    boolean prime = IntStream.range(2, workers).allMatch(factor -> workers % factor != 0);
    return kind.name().contains("BIPARTITE") && workers > 1 && workers % 2 != 0
        || kind == Kind.TORUS && workers > 3 && prime;
  }

  @ParameterizedTest
  @CsvSource({"12, 3, 4", "16, 4, 4", "36, 6, 6", "10, 2, 5", "1022, 14, 73", "4, 2, 2", "9, 3, 3"})
  void shouldBeAsSquareAsTheFactorsAllowWhenATorus(int workers, int rows, int columns) {
    Topology torus = Topology.of(Kind.TORUS, workers);
    for (int rank = 0; rank < workers; rank++) {
      int row = rank / columns;
      int column = rank % columns;
      int[] expected = {
        row * columns + (column + 1) % columns,
        row * columns + (column + columns - 1) % columns,
        (row + 1) % rows * columns + column,
        (row + rows - 1) % rows * columns + column
      };
      assertArrayEquals(
          Arrays.stream(expected).sorted().distinct().toArray(), torus.neighbours(rank));
    }
  }

  @Test
  void shouldNameTheCureWhenATorusOfAPrimeNumberIsAsked() {
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> Topology.of(Kind.TORUS, 13));
    assertEquals(
        "topology=torus needs a number of workers with two factors above 1, and 13 is prime: use"
            + " 12 or 14 workers, or choose ring or exponential",
        failure.getMessage());
    // The proposed numbers are none of them prime.
    Graphs.assertSound(Topology.of(Kind.TORUS, 12));
    Graphs.assertSound(Topology.of(Kind.TORUS, 14));
  }

  @Test
  void shouldLetTheHubAndTheLeavesInitiateWhenAStar() {
    Topology star = Topology.of(Kind.STAR, 6);
    assertArrayEquals(new int[] {1, 2, 3, 4, 5}, star.neighbours(0));
    for (int rank = 0; rank < 6; rank++) {
      assertTrue(star.initiates(rank));
      assertTrue(rank == 0 || Arrays.equals(new int[] {0}, star.neighbours(rank)));
    }
  }

  @Test
  void shouldHopByPowersOfTwoInBothDirectionsWhenExponential() {
    assertArrayEquals(
        new int[] {1, 2, 4, 8, 12, 14, 15}, Topology.of(Kind.EXPONENTIAL, 16).neighbours(0));
    assertArrayEquals(
        new int[] {0, 1, 3, 4, 6, 7, 9, 10}, Topology.of(Kind.EXPONENTIAL, 13).neighbours(5));
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
        "topology=star-ship is unknown: choose one of ring, torus, exponential, star,"
            + " complete, complete-bipartite, bipartite-exponential",
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

  @Test
  void shouldBuildTheSameGraphWhenAKindIsGivenByName() {
    for (Kind kind : Kind.values()) {
      Topology named = Topology.parse(kind.optionName(), 12, 99);
      assertEquals(Topology.of(kind, 12).toDot(), named.toDot());
      for (int rank = 0; rank < 12; rank++) {
        assertEquals(Topology.of(kind, 12).initiates(rank), named.initiates(rank));
      }
      assertEquals(kind.description(), Topology.specifications().get(kind.optionName()));
    }
    assertEquals(
        List.of("random-regular[:DEGREE]", "file:PATH"),
        List.copyOf(Topology.specifications().keySet())
            .subList(Kind.values().length, Kind.values().length + 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tree | 4 | topology=tree is unknown: choose one of ring, torus, exponential, star,",
        "'' | 4 | topology= is unknown",
        "Ring | 4 | topology=Ring is unknown",
        "ring:2 | 4 | topology=ring:2 is unknown",
        "ring | 0 | workers=0 is out of range",
        "random-regular: | 8 | needs a number of neighbours after the colon",
        "random-regular:-1 | 8 | needs a number of neighbours after the colon",
        "random-regular:four | 8 | needs a number of neighbours after the colon",
        "random-regular:99999999999 | 8 | needs a number of neighbours after the colon",
        "random-regular | 4 | random-regular:4 needs more than 4 workers, not 4: add workers",
        "random-regular:8 | 8 | needs more than 8 workers, not 8",
        "random-regular:3 | 9 | must be even: choose degree 2 or add a worker",
        "random-regular:1 | 4 | cannot join 4 workers into one graph: choose a degree of at least"
            + " 2",
        "random-regular:0 | 2 | cannot join 2 workers into one graph: choose a degree of at least"
            + " 1",
        "random-regular:60000 | 65534 | has too many edges: lower the degree",
        "file: | 4 | needs a path after the colon",
      })
  void shouldRefuseInOneSentenceWhenTheSpecificationIsWrong(
      String specification, int workers, String part) {
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> Topology.parse(specification, workers, 1));
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
    assertEquals(1, failure.getMessage().lines().count());
  }
}

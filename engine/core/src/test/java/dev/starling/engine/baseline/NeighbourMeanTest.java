package dev.starling.engine.baseline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.Update;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.CpuKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NeighbourMeanTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int PIECE_BYTES = 64;

  private final Arena arena = Arena.ofAuto();
  private final Update update = new Update();
  private final MemorySegment own = arena.allocate(1 << 20, 64);
  private RingMeanTest.Neighbour[] neighbours;

  private NeighbourMean mean(int degree, int depth, long floats) {
    SplittableRandom random = new SplittableRandom(degree);
    neighbours = new RingMeanTest.Neighbour[degree];
    float[] weights = new float[degree];
    for (int i = 0; i < degree; i++) {
      MemorySegment theirs = arena.allocate(floats * Float.BYTES, 64);
      for (long at = 0; at < floats; at++) {
        theirs.setAtIndex(FLOAT, at, 10 * i + at % 7);
      }
      neighbours[i] = new RingMeanTest.Neighbour(i + 5, theirs, false, random.split());
      weights[i] = 1f / (degree + 1);
    }
    for (long at = 0; at < floats; at++) {
      own.setAtIndex(FLOAT, at, -3);
    }
    update.set(arena.allocate(floats * Float.BYTES, 64), 0.5f, 1f);
    Remote[] remotes = neighbours.clone();
    NeighbourMean mean =
        new NeighbourMean(
            remotes,
            weights,
            new CpuKernels(),
            PIECE_BYTES,
            arena.allocate((long) depth * PIECE_BYTES, 64));
    mean.begin(own, 0, 1 << 19, update, 0, floats * Float.BYTES);
    return mean;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 5", "1, 500, 8000", "3, 1, 100", "3, 2, 333", "4, 500, 3001"})
  void shouldTakeTheWeightedMeanWhatsoeverIsReadAhead(int degree, int depth, long floats) {
    NeighbourMean mean = mean(degree, depth, floats);
    for (long polls = 0; !mean.isDone(); polls++) {
      assertTrue(polls < 1_000_000, "the mean stands still");
      mean.poll();
    }
    for (long at = 0; at < floats; at++) {
      double sum = -3;
      for (int i = 0; i < degree; i++) {
        sum += 10 * i + at % 7;
      }
      float found = own.get(FLOAT, (1 << 19) + at * Float.BYTES);
      assertEquals(sum / (degree + 1), found, 1e-4, "parameter " + at);
    }
  }

  @Test
  void shouldSayWhoseModelCouldNotBeRead() {
    NeighbourMean mean = mean(3, 8, 1000);
    neighbours[1].failing = true;
    StarlingException failed =
        assertThrows(
            StarlingException.class,
            () -> {
              for (int polls = 0; polls < 100_000 && !mean.isDone(); polls++) {
                mean.poll();
              }
            });
    assertTrue(failed.getMessage().startsWith("the model of rank 6"), failed.getMessage());
  }
}

package dev.starling.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scalar loops, which a JVM without vectors takes, against the tiles. */
class DenseKernelsTest {
  private final SplittableRandom random = new SplittableRandom(20_260_101);

  private float[] floats(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  private MemorySegment parameters(Arena arena, int count) {
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, floats(count));
  }

  @ParameterizedTest
  @CsvSource({"64,10,1", "784,10,2", "100,33,1", "77,5,3"})
  void shouldGiveTheSameBitsForwardWithAndWithoutVectors(int in, int out, int tiles) {
    int stride = tiles * DenseKernels.TILE;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = parameters(arena, in * out + out);
      float[] xt = floats(in * stride);
      float[] vector = new float[out * stride];
      float[] scalar = new float[out * stride];
      DenseKernels.forward(parameters, 0, 4L * in * out, in, out, xt, stride, vector);
      DenseKernels.forwardScalar(parameters, 0, 4L * in * out, in, out, xt, stride, scalar);
      assertArrayEquals(vector, scalar, 0);
    }
  }

  @ParameterizedTest
  @CsvSource({"64,10,4", "784,10,8", "100,33,4"})
  void shouldGiveTheSameBitsBackwardWithAndWithoutVectors(int in, int out, int rows) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = parameters(arena, in * out);
      float[] dz = floats(rows * out);
      float[] vector = new float[rows * in];
      float[] scalar = new float[rows * in];
      DenseKernels.inputGradient(parameters, 0, in, out, dz, rows, vector);
      DenseKernels.inputGradientScalar(parameters, 0, in, out, dz, rows, scalar);
      assertArrayEquals(vector, scalar, 0);
    }
  }
}

package dev.starling.cuda.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cuda.FakeCublas;
import dev.starling.cuda.FakeCuda;
import dev.starling.models.Evaluation;
import dev.starling.models.Model;
import dev.starling.models.Models;
import dev.starling.models.Pass;
import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** JCublas on a library that multiplies by the definition: operands, lines, order, closing. */
class CublasProductsTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int BATCH = 9;

  private final SplittableRandom random = new SplittableRandom(5);
  private final Model model = Models.parse("mlp:17,6,11", 13, 4);
  private final Dataset data = data();
  private Arena arena;

  @BeforeEach
  void enter() throws Exception {
    FakeCublas.enter();
    FakeCuda.reset(7);
    FakeCublas.fail(0);
    arena = Arena.ofConfined();
  }

  @AfterEach
  void shouldHaveGivenEverythingBackAndBrokenNoRule() {
    if (arena != null) {
      arena.close();
      FakeCublas.fail(0);
      assertEquals(0, FakeCublas.handles());
      assertEquals(Map.of(), FakeCuda.live());
      assertEquals(List.of(), FakeCuda.violations());
    }
  }

  private Dataset data() {
    float[] features = new float[20 * 13];
    int[] labels = new int[20];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble(-1, 1);
      labels[i % 20] = random.nextInt(4);
    }
    return new Dataset("random", features, labels, 4, 13, 1, 1);
  }

  private MemorySegment vector() {
    MemorySegment vector = arena.allocate(model.parameterCount() * 4, 4);
    for (long i = 0; i < model.parameterCount(); i++) {
      vector.setAtIndex(FLOAT, i, (float) random.nextDouble(-0.5, 0.5));
    }
    return vector;
  }

  private CudaPass open() {
    return new CudaPass(
        model, BATCH, 0, new ProductsChoice(true, "test"), TimeUnit.SECONDS.toNanos(20));
  }

  @Test
  void shouldGiveTheGradientOfTheCpuButForTheOrderOfSums() {
    MemorySegment parameters = vector();
    MemorySegment expected = vector();
    MemorySegment actual = vector();
    try (Pass cpu = model.newPass(BATCH);
        Pass cuda = open()) {
      for (int size : new int[] {BATCH, 1, 4}) {
        Batch batch = new Batch(data, size);
        batch.range(3, 3 + size);
        float loss = cpu.gradient(parameters, batch, expected);
        assertEquals(loss, cuda.gradient(parameters, batch, actual), 1e-6f * loss);
        double largest = 0;
        double difference = 0;
        for (long i = 0; i < model.parameterCount(); i++) {
          float e = expected.getAtIndex(FLOAT, i);
          largest = Math.max(largest, Math.abs(e));
          difference = Math.max(difference, Math.abs(e - actual.getAtIndex(FLOAT, i)));
        }
        assertTrue(largest > 0 && difference < 1e-6 * largest, difference + " of " + largest);
      }
      Evaluation judged = cpu.evaluate(parameters, data);
      Evaluation evaluation = cuda.evaluate(parameters, data);
      assertEquals(judged.accuracy(), evaluation.accuracy());
      assertEquals(judged.loss(), evaluation.loss(), 1e-6);
      parameters.setAtIndex(FLOAT, 30, Float.NaN);
      Batch batch = new Batch(data, 2);
      batch.range(0, 2);
      assertTrue(Float.isNaN(cuda.gradient(parameters, batch, actual)));
      assertTrue(Float.isNaN(actual.getAtIndex(FLOAT, model.parameterCount() - 1)));
    }
  }

  @Test
  void shouldGiveEverythingBackWhicheverCallFails() {
    MemorySegment parameters = vector();
    MemorySegment gradient = vector();
    Batch batch = new Batch(data, 2);
    batch.range(0, 2);
    // Handle, stream, four products forward, seven backward.
    for (int nth = 1; nth <= 13; nth++) {
      FakeCublas.fail(nth);
      RuntimeException failure =
          assertThrows(
              RuntimeException.class,
              () -> {
                try (Pass pass = open()) {
                  pass.gradient(parameters, batch, gradient);
                }
              },
              "call " + nth);
      assertTrue(failure.getMessage().contains("CUBLAS_STATUS_"), failure.getMessage());
      assertTrue(failure.getMessage().endsWith("use matrix=tiled"), failure.getMessage());
      assertEquals(0, FakeCublas.handles(), "call " + nth);
      assertEquals(Map.of(), FakeCuda.live(), "call " + nth);
    }
  }

  @Test
  void shouldDestroyItsHandleWhicheverCallOfTheDriverFails() {
    boolean opened = false;
    for (long nth = 1; !opened; nth++) {
      FakeCuda.reset(nth);
      FakeCuda.failCall(nth, 999);
      CudaPass pass = null;
      try {
        pass = open();
        opened = true;
      } catch (RuntimeException expected) {
        assertTrue(expected.getMessage().contains("999"), expected.getMessage());
      }
      if (opened) {
        assertThrows(RuntimeException.class, pass::close);
        FakeCuda.reset(nth);
      }
      assertEquals(0, FakeCublas.handles(), "call " + nth);
      assertEquals(Map.of(), FakeCuda.live(), "call " + nth);
    }
  }

  @Test
  void shouldBeChosenWhereItCanBeLoaded() {
    assertEquals(Optional.empty(), CublasLibrary.unavailableReason());
    assertEquals(
        "1 CUDA device, products by cuBLAS", new CudaPassProvider().open(Map.of()).description());
  }
}

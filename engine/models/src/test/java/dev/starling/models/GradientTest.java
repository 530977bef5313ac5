package dev.starling.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GradientTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private static Dataset data(int count, int inputs, int classes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] features = new float[count * inputs];
    int[] labels = new int[count];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble(-1, 1);
    }
    for (int i = 0; i < count; i++) {
      labels[i] = random.nextInt(classes);
    }
    return new Dataset("random", features, labels, classes, inputs, 1, 1);
  }

  private static Batch batch(Dataset data, int size) {
    Batch batch = new Batch(data, size);
    batch.range(0, size);
    return batch;
  }

  /** Central differences of the loss; each parameter of small models, a sample of large ones. */
  @ParameterizedTest
  @CsvSource({
    "softmax, 7, 3, 1",
    "softmax, 33, 10, 5",
    "mlp:5, 7, 3, 4",
    "mlp:16, 19, 10, 1",
    "'mlp:17,9', 31, 4, 7",
    "'mlp:33,20,11', 50, 10, 32"
  })
  void shouldAgreeWithFiniteDifferences(String specification, int inputs, int classes, int size) {
    long seed = 17;
    Model model = Models.parse(specification, inputs, classes);
    Dataset data = data(size, inputs, classes, seed);
    Batch batch = batch(data, size);
    Pass pass = model.newPass(size);
    try (Arena arena = Arena.ofConfined()) {
      long bytes = model.parameterCount() * Float.BYTES;
      MemorySegment parameters = arena.allocate(bytes, 64);
      MemorySegment gradient = arena.allocate(bytes, 64);
      MemorySegment ignored = arena.allocate(bytes, 64);
      model.initialise(parameters, new SplittableRandom(seed));
      pass.gradient(parameters, batch, gradient);
      double loss = pass.gradient(parameters, batch, ignored);
      long stride = Math.max(1, model.parameterCount() / 300);
      int compared = 0;
      int kinks = 0;
      double step = 4e-3;
      for (long i = 0; i < model.parameterCount(); i += stride) {
        float value = parameters.getAtIndex(FLOAT, i);
        parameters.setAtIndex(FLOAT, i, (float) (value + step));
        double right = (pass.gradient(parameters, batch, ignored) - loss) / step;
        parameters.setAtIndex(FLOAT, i, (float) (value - step));
        double left = (loss - pass.gradient(parameters, batch, ignored)) / step;
        parameters.setAtIndex(FLOAT, i, value);
        double got = gradient.getAtIndex(FLOAT, i);
        double tolerance = 2e-3 + 0.02 * Math.abs(got);
        if (Math.abs(right - left) > 2 * tolerance) {
          // The slopes differ: a ReLU switches between the two points.
          kinks++;
        } else {
          compared++;
          assertEquals((left + right) / 2, got, tolerance, model.name() + " parameter " + i);
        }
      }
      assertTrue(kinks <= compared / 4, kinks + " of " + compared + " parameters have kinks");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"softmax", "mlp:13", "mlp:24,8"})
  void shouldWriteTheMeanOverTheBatchAndAllOfIt(String specification) {
    Model model = Models.parse(specification, 21, 5);
    Dataset data = data(6, 21, 5, 3);
    try (Arena arena = Arena.ofConfined()) {
      int count = (int) model.parameterCount();
      MemorySegment parameters = arena.allocate(count * 4L, 64);
      MemorySegment whole = arena.allocate(count * 4L, 64);
      MemorySegment one = arena.allocate(count * 4L, 64);
      model.initialise(parameters, new SplittableRandom(3));
      for (int i = 0; i < count; i++) {
        whole.setAtIndex(FLOAT, i, Float.NaN);
      }
      Pass pass = model.newPass(6);
      double loss = pass.gradient(parameters, batch(data, 6), whole);
      double[] sum = new double[count];
      double losses = 0;
      Batch single = new Batch(data, 1);
      for (int row = 0; row < 6; row++) {
        single.range(row, row + 1);
        losses += pass.gradient(parameters, single, one);
        for (int i = 0; i < count; i++) {
          sum[i] += one.getAtIndex(FLOAT, i) / 6.0;
        }
      }
      assertEquals(losses / 6, loss, 1e-5);
      for (int i = 0; i < count; i++) {
        assertEquals(sum[i], whole.getAtIndex(FLOAT, i), 1e-5, "parameter " + i);
      }
    }
  }

  @Test
  void shouldGiveTheSameOnUnalignedSegments() {
    Model model = Models.parse("mlp:9", 12, 4);
    Dataset data = data(5, 12, 4, 8);
    try (Arena arena = Arena.ofConfined()) {
      long bytes = model.parameterCount() * 4;
      MemorySegment aligned = arena.allocate(bytes, 64);
      MemorySegment shifted = arena.allocate(bytes + 64, 64).asSlice(4, bytes);
      MemorySegment first = arena.allocate(bytes, 64);
      MemorySegment second = arena.allocate(bytes + 64, 64).asSlice(12, bytes);
      model.initialise(aligned, new SplittableRandom(1));
      MemorySegment.copy(aligned, 0, shifted, 0, bytes);
      Pass pass = model.newPass(5);
      assertEquals(
          pass.gradient(aligned, batch(data, 5), first),
          pass.gradient(shifted, batch(data, 5), second));
      assertEquals(-1, first.mismatch(second));
    }
  }

  @Test
  void shouldSpreadWhatIsNotFiniteInsteadOfFailing() {
    Model model = Models.parse("mlp:9,5", 12, 4);
    try (Arena arena = Arena.ofConfined()) {
      long count = model.parameterCount();
      MemorySegment parameters = arena.allocate(count * 4, 64);
      MemorySegment gradient = arena.allocate(count * 4, 64);
      model.initialise(parameters, new SplittableRandom(1));
      for (long i = 0; i < count; i++) {
        parameters.setAtIndex(FLOAT, i, Float.NaN);
      }
      model.newPass(5).gradient(parameters, batch(data(5, 12, 4, 8), 5), gradient);
      boolean finite = true;
      for (long i = 0; i < count; i++) {
        finite &= Float.isFinite(gradient.getAtIndex(FLOAT, i));
      }
      assertFalse(finite);
    }
  }

  @Test
  void shouldAllocateNothingPerStep() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Model model = Models.parse("mlp:64,32", 100, 10);
    Dataset data = data(64, 100, 10, 2);
    Batch batch = batch(data, 32);
    Pass pass = model.newPass(32);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(model.parameterCount() * 4, 64);
      MemorySegment gradient = arena.allocate(model.parameterCount() * 4, 64);
      model.initialise(parameters, new SplittableRandom(1));
      long perStep = Long.MAX_VALUE;
      // The compiler needs a while to remove the vectors' boxes; then nothing may be left.
      for (int round = 0; round < 60 && perStep > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 500; i++) {
          pass.gradient(parameters, batch, gradient);
        }
        perStep = (threads.getCurrentThreadAllocatedBytes() - before) / 500;
      }
      assertEquals(0, perStep, "bytes a step");
    }
  }

  @Test
  void shouldNameWhatIsWrongWithAModel() {
    for (String wrong :
        new String[] {"", "mlp:", "mlp:0", "mlp:-3", "mlp:5,,6", "mlp:x", "cnn", "softmax:3"}) {
      IllegalArgumentException failure =
          assertThrows(IllegalArgumentException.class, () -> Models.parse(wrong, 784, 10), wrong);
      assertTrue(failure.getMessage().contains("'" + wrong + "'"), failure.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> Models.parse("mlp:99999999999", 784, 10));
    assertThrows(
        IllegalArgumentException.class, () -> Models.parse("mlp:2000000000,2000000000", 784, 10));
  }

  @Test
  void shouldLayItsTensorsOutWithoutGaps() {
    Model model = Models.parse("mlp:256,128", 784, 10);
    assertEquals(784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10, model.parameterCount());
    long end = 0;
    for (TensorSpec tensor : model.tensors()) {
      assertEquals(end, tensor.offset(), tensor.name());
      end += tensor.elements();
    }
    assertEquals(model.parameterCount(), end);
  }
}

package dev.starling.cuda.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.DeviceMemory;
import dev.starling.cuda.FakeCuda;
import dev.starling.cuda.HostRegistration;
import dev.starling.engine.memory.PrivateMemory;
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
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A pass on the fake driver against the same pass on the CPU. */
class CudaPassTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);

  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);
  private Arena arena;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    System.out.println("CudaPassTest: seed " + seed);
    FakeCuda.reset(seed);
    arena = Arena.ofConfined();
  }

  @AfterEach
  void shouldHaveGivenEverythingBackAndBrokenNoRule() {
    if (arena != null) {
      arena.close();
      assertEquals(Map.of(), FakeCuda.live(), () -> "left behind, seed " + seed);
      assertEquals(List.of(), FakeCuda.violations(), () -> "seed " + seed);
    }
  }

  private static CudaPass open(Model model, int maxBatch) {
    return new CudaPass(model, maxBatch, 0, new ProductsChoice(false, "test"), LIMIT_NS);
  }

  private Dataset data(int count, int inputs, int classes) {
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

  private Batch batch(Dataset data, int size) {
    Batch batch = new Batch(data, size);
    for (int b = 0; b < size; b++) {
      batch.add(random.nextInt(data.count()));
    }
    return batch;
  }

  private MemorySegment parameters(Model model) {
    MemorySegment parameters = arena.allocate(model.parameterCount() * 4 + 4, 4);
    for (long i = 0; i < model.parameterCount(); i++) {
      parameters.setAtIndex(FLOAT, i, (float) random.nextDouble(-0.5, 0.5));
    }
    return parameters;
  }

  private MemorySegment gradient(Model model) {
    return arena.allocate(model.parameterCount() * 4 + 4, 4).fill((byte) 0x5a);
  }

  /** Equal but for the last places of the exponential function; nothing behind the end written. */
  private void requireClose(Model model, MemorySegment expected, MemorySegment actual) {
    double largest = 0;
    double difference = 0;
    for (long i = 0; i < model.parameterCount(); i++) {
      float e = expected.getAtIndex(FLOAT, i);
      largest = Math.max(largest, Math.abs(e));
      difference = Math.max(difference, Math.abs(e - actual.getAtIndex(FLOAT, i)));
    }
    assertTrue(largest > 0 && difference <= 2e-7 * largest, difference + " of " + largest);
    assertEquals(
        0x5a5a5a5a, actual.getAtIndex(ValueLayout.JAVA_INT, model.parameterCount()), "overrun");
  }

  private static void requireCloseLoss(float expected, float actual) {
    assertEquals(Float.isNaN(expected), Float.isNaN(actual));
    assertTrue(!(Math.abs(expected - actual) > 1e-7f * expected), expected + " and " + actual);
  }

  @ParameterizedTest
  @CsvSource({
    "softmax, 7, 3, 1",
    "softmax, 33, 10, 5",
    "softmax, 784, 10, 32",
    "softmax, 3, 300, 4",
    "mlp:5, 7, 3, 4",
    "mlp:16, 19, 10, 1",
    "'mlp:17,9', 31, 4, 33",
    "'mlp:33,20,11', 50, 10, 32",
    "'mlp:64,65,63', 64, 10, 65",
    "mlp:600, 40, 10, 64"
  })
  void shouldGiveLossAndGradientOfTheCpu(String specification, int inputs, int classes, int size) {
    Model model = Models.parse(specification, inputs, classes);
    Dataset data = data(3 * size, inputs, classes);
    MemorySegment parameters = parameters(model);
    MemorySegment expected = gradient(model);
    MemorySegment actual = gradient(model);
    try (Pass cpu = model.newPass(size);
        Pass cuda = open(model, size)) {
      // Also fewer samples than fit, and views that share the features.
      for (int some : new int[] {size, 1, (size + 1) / 2, size}) {
        Batch batch = batch(data.range(size / 2, 2 * size), some);
        float loss = cpu.gradient(parameters, batch, expected);
        requireCloseLoss(loss, cuda.gradient(parameters.asReadOnly(), batch, actual));
        requireClose(model, expected, actual);
      }
    }
    assertEquals(0, FakeCuda.count("pageableCopies"), "the driver must not copy by itself");
  }

  @ParameterizedTest
  @CsvSource({"softmax, 9, 3, 7", "'mlp:17,9', 31, 4, 33", "mlp:8, 5, 2, 100"})
  void shouldEvaluateAsTheCpuDoes(String specification, int inputs, int classes, int maxBatch) {
    Model model = Models.parse(specification, inputs, classes);
    Dataset data = data(100, inputs, classes);
    MemorySegment parameters = parameters(model);
    try (Pass cpu = model.newPass(maxBatch);
        Pass cuda = open(model, maxBatch)) {
      Evaluation expected = cpu.evaluate(parameters, data);
      Evaluation actual = cuda.evaluate(parameters, data);
      assertEquals(expected.accuracy(), actual.accuracy());
      assertEquals(expected.loss(), actual.loss(), 1e-13);
      assertEquals(expected.count(), actual.count());
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3e38f})
  void shouldGiveNothingButNaNWhenASumIsNotFinite(float bad) {
    Model model = Models.parse("mlp:9,4", 6, 3);
    Dataset data = data(10, 6, 3);
    MemorySegment parameters = parameters(model);
    MemorySegment actual = gradient(model);
    MemorySegment expected = gradient(model);
    try (Pass cpu = model.newPass(10);
        Pass cuda = open(model, 10)) {
      Batch batch = batch(data, 10);
      for (long index : new long[] {3, 56, 70, model.parameterCount() - 1}) {
        float good = parameters.getAtIndex(FLOAT, index);
        parameters.setAtIndex(FLOAT, index, bad);
        float loss = cpu.gradient(parameters, batch, expected);
        requireCloseLoss(loss, cuda.gradient(parameters, batch, actual));
        for (long i = 0; i < model.parameterCount() && Float.isNaN(loss); i++) {
          assertTrue(Float.isNaN(actual.getAtIndex(FLOAT, i)), "element " + i);
        }
        Evaluation judged = cpu.evaluate(parameters, data);
        Evaluation evaluation = cuda.evaluate(parameters, data);
        assertEquals(judged.accuracy(), evaluation.accuracy());
        assertEquals(Double.isNaN(judged.loss()), Double.isNaN(evaluation.loss()));
        parameters.setAtIndex(FLOAT, index, good);
        cpu.gradient(parameters, batch, expected);
        cuda.gradient(parameters, batch, actual);
        requireClose(model, expected, actual);
      }
    }
  }

  @Test
  void shouldRefuseWhatTheCpuRefusesInTheSameWords() {
    Model model = Models.parse("mlp:9", 6, 3);
    MemorySegment enough = parameters(model);
    MemorySegment few = enough.asSlice(0, 8);
    Dataset data = data(9, 6, 3);
    Dataset other = data(9, 5, 3);
    try (Pass cpu = model.newPass(8);
        Pass cuda = open(model, 8)) {
      for (Pass pass : List.of(cpu, cuda)) {
        requireRefusal(pass, () -> pass.gradient(few, batch(data, 1), enough), "parameter");
        requireRefusal(pass, () -> pass.gradient(enough, batch(data, 1), few), "gradient");
        requireRefusal(pass, () -> pass.gradient(enough, new Batch(data, 1), enough), "of 0 sampl");
        requireRefusal(pass, () -> pass.gradient(enough, batch(data, 9), enough), "of 9 samples");
        requireRefusal(pass, () -> pass.gradient(enough, batch(other, 1), enough), "5 features");
        requireRefusal(pass, () -> pass.evaluate(few, data), "parameter");
        requireRefusal(pass, () -> pass.evaluate(enough, other), "5 features");
      }
    }
    assertThrows(IllegalArgumentException.class, () -> open(model, 0));
    assertEquals(0, FakeCuda.count("launches"));
  }

  private static void requireRefusal(Pass pass, Runnable call, String part) {
    String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(message.contains(part), pass.getClass() + ": " + message);
  }

  @Test
  void shouldCopyStraightFromAndToMemoryThatTheDeviceKnows() {
    Model model = Models.parse("mlp:20", 30, 4);
    Dataset data = data(20, 30, 4);
    Batch batch = batch(data, 16);
    MemorySegment parameters = parameters(model);
    MemorySegment expected = gradient(model);
    long bytes = model.parameterCount() * 4;
    try (CudaContext other = CudaContext.open(0);
        PrivateMemory memory = PrivateMemory.allocate("replica", 4 * 4096);
        Pass cpu = model.newPass(16);
        Pass cuda = open(model, 16)) {
      cpu.gradient(parameters, batch, expected);
      HostRegistration registration = other.register("replica", memory.segment());
      MemorySegment own = memory.segment().asSlice(64, bytes);
      own.copyFrom(parameters.asSlice(0, bytes));
      MemorySegment room = memory.segment().asSlice(8192 + 4, bytes + 4).fill((byte) 0x5a);
      cuda.gradient(own.asReadOnly(), batch, room);
      requireClose(model, expected, room);
      registration.close();
      // The context, its memory and one copy less than with memory that nobody registered.
      long straight = FakeCuda.count("registrations");
      cuda.gradient(parameters, batch, gradient(model));
      assertEquals(straight + 1, FakeCuda.count("registrations"));
      assertEquals(0, FakeCuda.count("pageableCopies"));
      try (DeviceMemory device = other.allocate("replica", 2 * bytes)) {
        MemorySegment there = device.segment();
        // All zero: the parameters of the device are what the last gradient was computed on.
        cuda.gradient(arena.allocate(bytes, 4), batch, there.asSlice(bytes));
        MemorySegment seen = arena.allocate(bytes, 4);
        FakeCuda.peek(seen, device.address() + bytes, bytes);
        cpu.gradient(arena.allocate(bytes, 4), batch, expected);
        assertEquals(expected.asSlice(0, bytes).mismatch(seen), -1);
      }
    }
  }

  @Test
  void shouldUploadADataSetOnceForAllPassesAndAllItsViews() {
    Model model = Models.parse("softmax", 100, 3);
    Dataset data = data(3_000, 100, 3);
    MemorySegment parameters = parameters(model);
    MemorySegment gradient = gradient(model);
    long bytes = 3_000L * 100 * 4;
    try (Pass first = open(model, 2)) {
      first.gradient(parameters, batch(data, 2), gradient);
      long sent = FakeCuda.count("toDeviceBytes");
      assertTrue(sent >= bytes && sent < bytes + 4096, "sent " + sent);
      try (Pass second = open(model, 2)) {
        second.gradient(parameters, batch(data.range(100, 200), 2), gradient);
      }
      first.evaluate(parameters, data.range(5, 7));
      assertTrue(FakeCuda.count("toDeviceBytes") < sent + 3 * 4096, "sent again");
    }
  }

  @Test
  void shouldSendTheRowsOfEachBatchWhenTheDataSetDoesNotFit() {
    FakeCuda.setDevices(1, 80, 1 << 20);
    Model model = Models.parse("mlp:7", 100, 3);
    Dataset data = data(2_000, 100, 3);
    MemorySegment parameters = parameters(model);
    MemorySegment expected = gradient(model);
    MemorySegment actual = gradient(model);
    try (Pass cpu = model.newPass(20);
        Pass cuda = open(model, 20)) {
      for (int size : new int[] {20, 3}) {
        Batch batch = batch(data, size);
        cpu.gradient(parameters, batch, expected);
        cuda.gradient(parameters, batch, actual);
        requireClose(model, expected, actual);
      }
      assertTrue(FakeCuda.count("toDeviceBytes") < 40_000);
    }
  }

  @Test
  void shouldSayWhatTheDeviceCannotHold() {
    FakeCuda.setDevices(1, 80, 1 << 20);
    Model model = Models.parse("mlp:1000", 1000, 3);
    String message = assertThrows(RuntimeException.class, () -> open(model, 4)).getMessage();
    assertTrue(message.contains("'workspace of a pass'"), message);
    assertTrue(message.contains("CUDA_ERROR_OUT_OF_MEMORY"), message);
  }

  @Test
  void shouldGiveUpWhenTheDeviceHangsAndCloseWhenItIsBack() {
    Model model = Models.parse("softmax", 10, 3);
    Dataset data = data(10, 10, 3);
    MemorySegment parameters = parameters(model);
    MemorySegment gradient = gradient(model);
    long limitNs = TimeUnit.MILLISECONDS.toNanos(50);
    try (Pass pass = new CudaPass(model, 4, 0, new ProductsChoice(false, "test"), limitNs)) {
      pass.gradient(parameters, batch(data, 4), gradient);
      FakeCuda.setHang(true);
      Batch batch = batch(data, 4);
      RuntimeException late =
          assertThrows(RuntimeException.class, () -> pass.gradient(parameters, batch, gradient));
      assertTrue(late.getMessage().contains("is not done after 50 ms"), late.getMessage());
      assertThrows(IllegalStateException.class, () -> pass.gradient(parameters, batch, gradient));
      FakeCuda.setHang(false);
    }
  }

  @Test
  void shouldUnmapPinnedMemoryWhenItIsClosed() {
    try (CudaContext context = CudaContext.open(0)) {
      PinnedPool pool = new PinnedPool(context);
      MemorySegment one = pool.allocate("one", 1);
      MemorySegment two = pool.allocate("two", 5000);
      assertEquals(2 * 4096, two.byteSize());
      assertEquals(2, FakeCuda.count("registrations"));
      pool.close();
      assertEquals(0, FakeCuda.count("registrations"));
      assertFalse(one.scope().isAlive() || two.scope().isAlive());
    }
  }

  @Test
  void shouldGiveEverythingBackWhicheverCallFails() {
    Model model = Models.parse("mlp:5", 10, 3);
    Dataset data = data(10, 10, 3);
    MemorySegment parameters = parameters(model);
    MemorySegment gradient = gradient(model);
    Batch batch = batch(data, 4);
    int failures = 0;
    boolean survived = false;
    for (long nth = 1; !survived; nth++) {
      FakeCuda.reset(nth);
      FakeCuda.failCall(nth, 999);
      try (Pass pass = open(model, 4)) {
        pass.gradient(parameters, batch, gradient);
        pass.evaluate(parameters, data);
        survived = true;
      } catch (RuntimeException expected) {
        failures++;
        assertTrue(expected.getMessage().contains("999"), expected.getMessage());
        if (!survived) {
          assertEquals(Map.of(), FakeCuda.live(), "call " + nth);
        }
      }
    }
    // The last one failed while it was closed, and what the driver refused to free is not freed.
    FakeCuda.reset(seed);
    assertTrue(failures > 50, "calls that failed: " + failures);
  }
}

package dev.starling.cuda.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.starling.cuda.CudaContext;
import dev.starling.cuda.FakeCuda;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.models.Model;
import dev.starling.models.Models;
import dev.starling.models.Pass;
import dev.starling.models.PassFactory;
import dev.starling.models.PassProvider;
import dev.starling.models.data.BatchSampler;
import dev.starling.models.data.Dataset;
import dev.starling.models.data.DigitGenerator;
import dev.starling.models.data.TrainTest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The provider as a run uses it, on the fake driver: it learns what the CPU learns. */
class CudaPassProviderTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final Map<String, String> TILED = Map.of("matrix", "tiled");

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    FakeCuda.reset(1);
  }

  @AfterEach
  void shouldHaveGivenEverythingBackAndBrokenNoRule() {
    assertEquals(Map.of(), FakeCuda.live());
    assertEquals(List.of(), FakeCuda.violations());
  }

  private static PassProvider provider() {
    return ServiceLoader.load(PassProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.name().equals("cuda"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldSpreadTheWorkersOverTheDevicesAndSayWhoMultiplies() {
    FakeCuda.setDevices(2, 80, 1 << 20);
    PassFactory factory = provider().open(TILED);
    assertEquals(
        "2 CUDA devices, products by tiled kernels, as was asked for", factory.description());
    Model small = Models.parse("softmax", 10, 3);
    Model large = Models.parse("mlp:100", 1000, 3);
    // Two of these fit the two devices and not one of them.
    try (Pass zero = factory.open(large, 4, 0);
        Pass three = factory.open(large, 4, 3)) {
      assertThrows(RuntimeException.class, () -> factory.open(large, 4, 1));
      assertNotSame(zero, three);
    }
    assertThrows(IllegalArgumentException.class, () -> factory.open(small, 4, -1));
  }

  /** Plain SGD; the gradients come from the pass alone. */
  private static double train(PassFactory factory, TrainTest sets, int steps) {
    Model model = Models.parse("softmax", sets.train().inputs(), sets.train().classes());
    int count = Math.toIntExact(model.parameterCount());
    BatchSampler sampler = BatchSampler.whole(sets.train(), 16, 1, 0);
    long half = (count * 4L + 4095) & -4096;
    try (PrivateMemory memory = PrivateMemory.allocate("replica", 2 * half);
        Pass pass = factory.open(model, 16, 0)) {
      MemorySegment parameters = memory.segment().asSlice(0, half);
      MemorySegment gradient = memory.segment().asSlice(half, half);
      for (int step = 0; step < steps; step++) {
        pass.gradient(parameters, sampler.next(), gradient);
        for (int i = 0; i < count; i++) {
          float value = parameters.getAtIndex(FLOAT, i);
          parameters.setAtIndex(FLOAT, i, value - 0.02f * gradient.getAtIndex(FLOAT, i));
        }
      }
      return pass.evaluate(parameters, sets.test()).accuracy();
    }
  }

  /** Every other pixel of every other line, for the sake of the test's time. */
  private static Dataset halved(Dataset data) {
    int width = data.width() / 2;
    int height = data.height() / 2;
    float[] features = new float[data.count() * width * height];
    int[] labels = new int[data.count()];
    for (int i = 0; i < features.length; i++) {
      int row = i / (width * height);
      int y = i / width % height;
      int at = data.featureOffset(row) + 2 * y * data.width() + 2 * (i % width);
      features[i] = data.features()[at];
      labels[row] = data.label(row);
    }
    return new Dataset(data.name(), features, labels, data.classes(), width, height, 1);
  }

  @Test
  void shouldLearnWhatTheCpuLearns() {
    TrainTest digits = DigitGenerator.generate(2_000, 500, 5);
    TrainTest sets =
        new TrainTest(halved(digits.train()), halved(digits.test()), digits.standardisation());
    double cpu = train(PassFactory.CPU, sets, 300);
    double cuda = train(provider().open(TILED), sets, 300);
    System.out.println("generated digits, 300 steps: CPU " + cpu + ", fake device " + cuda);
    assertTrue(cpu > 0.7, "CPU " + cpu);
    assertEquals(cpu, cuda, 0.004);
  }

  @Test
  void shouldAllocateNothingInSteadyState() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    TrainTest sets = DigitGenerator.generate(100, 10, 5);
    Model model = Models.parse("mlp:6", sets.train().inputs(), sets.train().classes());
    BatchSampler sampler = BatchSampler.whole(sets.train(), 2, 1, 0);
    long half = (model.parameterCount() * 4 + 4095) & -4096;
    try (PrivateMemory memory = PrivateMemory.allocate("replica", 2 * half);
        CudaContext worker = CudaContext.open(0);
        Pass pass = provider().open(TILED).open(model, 2, 0)) {
      worker.register("replica", memory.segment());
      MemorySegment parameters = memory.segment().asSlice(0, half).asReadOnly();
      MemorySegment gradient = memory.segment().asSlice(half, half);
      long perStep = Long.MAX_VALUE;
      // The JVM needs a while to compile the calls; then nothing may be left.
      for (int round = 0; round < 40 && perStep > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int step = 0; step < 50; step++) {
          pass.gradient(parameters, sampler.next(), gradient);
        }
        perStep = (threads.getCurrentThreadAllocatedBytes() - before) / 50;
      }
      assertEquals(0, perStep, "bytes per step");
    }
  }
}

package dev.starling.cuda.check;

import dev.starling.cuda.pass.CudaPassProvider;
import dev.starling.models.Model;
import dev.starling.models.Models;
import dev.starling.models.Pass;
import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Loss and gradient of the reference models, computed by the device and by the CPU. The tiled
 * kernels keep the CPU's order of summation; the exponential function may differ in its last place,
 * so a gradient is right when no element is off by more than a millionth of the largest one. What
 * {@code auto} takes, cuBLAS where it is there, sums in an order of its own and is given more.
 */
final class PassCheck {
  private static final String[] MODELS = {"softmax", "mlp:256,128", "mlp:33,20,11"};
  private static final int[] BATCHES = {1, 16, 33};
  private static final int INPUTS = 784;
  private static final int CLASSES = 10;
  private static final int SAMPLES = 256;
  private static final double TILED_TOLERANCE = 1e-6;
  private static final double AUTO_TOLERANCE = 1e-3;
  private static final double NS_PER_US = 1e3;

  private final int device;
  private final int rounds;
  private final int steps;
  private final SplittableRandom random;
  private final Dataset data;

  PassCheck(int device, int rounds, int steps, long seed) {
    this.device = device;
    this.rounds = rounds;
    this.steps = steps;
    random = new SplittableRandom(seed);
    float[] features = new float[SAMPLES * INPUTS];
    int[] labels = new int[SAMPLES];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble(-1, 1);
    }
    Arrays.setAll(labels, i -> random.nextInt(CLASSES));
    data = new Dataset("random", features, labels, CLASSES, INPUTS, 1, 1);
  }

  void measure(Report report) {
    compare(report, "tiled", TILED_TOLERANCE, MODELS);
    compare(report, "auto", AUTO_TOLERANCE, MODELS[1]);
    Model model = Models.parse(MODELS[1], INPUTS, CLASSES);
    try (Arena arena = Arena.ofConfined();
        Pass cpu = model.newPass(BATCHES[1]);
        Pass cuda = open(model, "auto")) {
      MemorySegment parameters = parameters(model, arena);
      Batch batch = batch(BATCHES[1]);
      String what = "gradient of %s, batch %d, ".formatted(MODELS[1], BATCHES[1]);
      report.add(what + "by the device", stepUs(cuda, parameters, batch, arena), "us");
      report.add(what + "by the CPU", stepUs(cpu, parameters, batch, arena), "us");
    }
  }

  private Pass open(Model model, String matrix) {
    int most = BATCHES[BATCHES.length - 1];
    return new CudaPassProvider().open(Map.of("matrix", matrix)).open(model, most, device);
  }

  private void compare(Report report, String matrix, double tolerance, String... models) {
    int gradients = 0;
    int different = 0;
    double worst = 0;
    for (String specification : models) {
      Model model = Models.parse(specification, INPUTS, CLASSES);
      try (Arena arena = Arena.ofConfined();
          Pass cpu = model.newPass(BATCHES[BATCHES.length - 1]);
          Pass cuda = open(model, matrix)) {
        MemorySegment parameters = parameters(model, arena);
        for (int size : BATCHES) {
          double error = error(model, cpu, cuda, parameters, batch(size), arena);
          gradients++;
          different += error <= tolerance ? 0 : 1;
          worst = Math.max(worst, error);
        }
      }
    }
    report.detail("gradients, products " + matrix + ": largest error", worst, "", Double.NaN, "");
    report.compared("gradients of models, products " + matrix, gradients, different);
  }

  /** The largest error of an element, or of the loss, as a part of the largest element. */
  private static double error(
      Model model, Pass cpu, Pass cuda, MemorySegment parameters, Batch batch, Arena arena) {
    MemorySegment expected = gradient(model, arena);
    MemorySegment actual = gradient(model, arena);
    float loss = cpu.gradient(parameters, batch, expected);
    double error = Math.abs(loss - cuda.gradient(parameters, batch, actual)) / loss;
    double largest = 0;
    double difference = 0;
    for (long i = 0; i < model.parameterCount(); i++) {
      float e = expected.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      float a = actual.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      largest = Math.max(largest, Math.abs(e));
      difference = Math.max(difference, Math.abs(e - a)); // NaN stays
    }
    return Math.max(error, difference / largest);
  }

  private static MemorySegment gradient(Model model, Arena arena) {
    return arena.allocate(model.parameterCount() * Float.BYTES, Float.BYTES);
  }

  private double stepUs(Pass pass, MemorySegment parameters, Batch batch, Arena arena) {
    MemorySegment gradient = arena.allocate(parameters.byteSize(), Float.BYTES);
    double[] values = new double[rounds];
    for (int round = -1; round < rounds; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < steps; i++) {
        pass.gradient(parameters, batch, gradient);
      }
      values[Math.max(round, 0)] = (System.nanoTime() - start) / NS_PER_US / steps;
    }
    return Median.of(values);
  }

  private MemorySegment parameters(Model model, Arena arena) {
    MemorySegment parameters = gradient(model, arena);
    for (long i = 0; i < model.parameterCount(); i++) {
      float value = (float) random.nextDouble(-0.05, 0.05);
      parameters.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    return parameters;
  }

  private Batch batch(int size) {
    Batch batch = new Batch(data, size);
    for (int b = 0; b < size; b++) {
      batch.add(random.nextInt(SAMPLES));
    }
    return batch;
  }
}

package dev.starling.cuda.check;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.pass.CudaPassProvider;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.models.Model;
import dev.starling.models.Models;
import dev.starling.models.Pass;
import dev.starling.models.PassFactory;
import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Forward and backward of models by the tiled kernels: the gradients against the CPU's, and how
 * long a step takes with parameters and gradient in registered memory.
 */
final class PassCheck {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  /** Of the largest element; the exponential function alone may differ, in its last place. */
  private static final double TOLERANCE = 1e-6;

  /** The width from which on a model is of interest to a reader in a hurry. */
  private static final int IN_TABLE = 500;

  private static final int WARM_UP = 5;
  private static final int STEPS = 5;
  private static final long PAGE_BYTES = 4096;
  private static final double NS_PER_US = 1e3;

  /** A model on random samples; the batch does not have to fill tiles. */
  private record Shape(String model, int inputs, int classes, int batch, int widest) {
    @Override
    public String toString() {
      return "%s on %d inputs, batch %d".formatted(model, inputs, batch);
    }
  }

  private static final List<Shape> COMPARED =
      List.of(
          new Shape("softmax", 7, 3, 1, 7),
          new Shape("mlp:33,20,11", 50, 10, 31, 50),
          new Shape("softmax", 3, 300, 4, 300),
          new Shape("softmax", 784, 10, 64, 784),
          new Shape("mlp:256,128", 784, 10, 64, 784),
          new Shape("mlp:1000,1025", 999, 10, 257, 1025));

  private static final List<Shape> TIMED =
      List.of(
          new Shape("mlp:20", 50, 10, 16, 50),
          new Shape("mlp:256,128", 784, 10, 64, 784),
          new Shape("mlp:256,128", 784, 10, 512, 784),
          new Shape("mlp:4096,4096", 4096, 10, 512, 4096));

  private final CudaContext context;
  private final PassFactory passes;

  /** Memory that it registers is made unknown again at once. */
  PassCheck(CudaContext context) {
    this.context = context;
    Map<String, String> settings =
        Map.of("matrix", "tiled", "devices", Integer.toString(context.ordinal()));
    passes = new CudaPassProvider().open(settings);
  }

  /**
   * Compares and measures.
   *
   * @param rounds each has some steps, of which the median counts
   * @param widest models with a wider layer are left out
   */
  void measure(Report report, int rounds, int widest) {
    long elements = 0;
    long bits = 0;
    long different = 0;
    for (Shape shape : COMPARED) {
      if (shape.widest() <= widest) {
        try (Work work = new Work(context, passes, shape)) {
          elements += work.count;
          bits += work.differing(0);
          different += work.differing(TOLERANCE);
        }
      }
    }
    report.compared("elements of gradients", elements, different);
    long within = bits - different;
    report.detail("those of other bits, within 1e-6 of the largest", within, "", Double.NaN, "");
    for (Shape shape : TIMED) {
      if (shape.widest() <= widest) {
        time(report, shape, rounds);
      }
    }
  }

  private void time(Report report, Shape shape, int rounds) {
    double[] stepNs = new double[rounds * STEPS];
    try (Work work = new Work(context, passes, shape)) {
      for (int i = -WARM_UP; i < stepNs.length; i++) {
        long start = System.nanoTime();
        work.step();
        stepNs[Math.max(i, 0)] = System.nanoTime() - start;
      }
      double median = Median.of(stepNs);
      if (shape.widest() < IN_TABLE) {
        report.detail("step of " + shape, median / NS_PER_US, "us", Double.NaN, "");
      } else {
        report.add("step of " + shape, median / NS_PER_US, "us");
      }
      // Two operations a weight and sample for each of forward, weight and input gradient.
      double rate = 6.0 * shape.batch() * work.count / median;
      report.detail("products of " + shape, rate, "GFLOP/s", Double.NaN, "");
    }
  }

  /** One model with its memory and both passes. */
  private static final class Work implements AutoCloseable {
    private final Held held = new Held();
    private final long count;
    private final Batch batch;
    private final MemorySegment parameters;
    private final MemorySegment gradient;
    private final Pass device;
    private final Model model;

    Work(CudaContext context, PassFactory passes, Shape shape) {
      try {
        model = Models.parse(shape.model(), shape.inputs(), shape.classes());
        count = model.parameterCount();
        SplittableRandom random = new SplittableRandom(count);
        long bytes = (count * Float.BYTES + PAGE_BYTES - 1) & -PAGE_BYTES;
        MemorySegment both =
            held.add(PrivateMemory.allocate("parameters and gradient", 2 * bytes)).segment();
        held.add(context.register("parameters and gradient", both));
        parameters = both.asSlice(0, bytes);
        gradient = both.asSlice(bytes, bytes);
        // Biases are not zero either.
        for (long i = 0; i < count; i++) {
          parameters.setAtIndex(FLOAT, i, (float) random.nextDouble(-0.05, 0.05));
        }
        batch = new Batch(samples(shape, random), shape.batch());
        batch.range(shape.batch(), 2 * shape.batch());
        device = held.add(passes.open(model, shape.batch(), 0));
      } catch (RuntimeException failed) {
        held.close();
        throw failed;
      }
    }

    private static Dataset samples(Shape shape, SplittableRandom random) {
      float[] features = new float[2 * shape.batch() * shape.inputs()];
      int[] labels = new int[2 * shape.batch()];
      for (int i = 0; i < features.length; i++) {
        features[i] = (float) random.nextDouble(-1, 1);
      }
      for (int i = 0; i < labels.length; i++) {
        labels[i] = random.nextInt(shape.classes());
      }
      return new Dataset("random", features, labels, shape.classes(), shape.inputs(), 1, 1);
    }

    void step() {
      device.gradient(parameters, batch, gradient);
    }

    /** Elements that differ from the CPU's by more than a share of the largest. */
    long differing(double share) {
      try (Pass cpu = model.newPass(batch.size());
          PrivateMemory memory = PrivateMemory.allocate("gradient of the CPU", 4 * count)) {
        MemorySegment expected = memory.segment();
        cpu.gradient(parameters, batch, expected);
        step();
        double largest = 0;
        for (long i = 0; i < count; i++) {
          largest = Math.max(largest, Math.abs(expected.getAtIndex(FLOAT, i)));
        }
        long different = 0;
        for (long i = 0; i < count; i++) {
          float e = expected.getAtIndex(FLOAT, i);
          float a = gradient.getAtIndex(FLOAT, i);
          boolean equal = Float.floatToIntBits(e) == Float.floatToIntBits(a);
          // Written so that NaN differs.
          different += equal || share > 0 && Math.abs(e - a) <= share * largest ? 0 : 1;
        }
        return different;
      }
    }

    @Override
    public void close() {
      held.close();
    }
  }
}

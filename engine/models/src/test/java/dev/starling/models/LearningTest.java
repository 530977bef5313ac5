package dev.starling.models;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.starling.models.data.BatchSampler;
import dev.starling.models.data.DatasetDirectory;
import dev.starling.models.data.DigitGenerator;
import dev.starling.models.data.TrainTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Plain sequential SGD with momentum, so that what is tested is the model and nothing else. */
class LearningTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private static double train(String specification, TrainTest sets, int epochs, float rate) {
    Model model = Models.parse(specification, sets.train().inputs(), sets.train().classes());
    int count = Math.toIntExact(model.parameterCount());
    int batch = 32;
    BatchSampler sampler = BatchSampler.whole(sets.train(), batch, 1, 0);
    Pass pass = model.newPass(batch);
    float[] velocity = new float[count];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(count * 4L, 64);
      MemorySegment gradient = arena.allocate(count * 4L, 64);
      model.initialise(parameters, new SplittableRandom(1));
      int steps = epochs * sampler.batchesPerEpoch();
      for (int step = 0; step < steps; step++) {
        pass.gradient(parameters, sampler.next(), gradient);
        float now = rate * (1 - (float) step / steps);
        for (int i = 0; i < count; i++) {
          velocity[i] = 0.9f * velocity[i] + gradient.getAtIndex(FLOAT, i);
          float value = parameters.getAtIndex(FLOAT, i);
          parameters.setAtIndex(FLOAT, i, value - now * velocity[i]);
        }
      }
      return pass.evaluate(parameters, sets.test()).accuracy();
    }
  }

  @Test
  void shouldLearnGeneratedDigitsWhichAreNeitherTrivialNorHopeless() {
    TrainTest sets = DigitGenerator.generate(4_000, 1_000, 5);
    double softmax = train("softmax", sets, 6, 0.005f);
    double mlp = train("mlp:64", sets, 8, 0.02f);
    System.out.println("generated digits: softmax " + softmax + ", mlp:64 " + mlp);
    assertTrue(softmax > 0.75 && softmax < 0.96, "softmax " + softmax);
    assertTrue(mlp > 0.92 && mlp < 1, "mlp:64 " + mlp);
    assertTrue(mlp > softmax, "hidden units help");
  }

  @Test
  void shouldLearnRealDigits() throws Exception {
    Path data =
        Path.of(System.getProperty("starling.mnist", "../../../shared/data/mnist10k"))
            .toAbsolutePath();
    assumeTrue(
        Files.isDirectory(data), "no digits in " + data.normalize() + ": set -Dstarling.mnist");
    double mlp = train("mlp:128", DatasetDirectory.load(data), 6, 0.02f);
    assertTrue(mlp > 0.94, "mlp:128 " + mlp);
  }
}

package dev.starling.engine.sim;

import java.util.SplittableRandom;

/**
 * A small problem with real gradients: which digit does a noisy seven-segment display show. Softmax
 * regression on four pixels per segment and a bias. All of it is determined by a seed, in strict
 * arithmetic.
 *
 * <p>Belongs to one thread.
 */
final class ScaleProblem {
  /** Digits. */
  static final int CLASSES = 10;

  /** Pixels, and a one. */
  static final int INPUTS = 29;

  /** Parameters of the model, one row of weights per class. */
  static final int PARAMETERS = CLASSES * INPUTS;

  private static final int[] SEGMENTS = {
    0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f
  };
  private static final int PIXELS_PER_SEGMENT = 4;
  private static final double NOISE = 0.7;
  private static final int TRAINING_SAMPLES = 16_384;
  private static final int TEST_SAMPLES = 2_048;

  private final float[][] samples = new float[TRAINING_SAMPLES + TEST_SAMPLES][];
  private final int[] digits = new int[samples.length];
  private final double[] scores = new double[CLASSES];

  /** How well a model does on the samples that it is not trained with. */
  record Quality(double loss, double accuracy) {}

  ScaleProblem(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < samples.length; i++) {
      digits[i] = random.nextInt(CLASSES);
      samples[i] = draw(digits[i], random);
    }
  }

  private static float[] draw(int digit, SplittableRandom random) {
    float[] sample = new float[INPUTS];
    for (int pixel = 0; pixel < INPUTS - 1; pixel++) {
      boolean lit = (SEGMENTS[digit] >> pixel / PIXELS_PER_SEGMENT & 1) != 0;
      sample[pixel] = (float) ((lit ? 1 : 0) + NOISE * gaussian(random));
    }
    sample[INPUTS - 1] = 1;
    return sample;
  }

  /** Draws from the standard normal distribution, alike on every machine. */
  static double gaussian(SplittableRandom random) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
  }

  /**
   * Computes the mean gradient over samples that are drawn.
   *
   * @param model the parameters
   * @param random draws the samples
   * @param batch how many
   * @param gradient is overwritten
   */
  void gradient(float[] model, SplittableRandom random, int batch, float[] gradient) {
    java.util.Arrays.fill(gradient, 0);
    for (int drawn = 0; drawn < batch; drawn++) {
      int i = random.nextInt(TRAINING_SAMPLES);
      probabilities(model, samples[i]);
      for (int c = 0; c < CLASSES; c++) {
        float error = (float) ((scores[c] - (c == digits[i] ? 1 : 0)) / batch);
        for (int k = 0; k < INPUTS; k++) {
          gradient[c * INPUTS + k] += error * samples[i][k];
        }
      }
    }
  }

  /** Looks at the test samples. */
  Quality quality(float[] model) {
    double loss = 0;
    int right = 0;
    for (int i = TRAINING_SAMPLES; i < samples.length; i++) {
      probabilities(model, samples[i]);
      loss -= StrictMath.log(Math.max(Double.MIN_NORMAL, scores[digits[i]]));
      int best = 0;
      for (int c = 1; c < CLASSES; c++) {
        best = scores[c] > scores[best] ? c : best;
      }
      right += best == digits[i] ? 1 : 0;
    }
    return new Quality(loss / TEST_SAMPLES, (double) right / TEST_SAMPLES);
  }

  private void probabilities(float[] model, float[] sample) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < CLASSES; c++) {
      float score = 0;
      for (int k = 0; k < INPUTS; k++) {
        score += model[c * INPUTS + k] * sample[k];
      }
      scores[c] = score;
      largest = Math.max(largest, score);
    }
    double sum = 0;
    for (int c = 0; c < CLASSES; c++) {
      scores[c] = StrictMath.exp(scores[c] - largest);
      sum += scores[c];
    }
    for (int c = 0; c < CLASSES; c++) {
      scores[c] /= sum;
    }
  }
}

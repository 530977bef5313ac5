package dev.starling.models.data;

import java.util.List;

/**
 * The fixed scaling from pixel bytes to features: {@code (byte / 255 - mean) / deviation}, one pair
 * per channel, computed from training images alone.
 *
 * @param mean mean of {@code byte / 255} per channel
 * @param deviation standard deviation per channel; 1 for a channel whose pixels are all equal
 */
public record Standardisation(List<Double> mean, List<Double> deviation) {
  /**
   * Takes copies.
   *
   * @throws IllegalArgumentException if the lengths differ or a deviation is not positive
   */
  public Standardisation {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    if (mean.size() != deviation.size() || deviation.stream().anyMatch(d -> !(d > 0))) {
      throw new IllegalArgumentException(
          "means %s and deviations %s: give one of each per channel, deviations positive"
              .formatted(mean, deviation));
    }
  }

  /**
   * Computes the scaling of a set of images.
   *
   * @param images training images
   * @return mean and deviation per channel
   */
  public static Standardisation of(PixelImages images) {
    int plane = images.width() * images.height();
    int channels = images.channels();
    long[][] histogram = new long[channels][256];
    byte[] pixels = images.pixels();
    for (int start = 0, channel = 0; start < pixels.length; start += plane) {
      long[] bins = histogram[channel];
      for (int i = start; i < start + plane; i++) {
        bins[pixels[i] & 0xFF]++;
      }
      channel = channel + 1 == channels ? 0 : channel + 1;
    }
    Double[] mean = new Double[channels];
    Double[] deviation = new Double[channels];
    for (int channel = 0; channel < channels; channel++) {
      double total = (double) plane * images.count();
      double sum = 0;
      double squares = 0;
      for (int value = 0; value < 256; value++) {
        sum += (double) value * histogram[channel][value];
        squares += (double) value * value * histogram[channel][value];
      }
      mean[channel] = sum / total / 255;
      double variance = squares / total / 255 / 255 - mean[channel] * mean[channel];
      deviation[channel] = variance > 1e-12 ? Math.sqrt(variance) : 1.0;
    }
    return new Standardisation(List.of(mean), List.of(deviation));
  }

  /**
   * Scales images.
   *
   * @param images images with as many channels as this scaling
   * @return a new data set
   * @throws IllegalArgumentException if the number of channels differs
   */
  public Dataset apply(PixelImages images) {
    int channels = images.channels();
    if (channels != mean.size()) {
      throw new IllegalArgumentException(
          "images %s have %d channels but the scaling has %d"
              .formatted(images.name(), channels, mean.size()));
    }
    float[][] table = new float[channels][256];
    for (int channel = 0; channel < channels; channel++) {
      for (int value = 0; value < 256; value++) {
        table[channel][value] =
            (float) ((value / 255.0 - mean.get(channel)) / deviation.get(channel));
      }
    }
    int plane = images.width() * images.height();
    byte[] pixels = images.pixels();
    float[] features = new float[pixels.length];
    for (int start = 0, channel = 0; start < pixels.length; start += plane) {
      float[] scaled = table[channel];
      for (int i = start; i < start + plane; i++) {
        features[i] = scaled[pixels[i] & 0xFF];
      }
      channel = channel + 1 == channels ? 0 : channel + 1;
    }
    int[] labels = new int[images.count()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = images.label(i);
    }
    return new Dataset(
        images.name(),
        features,
        labels,
        images.classes(),
        images.width(),
        images.height(),
        channels);
  }
}

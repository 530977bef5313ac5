package dev.starling.models.data;

import java.util.Objects;

/**
 * Labelled samples in one float32 array, row after row.
 *
 * <pre>
 *  features   | row 0: channel 0 (height x width), channel 1, ... | row 1 | ... | row count-1 |
 *  labels     | 0 | 1 | ... | count-1 |
 * </pre>
 *
 * <p>Immutable after construction as long as nobody writes to the arrays, which are taken over
 * without copying; safe to share among threads.
 */
public final class Dataset {
  private final String name;
  private final float[] features;
  private final int[] labels;
  private final int first;
  private final int count;
  private final int classes;
  private final int width;
  private final int height;
  private final int channels;
  private final int inputs;

  /**
   * Takes over the arrays.
   *
   * @param name short name for messages
   * @param features {@code labels.length x channels x height x width} finite values
   * @param labels class of each row, 0 to {@code classes - 1}
   * @param classes number of classes, at least 2
   * @param width pixels per line, at least 1
   * @param height lines, at least 1
   * @param channels colour planes, at least 1
   * @throws IllegalArgumentException if there is no row, the sizes disagree, a label is out of
   *     range or a feature is not finite
   */
  public Dataset(
      String name,
      float[] features,
      int[] labels,
      int classes,
      int width,
      int height,
      int channels) {
    this.name = Objects.requireNonNull(name, "name");
    this.features = features;
    this.labels = labels;
    this.first = 0;
    this.count = labels.length;
    this.classes = classes;
    this.width = width;
    this.height = height;
    this.channels = channels;
    if (count == 0 || classes < 2 || width < 1 || height < 1 || channels < 1) {
      throw new IllegalArgumentException(
          ("data set %s has %d samples of %d x %d x %d in %d classes: "
                  + "at least one sample, one pixel and two classes are needed")
              .formatted(name, count, width, height, channels, classes));
    }
    long needed = Math.multiplyExact((long) width * height, (long) channels * count);
    if (needed != features.length) {
      throw new IllegalArgumentException(
          "data set %s has %d features but %d samples of %d x %d x %d need %d"
              .formatted(name, features.length, count, width, height, channels, needed));
    }
    this.inputs = width * height * channels;
    checkValues();
  }

  private Dataset(Dataset whole, int first, int count) {
    this.name = whole.name;
    this.features = whole.features;
    this.labels = whole.labels;
    this.first = first;
    this.count = count;
    this.classes = whole.classes;
    this.width = whole.width;
    this.height = whole.height;
    this.channels = whole.channels;
    this.inputs = whole.inputs;
  }

  private void checkValues() {
    for (int i = 0; i < count; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            "data set %s: label %d of sample %d is not a class; use 0 to %d"
                .formatted(name, labels[i], i, classes - 1));
      }
    }
    for (int i = 0; i < features.length; i++) {
      if (!Float.isFinite(features[i])) {
        throw new IllegalArgumentException(
            "data set %s: feature %d of sample %d is %s; features must be finite"
                .formatted(name, i % inputs, i / inputs, features[i]));
      }
    }
  }

  /**
   * A view of consecutive rows that shares the arrays.
   *
   * @param from first row
   * @param to row after the last
   * @return the view
   * @throws IllegalArgumentException if the range is empty or leaves the data set
   */
  public Dataset range(int from, int to) {
    if (from < 0 || to > count || from >= to) {
      throw new IllegalArgumentException(
          "rows %d to %d of data set %s: the range must be non-empty and lie in 0 to %d"
              .formatted(from, to, name, count));
    }
    return new Dataset(this, first + from, to - from);
  }

  /**
   * Short name for messages.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Number of samples.
   *
   * @return at least 1
   */
  public int count() {
    return count;
  }

  /**
   * Features of one sample, {@code width x height x channels}.
   *
   * @return at least 1
   */
  public int inputs() {
    return inputs;
  }

  /**
   * Number of classes.
   *
   * @return at least 2
   */
  public int classes() {
    return classes;
  }

  /**
   * Pixels per line.
   *
   * @return at least 1
   */
  public int width() {
    return width;
  }

  /**
   * Lines of an image.
   *
   * @return at least 1
   */
  public int height() {
    return height;
  }

  /**
   * Colour planes of an image.
   *
   * @return at least 1
   */
  public int channels() {
    return channels;
  }

  /**
   * Class of a sample.
   *
   * @param row 0 to {@code count() - 1}
   * @return 0 to {@code classes() - 1}
   */
  public int label(int row) {
    return labels[first + Objects.checkIndex(row, count)];
  }

  /**
   * The array that holds the features of all rows, shared and not to be written.
   *
   * @return the array; a row starts at {@link #featureOffset}
   */
  public float[] features() {
    return features;
  }

  /**
   * Index in {@link #features()} of a sample's first feature.
   *
   * @param row 0 to {@code count() - 1}
   * @return the index
   */
  public int featureOffset(int row) {
    return (first + Objects.checkIndex(row, count)) * inputs;
  }
}

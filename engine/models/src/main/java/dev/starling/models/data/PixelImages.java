package dev.starling.models.data;

/**
 * Labelled images as unsigned bytes, the form in which files and the generator deliver them.
 *
 * <p>Immutable as long as nobody writes to the arrays, which are taken over without copying.
 */
public final class PixelImages {
  private final String name;
  private final byte[] pixels;
  private final byte[] labels;
  private final int classes;
  private final int width;
  private final int height;
  private final int channels;

  /**
   * Takes over the arrays.
   *
   * @param name short name for messages
   * @param pixels {@code labels.length x channels x height x width} unsigned bytes
   * @param labels class of each image as an unsigned byte, less than {@code classes}
   * @param classes number of classes, 2 to 256
   * @param width pixels per line, at least 1
   * @param height lines, at least 1
   * @param channels colour planes, at least 1
   * @throws IllegalArgumentException if the sizes disagree or a label is out of range
   */
  public PixelImages(
      String name, byte[] pixels, byte[] labels, int classes, int width, int height, int channels) {
    if (width < 1
        || height < 1
        || channels < 1
        || (long) width * height * channels * labels.length != pixels.length) {
      throw new IllegalArgumentException(
          "images %s have %d pixels, which is not %d images of %d x %d x %d"
              .formatted(name, pixels.length, labels.length, width, height, channels));
    }
    for (int i = 0; i < labels.length; i++) {
      if ((labels[i] & 0xFF) >= classes) {
        throw new IllegalArgumentException(
            "images %s: label %d of image %d is not a class; use 0 to %d"
                .formatted(name, labels[i] & 0xFF, i, classes - 1));
      }
    }
    this.name = name;
    this.pixels = pixels;
    this.labels = labels;
    this.classes = classes;
    this.width = width;
    this.height = height;
    this.channels = channels;
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
   * Number of images.
   *
   * @return at least 0
   */
  public int count() {
    return labels.length;
  }

  /**
   * Number of classes.
   *
   * @return the number of classes
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
   * Class of an image.
   *
   * @param image 0 to {@code count() - 1}
   * @return 0 to {@code classes() - 1}
   */
  public int label(int image) {
    return labels[image] & 0xFF;
  }

  /**
   * The pixels of all images, image after image, plane after plane, shared and not to be written.
   *
   * @return the array
   */
  public byte[] pixels() {
    return pixels;
  }
}

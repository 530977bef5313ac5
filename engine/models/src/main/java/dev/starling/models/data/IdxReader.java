package dev.starling.models.data;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads images and labels in the IDX format of the MNIST database, plain or compressed by gzip.
 *
 * <pre>
 *  images   0x00000803 | count | lines | pixels per line | count x lines x pixels bytes
 *  labels   0x00000801 | count | count bytes
 * </pre>
 *
 * <p>Numbers are 32-bit big-endian. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of
 * handwritten digits", file formats.
 */
public final class IdxReader {
  private static final long IMAGES_MAGIC = 0x00000803;
  private static final long LABELS_MAGIC = 0x00000801;
  private static final int MAX_SIDE = 1 << 15;

  private IdxReader() {}

  /**
   * Reads a pair of files.
   *
   * @param name short name of the set for messages
   * @param images file of images
   * @param labels file of as many labels
   * @param classes number of classes, 2 to 256
   * @return the images
   * @throws DataFormatException if a file is missing, not of this format, truncated, too long or
   *     damaged, if the counts differ, if a label is no class, or if the heap cannot hold the set
   * @throws IOException if reading fails
   */
  public static PixelImages read(String name, Path images, Path labels, int classes)
      throws IOException {
    try (DataFile file = DataFile.open(images)) {
      checkMagic(file, IMAGES_MAGIC, "images");
      long count = readExtent(file, "number of images", Integer.MAX_VALUE);
      long height = readExtent(file, "number of lines", MAX_SIDE);
      long width = readExtent(file, "number of pixels per line", MAX_SIDE);
      byte[] classOf = readLabels(labels, count, images, classes);
      long total = count * height * width;
      file.checkFollowing(total, Runtime.getRuntime().maxMemory());
      byte[] pixels = new byte[(int) total];
      file.readFully(pixels, 0, pixels.length);
      file.expectEnd();
      return new PixelImages(name, pixels, classOf, classes, (int) width, (int) height, 1);
    }
  }

  private static byte[] readLabels(Path labels, long expected, Path images, int classes)
      throws IOException {
    try (DataFile file = DataFile.open(labels)) {
      checkMagic(file, LABELS_MAGIC, "labels");
      long count = readExtent(file, "number of labels", Integer.MAX_VALUE);
      if (count != expected) {
        throw file.wrong(
            4,
            "it has %d labels but %s has %d images; use files of the same set"
                .formatted(count, images.getFileName(), expected));
      }
      file.checkFollowing(count, Runtime.getRuntime().maxMemory());
      byte[] classOf = new byte[(int) count];
      file.readFully(classOf, 0, classOf.length);
      for (int i = 0; i < classOf.length; i++) {
        int label = classOf[i] & 0xFF;
        if (label >= classes) {
          throw file.wrong(
              8L + i,
              "label %d is not a class, which are 0 to %d; the file is damaged or of another set"
                  .formatted(label, classes - 1));
        }
      }
      file.expectEnd();
      return classOf;
    }
  }

  private static void checkMagic(DataFile file, long expected, String content) throws IOException {
    long magic = file.readUnsignedInt();
    if (magic != expected) {
      throw file.wrong(
          0,
          "the file starts with 0x%08x but IDX %s start with 0x%08x; give the right file"
              .formatted(magic, content, expected));
    }
  }

  private static long readExtent(DataFile file, String what, long max) throws IOException {
    long at = file.offset();
    long value = file.readUnsignedInt();
    if (value < 1 || value > max) {
      throw file.wrong(
          at,
          "the %s is %d but must be 1 to %d; the header is damaged, download the file again"
              .formatted(what, value, max));
    }
    return value;
  }
}

package dev.starling.models.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads the binary version of CIFAR-10.
 *
 * <pre>
 *  record (3073 bytes)   label | 1024 red | 1024 green | 1024 blue      each plane 32 lines of 32 pixels
 * </pre>
 *
 * <p>Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and the
 * data set's page, "binary version". The number of records per file is free here (10,000 in the
 * published files).
 */
public final class Cifar10Reader {
  private static final int CLASSES = 10;
  private static final int SIDE = 32;
  private static final int CHANNELS = 3;
  private static final int IMAGE_BYTES = SIDE * SIDE * CHANNELS;
  private static final int RECORD_BYTES = 1 + IMAGE_BYTES;

  private Cifar10Reader() {}

  /**
   * Reads files one after another into one set.
   *
   * @param name short name of the set for messages
   * @param files at least one file
   * @return the images, channels red, green, blue
   * @throws DataFormatException if a file is missing, is not a whole number of records, or has a
   *     label over 9, or if the heap cannot hold the set
   * @throws IOException if reading fails
   */
  public static PixelImages read(String name, List<Path> files) throws IOException {
    long[] records = new long[files.size()];
    long total = 0;
    for (int i = 0; i < records.length; i++) {
      records[i] = countRecords(files.get(i), total);
      total += records[i];
    }
    byte[] pixels = new byte[Math.toIntExact(total * IMAGE_BYTES)];
    byte[] labels = new byte[Math.toIntExact(total)];
    int image = 0;
    for (int i = 0; i < records.length; i++) {
      readRecords(files.get(i), pixels, labels, image, (int) records[i]);
      image += (int) records[i];
    }
    return new PixelImages(name, pixels, labels, CLASSES, SIDE, SIDE, CHANNELS);
  }

  private static long countRecords(Path path, long before) throws IOException {
    try (DataFile file = DataFile.open(path)) {
      long bytes = file.plainBytes();
      if (bytes == 0 || bytes % RECORD_BYTES != 0) {
        throw file.wrong(
            bytes - bytes % RECORD_BYTES,
            ("%d bytes are not a whole number of records of %d; "
                    + "the file is truncated or not CIFAR-10 binary, download it again")
                .formatted(bytes, RECORD_BYTES));
      }
      file.checkHeap(before * IMAGE_BYTES + bytes, Runtime.getRuntime().maxMemory());
      return bytes / RECORD_BYTES;
    }
  }

  private static void readRecords(Path path, byte[] pixels, byte[] labels, int first, int count)
      throws IOException {
    try (DataFile file = DataFile.open(path)) {
      for (int image = first; image < first + count; image++) {
        long at = file.offset();
        file.readFully(labels, image, 1);
        int label = labels[image] & 0xFF;
        if (label >= CLASSES) {
          throw file.wrong(
              at,
              ("label %d is not a class, which are 0 to %d; "
                      + "the file is damaged or not CIFAR-10 binary, download it again")
                  .formatted(label, CLASSES - 1));
        }
        file.readFully(pixels, image * IMAGE_BYTES, IMAGE_BYTES);
      }
      file.expectEnd();
    }
  }
}

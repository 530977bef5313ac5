package dev.starling.models.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Loads a directory in one of the layouts in which data sets are published.
 *
 * <ul>
 *   <li>MNIST and its kin: {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte}, {@code
 *       t10k-images-idx3-ubyte}, {@code t10k-labels-idx1-ubyte}, each plain or with {@code .gz}
 *       (the plain one is taken when both are there); ten classes.
 *   <li>CIFAR-10 binary: {@code data_batch_1.bin} to {@code data_batch_5.bin} and {@code
 *       test_batch.bin}, in the directory or in {@code cifar-10-batches-bin} below it.
 * </ul>
 */
public final class DatasetDirectory {
  private static final int CLASSES = 10;
  private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
  private static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
  private static final String TEST_IMAGES = "t10k-images-idx3-ubyte";
  private static final String TEST_LABELS = "t10k-labels-idx1-ubyte";
  private static final int CIFAR_BATCHES = 5;

  private DatasetDirectory() {}

  /**
   * Loads training and test set, scaled by mean and deviation of the training images.
   *
   * @param directory where the files are
   * @return the sets
   * @throws DataFormatException if there is no such directory, no known layout in it, or a file is
   *     missing or damaged
   * @throws IOException if reading fails
   */
  public static TrainTest load(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new DataFormatException(
          directory,
          0,
          Files.exists(directory)
              ? "this is a file; give the directory that holds the data set"
              : "there is no such directory; give the one that holds the data set");
    }
    if (hasIdx(directory)) {
      return loadIdx(directory);
    }
    Path below = directory.resolve("cifar-10-batches-bin");
    if (hasCifar(directory)) {
      return loadCifar(directory);
    }
    if (hasCifar(below)) {
      return loadCifar(below);
    }
    throw new DataFormatException(
        directory,
        0,
        "the directory has neither %s[.gz] nor data_batch_1.bin; put MNIST (IDX) or CIFAR-10 (binary) files there"
            .formatted(TRAIN_IMAGES));
  }

  private static boolean hasIdx(Path directory) {
    for (String name : List.of(TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)) {
      if (Files.exists(directory.resolve(name)) || Files.exists(directory.resolve(name + ".gz"))) {
        return true;
      }
    }
    return false;
  }

  private static TrainTest loadIdx(Path directory) throws IOException {
    PixelImages train =
        IdxReader.read(
            "train", idx(directory, TRAIN_IMAGES), idx(directory, TRAIN_LABELS), CLASSES);
    Path testImages = idx(directory, TEST_IMAGES);
    PixelImages test = IdxReader.read("test", testImages, idx(directory, TEST_LABELS), CLASSES);
    if (train.width() != test.width() || train.height() != test.height()) {
      throw new DataFormatException(
          testImages,
          8,
          "test images have %d lines of %d pixels but training images %d of %d; use files of the same set"
              .formatted(test.height(), test.width(), train.height(), train.width()));
    }
    return TrainTest.standardised(train, test);
  }

  private static Path idx(Path directory, String name) {
    Path plain = directory.resolve(name);
    Path compressed = directory.resolve(name + ".gz");
    return Files.exists(plain) || !Files.exists(compressed) ? plain : compressed;
  }

  private static boolean hasCifar(Path directory) {
    boolean found = Files.exists(directory.resolve("test_batch.bin"));
    for (int i = 1; i <= CIFAR_BATCHES; i++) {
      found |= Files.exists(directory.resolve("data_batch_" + i + ".bin"));
    }
    return found;
  }

  private static TrainTest loadCifar(Path directory) throws IOException {
    List<Path> batches = new ArrayList<>();
    for (int i = 1; i <= CIFAR_BATCHES; i++) {
      batches.add(directory.resolve("data_batch_" + i + ".bin"));
    }
    return TrainTest.standardised(
        Cifar10Reader.read("train", batches),
        Cifar10Reader.read("test", List.of(directory.resolve("test_batch.bin"))));
  }
}

package dev.starling.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetTest {
  private static final int SIDE = 6;

  @TempDir Path directory;

  private static byte[] images(int count) {
    ByteBuffer file = ByteBuffer.allocate(16 + count * SIDE * SIDE);
    file.putInt(0x803).putInt(count).putInt(SIDE).putInt(SIDE);
    new Random(count).nextBytes(file.array());
    file.putInt(0, 0x803).putInt(4, count).putInt(8, SIDE).putInt(12, SIDE);
    return file.array();
  }

  private static byte[] labels(int count) {
    ByteBuffer file = ByteBuffer.allocate(8 + count);
    file.putInt(0x801).putInt(count);
    for (int i = 0; i < count; i++) {
      file.put((byte) (i % 10));
    }
    return file.array();
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  private void write(String name, byte[] content) throws IOException {
    Files.write(directory.resolve(name), content);
  }

  private void idx(String suffix) throws IOException {
    boolean packed = suffix.equals(".gz");
    write("train-images-idx3-ubyte" + suffix, packed ? gzip(images(50)) : images(50));
    write("train-labels-idx1-ubyte" + suffix, packed ? gzip(labels(50)) : labels(50));
    write("t10k-images-idx3-ubyte" + suffix, packed ? gzip(images(20)) : images(20));
    write("t10k-labels-idx1-ubyte" + suffix, packed ? gzip(labels(20)) : labels(20));
  }

  private void assertWrong(String part) {
    DataFormatException failure =
        assertThrows(DataFormatException.class, () -> DatasetDirectory.load(directory));
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
    assertTrue(failure.getMessage().contains(directory.toString()), failure.getMessage());
  }

  @Test
  void shouldReadPlainAndPackedFilesAlike() throws IOException {
    idx("");
    TrainTest plain = DatasetDirectory.load(directory);
    assertEquals(50, plain.train().count());
    assertEquals(20, plain.test().count());
    assertEquals(36, plain.train().inputs());
    assertEquals(10, plain.train().classes());
    assertEquals(7, plain.train().label(17));
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    idx(".gz");
    TrainTest packed = DatasetDirectory.load(directory);
    assertArrayEquals(plain.train().features(), packed.train().features());
    assertArrayEquals(plain.test().features(), packed.test().features());
  }

  @Test
  void shouldScaleBothSetsByTheTrainingSet() throws IOException {
    idx("");
    Dataset train = DatasetDirectory.load(directory).train();
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < 50 * 36; i++) {
      float value = train.features()[i];
      sum += value;
      squares += value * value;
    }
    assertEquals(0, sum / 1800, 1e-3);
    assertEquals(1, squares / 1800, 1e-2);
  }

  @Test
  void shouldNameFileAndCureWhenMagicIsWrong() throws IOException {
    idx("");
    write("train-images-idx3-ubyte", labels(50));
    assertWrong("starts with 0x00000801 but IDX images start with 0x00000803");
  }

  @Test
  void shouldNameBothLengthsWhenAFileIsTruncated() throws IOException {
    idx("");
    write("t10k-images-idx3-ubyte", Arrays.copyOf(images(20), 500));
    assertWrong("the header promises 736 bytes but the file has only 500");
  }

  @Test
  void shouldRefuseEveryTruncation() throws IOException {
    byte[] whole = gzip(images(50));
    for (int length = 0; length < whole.length; length += 1 + whole.length / 60) {
      idx(".gz");
      write("train-images-idx3-ubyte.gz", Arrays.copyOf(whole, length));
      assertThrows(
          DataFormatException.class, () -> DatasetDirectory.load(directory), "length " + length);
    }
  }

  @Test
  void shouldRefuseTrailingBytesWrongLabelsAndDifferentCounts() throws IOException {
    idx("");
    write("train-images-idx3-ubyte", Arrays.copyOf(images(50), images(50).length + 3));
    assertWrong("");
    idx("");
    byte[] labels = labels(50);
    labels[8 + 31] = 11;
    write("train-labels-idx1-ubyte", labels);
    assertWrong("label 11 is not a class");
    write("train-labels-idx1-ubyte", labels(49));
    assertWrong("it has 49 labels but train-images-idx3-ubyte has 50 images");
  }

  @Test
  void shouldNotReserveWhatAnAbsurdHeaderPromises() throws IOException {
    idx("");
    byte[] absurd = images(50);
    ByteBuffer.wrap(absurd).putInt(4, Integer.MAX_VALUE);
    write("train-images-idx3-ubyte", absurd);
    byte[] many = labels(50);
    ByteBuffer.wrap(many).putInt(4, Integer.MAX_VALUE);
    write("train-labels-idx1-ubyte", many);
    assertWrong("the header promises");
    byte[] wide = images(50);
    ByteBuffer.wrap(wide).putInt(8, -1);
    write("train-images-idx3-ubyte", wide);
    assertWrong("the number of lines is 4294967295 but must be 1 to 32768");
  }

  @Test
  void shouldSayWhatIsMissing() throws IOException {
    assertWrong("");
    idx("");
    Files.delete(directory.resolve("t10k-labels-idx1-ubyte"));
    assertWrong("t10k-labels-idx1-ubyte");
    DataFormatException failure =
        assertThrows(
            DataFormatException.class, () -> DatasetDirectory.load(directory.resolve("nowhere")));
    assertTrue(failure.getMessage().contains("there is no such directory"), failure.getMessage());
  }

  @Test
  void shouldReadCifarInTheOrderOfItsChannels() throws IOException {
    byte[] records = new byte[3 * 3073];
    for (int i = 0; i < 3; i++) {
      records[i * 3073] = (byte) i;
      Arrays.fill(records, i * 3073 + 1, i * 3073 + 1025, (byte) (10 * i));
    }
    for (int batch = 1; batch <= 5; batch++) {
      write("data_batch_" + batch + ".bin", records);
    }
    write("test_batch.bin", records);
    TrainTest sets = DatasetDirectory.load(directory);
    assertEquals(15, sets.train().count());
    assertEquals(3, sets.test().count());
    assertEquals(3072, sets.train().inputs());
    assertEquals(3, sets.train().channels());
    assertEquals(2, sets.train().label(14));
    int second = sets.train().featureOffset(1);
    assertTrue(sets.train().features()[second] > sets.train().features()[0], "red of record 1");
    assertEquals(sets.train().features()[1024], sets.train().features()[second + 1024], "green");
    records[3073] = 10;
    write("test_batch.bin", records);
    assertWrong("label 10 is not a class");
    write("test_batch.bin", new byte[3072]);
    assertWrong("3072 bytes are not a whole number of records of 3073");
  }

  @Test
  void shouldGenerateTheSameDigitsFromTheSameSeed() {
    TrainTest first = DigitGenerator.generate(300, 100, 9);
    TrainTest again = DigitGenerator.generate(300, 100, 9);
    TrainTest other = DigitGenerator.generate(300, 100, 10);
    assertArrayEquals(first.train().features(), again.train().features());
    assertArrayEquals(first.test().features(), again.test().features());
    assertFalse(Arrays.equals(first.train().features(), other.train().features()));
    int[] perClass = new int[10];
    for (int row = 0; row < 300; row++) {
      perClass[first.train().label(row)]++;
    }
    for (int count : perClass) {
      assertEquals(30, count, 15);
    }
  }

  @Test
  void shouldDrawEverySampleOncePerEpochAndOtherwiseForEachWorker() {
    Dataset data = DigitGenerator.generate(100, 10, 1).train();
    BatchSampler sampler = BatchSampler.whole(data, 10, 4, 0);
    BitSet seen = new BitSet();
    for (int i = 0; i < sampler.batchesPerEpoch(); i++) {
      Batch batch = sampler.next();
      assertEquals(10, batch.size());
      for (int k = 0; k < batch.size(); k++) {
        assertFalse(seen.get(batch.row(k)), "drawn twice");
        seen.set(batch.row(k));
      }
    }
    assertEquals(100, seen.cardinality());
    assertEquals(100, sampler.samples());
    Batch mine = BatchSampler.whole(data, 10, 4, 1).next();
    Batch theirs = BatchSampler.whole(data, 10, 4, 2).next();
    Batch same = BatchSampler.whole(data, 10, 4, 1).next();
    boolean differs = false;
    for (int k = 0; k < 10; k++) {
      assertEquals(mine.row(k), same.row(k));
      differs |= mine.row(k) != theirs.row(k);
    }
    assertTrue(differs, "workers draw different orders");
  }
}

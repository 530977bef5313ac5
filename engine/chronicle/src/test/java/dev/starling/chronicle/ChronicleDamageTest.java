package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to a segment's bytes ends in a sentence, never in an exception or a crash. */
class ChronicleDamageTest {
  private static final int TRIALS = 400;

  @TempDir Path directory;
  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);
  private int records;

  /** What reading a log says: how many records it found, and what is wrong. */
  private record Reading(int records, List<String> damages) {}

  @BeforeEach
  void writeLog() {
    ChronicleLogContext context =
        new ChronicleLogContext().blockBytes(1 << 20).segmentBytes(1 << 18);
    try (ChronicleLog log = ChronicleLog.create(directory, context);
        TestRecords written = new TestRecords(seed)) {
      while (log.segment() < 2 || !log.isSegmentFull()) {
        if (log.isSegmentFull()) {
          log.roll();
        }
        written.append(log, random.nextInt(TestRecords.HEAD_BYTES, 20_000) & -8);
      }
      records = (int) written.sequence();
    }
    assertEquals(new Reading(records, List.of()), read());
  }

  private Reading read() {
    List<String> damages = new ArrayList<>(ChronicleLogs.checkDigests(directory));
    int count = 0;
    try (ChronicleCursor cursor = ChronicleLogs.open(directory)) {
      while (cursor.next()) {
        count++;
      }
      if (cursor.damage() != null) {
        damages.add(cursor.damage());
      }
    }
    return new Reading(count, damages);
  }

  private Path segment(int segment) {
    return directory.resolve("0000000" + segment + ".cq4");
  }

  private void assertDetected(Path file, String what) {
    Reading reading = read();
    assertFalse(reading.damages().isEmpty(), () -> what + " went unseen, seed " + seed);
    assertTrue(
        reading.damages().getFirst().contains(file.toString()),
        () -> what + " named as " + reading.damages() + ", seed " + seed);
  }

  private void eachTrial(Path file, Trial trial) throws IOException {
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < TRIALS; i++) {
      byte[] bad = good.clone();
      String what = trial.damage(bad);
      Files.write(file, bad);
      assertDetected(file, what);
    }
  }

  private interface Trial {
    String damage(byte[] bytes);
  }

  @Test
  void shouldSeeAnyFlippedBitWhenTheSegmentIsSealed() throws IOException {
    for (int segment : new int[] {0, 2}) {
      eachTrial(
          segment(segment),
          bytes -> {
            int at = random.nextInt(4) == 0 ? random.nextInt(8192) : random.nextInt(bytes.length);
            int bit = random.nextInt(8);
            bytes[at] ^= (byte) (1 << bit);
            return "bit " + bit + " of byte " + at;
          });
      writeBack(segment);
    }
  }

  private void writeBack(int segment) throws IOException {
    assertTrue(Files.exists(segment(segment)));
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    writeLog();
  }

  @Test
  void shouldSeeAnyZeroedRangeWhenTheSegmentIsSealed() throws IOException {
    eachTrial(
        segment(2),
        bytes -> {
          int from;
          do {
            from = random.nextInt(bytes.length);
          } while (bytes[from] == 0);
          int to = Math.min(bytes.length, from + 1 + random.nextInt(1 << 16));
          Arrays.fill(bytes, from, to, (byte) 0);
          return "zeros from " + from + " to " + to;
        });
  }

  @Test
  void shouldSeeAnyCutWhenTheSegmentIsSealed() throws IOException {
    Path file = segment(2);
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < TRIALS; i++) {
      int length = i < 40 ? i : random.nextInt(good.length);
      Files.write(file, Arrays.copyOf(good, length));
      assertDetected(file, "cut to " + length);
    }
  }

  @Test
  void shouldReadAPrefixWhenAnUnsealedSegmentIsDamaged() throws IOException {
    Path file = segment(2);
    Files.delete(directory.resolve("00000002.crc"));
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < TRIALS; i++) {
      byte[] bad = good.clone();
      for (int flips = 1 + random.nextInt(20); flips > 0; flips--) {
        bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, random.nextInt(3) > 0 ? bad : randomCut(bad));
      Reading reading = read();
      assertTrue(reading.records() <= records, "seed " + seed);
      assertTrue(
          reading.records() == records || !reading.damages().isEmpty(),
          () -> "fewer records and no word, seed " + seed);
    }
  }

  private byte[] randomCut(byte[] bytes) {
    return Arrays.copyOf(bytes, random.nextInt(bytes.length));
  }

  @Test
  void shouldNotLoopOrFailWhenASegmentIsRubbish() throws IOException {
    Files.delete(directory.resolve("00000002.crc"));
    for (int i = 0; i < TRIALS; i++) {
      byte[] rubbish = new byte[random.nextInt(1 << 14)];
      random.nextBytes(rubbish);
      Files.write(segment(2), rubbish);
      assertTrue(read().records() < records, "seed " + seed);
    }
  }

  @Test
  void shouldNameTheSegmentThatIsMissing() throws IOException {
    Files.delete(segment(1));
    Files.delete(directory.resolve("00000001.crc"));
    assertDetected(segment(1), "a missing segment");
  }

  @Test
  void shouldNameTheSegmentThatIsMissingWhenItsNoteIsThere() throws IOException {
    Files.delete(segment(2));
    assertDetected(segment(2), "a missing last segment");
  }

  @Test
  void shouldSeeThatAnEndMarkIsMissingWhenASegmentFollows() throws IOException {
    Path file = segment(1);
    Files.delete(directory.resolve("00000001.crc"));
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(Arrays.copyOf(bytes, bytes.length - 16), bytes.length));
    assertDetected(file, "no end mark");
  }

  @Test
  void shouldSeeAHoleWhenNothingWasSealed() throws IOException {
    Path file = segment(2);
    Files.delete(directory.resolve("00000002.crc"));
    List<Long> offsets = documentOffsets(file);
    long at = offsets.get(offsets.size() / 2);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(4096), at);
    }
    Reading reading = read();
    assertTrue(reading.damages().getFirst().contains(file + " at " + at), reading.toString());
    assertTrue(reading.damages().getFirst().contains("hole"), reading.toString());
  }

  private static List<Long> documentOffsets(Path file) {
    List<Long> offsets = new ArrayList<>();
    try (SegmentReader reader = SegmentReader.open(file)) {
      while (reader.next()) {
        offsets.add(reader.documentOffset());
      }
      assertNotNull(reader.state());
      return offsets;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}

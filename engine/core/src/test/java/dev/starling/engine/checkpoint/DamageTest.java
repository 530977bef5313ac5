package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever happens to the bytes of a checkpoint is found, told in a sentence, and crashes nothing.
 */
class DamageTest {
  private static final int FLIPS = 1000;
  private static final int ZEROED = 300;
  private static final long SET = 9;

  @TempDir Path run;
  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);
  private CheckpointSets sets;
  private Path checkpoint;
  private Path manifest;

  @BeforeEach
  void writeASet() {
    sets = CheckpointSets.of(run);
    sets.create(SET);
    try (Arena arena = Arena.ofConfined()) {
      RandomState state = RandomState.of(random, arena, 0).inSet(SET);
      checkpoint = sets.file(SET, 0, state.description().incarnation());
      CheckpointManifest.RankFile written =
          CheckpointFiles.write(
              checkpoint, state.description(), state.tensors(), state.parameters(), state.states());
      sets.complete(
          new CheckpointManifest(
              SET, 1, List.of(written), List.of(new CheckpointManifest.Missing(1, "gone"))));
    }
    manifest = sets.directory(SET).resolve("manifest.json");
    assertEquals(List.of(), sets.check(SET), told("untouched"));
  }

  private String told(String what) {
    return what + ", seed " + seed;
  }

  /** What opening and checking the checkpoint file alone says, without the manifest. */
  private static List<String> damageOfCheckpoint(Path file) {
    try (CheckpointFile read = CheckpointFiles.read(file)) {
      return read.damage();
    } catch (StarlingException damage) {
      return List.of(damage.getMessage());
    }
  }

  private void requireFound(Path file, byte[] damaged, String what) throws IOException {
    Files.write(file, damaged);
    requireSentences(sets.check(SET), file, what);
    if (file.equals(checkpoint)) {
      requireSentences(damageOfCheckpoint(file), file, what);
    }
  }

  private void requireSentences(List<String> damage, Path file, String what) {
    assertFalse(damage.isEmpty(), () -> told(what + " was accepted"));
    for (String sentence : damage) {
      assertTrue(sentence.contains(file.toString()), () -> told(what + ": " + sentence));
      assertTrue(
          sentence.length() < 1200 && sentence.chars().noneMatch(Character::isISOControl),
          () -> told(what + ": " + sentence));
    }
  }

  private void flip(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int i = 0; i < FLIPS; i++) {
      byte[] damaged = whole.clone();
      int flips = i < 64 || random.nextBoolean() ? 1 : random.nextInt(2, 6);
      StringBuilder what = new StringBuilder("flipped");
      for (int flip = 0; flip < flips; flip++) {
        // The first rounds flip the length of the header, bit by bit.
        int bit = i < 64 ? i : random.nextInt(whole.length * Byte.SIZE);
        damaged[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
        what.append(" bit ").append(bit);
      }
      if (!Arrays.equals(whole, damaged)) {
        requireFound(file, damaged, what.toString());
      }
    }
    Files.write(file, whole);
    assertEquals(List.of(), sets.check(SET), told("restored"));
  }

  private void truncateAndExtend(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 1 + random.nextInt(4)) {
      requireFound(file, Arrays.copyOf(whole, length), "cut to " + length + " bytes");
    }
    requireFound(file, Arrays.copyOf(whole, whole.length - 1), "cut by one byte");
    for (int more : new int[] {1, 4, 8, 4096}) {
      requireFound(file, Arrays.copyOf(whole, whole.length + more), more + " zeros appended");
    }
  }

  private void fill(Path file, byte with) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int i = 0; i < ZEROED; i++) {
      int from = random.nextInt(whole.length);
      int to = Math.min(whole.length, from + 1 + random.nextInt(i % 2 == 0 ? 8 : whole.length));
      byte[] damaged = whole.clone();
      Arrays.fill(damaged, from, to, with);
      if (!Arrays.equals(whole, damaged)) {
        requireFound(file, damaged, "bytes %d to %d became %d".formatted(from, to, with));
      }
    }
  }

  @Test
  void shouldFindTheDamageWhenBitsOfACheckpointFlip() throws IOException {
    flip(checkpoint);
  }

  @Test
  void shouldFindTheDamageWhenBitsOfAManifestFlip() throws IOException {
    flip(manifest);
  }

  @Test
  void shouldFindTheDamageWhenACheckpointIsCutOrExtended() throws IOException {
    truncateAndExtend(checkpoint);
  }

  @Test
  void shouldFindTheDamageWhenAManifestIsCutOrExtended() throws IOException {
    truncateAndExtend(manifest);
  }

  @Test
  void shouldFindTheDamageWhenRangesOfACheckpointAreOverwritten() throws IOException {
    fill(checkpoint, (byte) 0);
    fill(checkpoint, (byte) ' ');
    fill(checkpoint, (byte) '9');
  }

  @Test
  void shouldFindTheDamageWhenRangesOfAManifestAreOverwritten() throws IOException {
    fill(manifest, (byte) 0);
    fill(manifest, (byte) ' ');
    fill(manifest, (byte) '9');
  }

  @Test
  void shouldThrowNothingElseWhenTheBytesAreRandom() throws IOException {
    byte[] whole = Files.readAllBytes(checkpoint);
    for (int i = 0; i < ZEROED; i++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      requireFound(checkpoint, noise, "noise " + Arrays.toString(noise));
    }
    Files.write(checkpoint, whole);
    for (int i = 0; i < ZEROED; i++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      requireFound(manifest, noise, "noise " + Arrays.toString(noise));
    }
  }

  @Test
  void shouldSayWhichFileWhenItIsGoneOrADirectory() throws IOException {
    Files.delete(checkpoint);
    requireSentences(sets.check(SET), checkpoint, "deleted");
    requireSentences(damageOfCheckpoint(checkpoint), checkpoint, "deleted");
    Files.createDirectory(checkpoint);
    requireSentences(sets.check(SET), checkpoint, "a directory");
    requireSentences(damageOfCheckpoint(checkpoint), checkpoint, "a directory");
    Files.delete(manifest);
    Files.createDirectory(manifest);
    requireSentences(sets.check(SET), manifest, "a directory");
    try {
      sets.read(SET);
      fail("a directory was read as a manifest");
    } catch (StarlingException told) {
      assertTrue(told.getMessage().contains("is no ordinary file"), told.getMessage());
    }
  }
}

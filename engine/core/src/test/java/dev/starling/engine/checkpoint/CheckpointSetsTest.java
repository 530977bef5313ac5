package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointSetsTest {
  @TempDir Path run;
  private CheckpointSets sets;
  private final SplittableRandom random = new SplittableRandom(1);

  @BeforeEach
  void nameSets() {
    sets = CheckpointSets.of(run);
  }

  private CheckpointManifest.RankFile write(long set, int rank) {
    sets.create(set);
    try (Arena arena = Arena.ofConfined()) {
      RandomState state = RandomState.of(random, arena, rank).inSet(set);
      int incarnation = state.description().incarnation();
      return CheckpointFiles.write(
          sets.file(set, rank, incarnation),
          state.description(),
          state.tensors(),
          state.parameters(),
          state.states());
    }
  }

  private CheckpointManifest complete(long set) {
    CheckpointManifest manifest =
        new CheckpointManifest(
            set,
            99,
            List.of(write(set, 0), write(set, 2)),
            List.of(new CheckpointManifest.Missing(1, "died \"of\" old age\n")));
    sets.complete(manifest);
    return manifest;
  }

  @Test
  void shouldReadBackTheManifestAndFindNoDamageWhenComplete() throws IOException {
    CheckpointManifest manifest = complete(12);
    assertEquals(manifest, sets.read(12));
    assertEquals(List.of(), sets.check(12));
    assertTrue(Files.exists(run.resolve("checkpoints/000012/manifest.json")));
    assertTrue(Files.exists(run.resolve("checkpoints/000012/" + manifest.ranks().get(1).file())));
  }

  @Test
  void shouldWriteAManifestThatAnotherReaderReadsWhenComplete() throws IOException {
    CheckpointManifest manifest = complete(3);
    Map<String, Object> read =
        ReferenceReader.object(
            ReferenceReader.json(Files.readString(sets.directory(3).resolve("manifest.json"))));
    assertEquals(3L, read.get("set"));
    List<?> ranks = (List<?>) read.get("ranks");
    Map<String, Object> second = ReferenceReader.object(ranks.get(1));
    assertEquals(2L, second.get("rank"));
    assertEquals("%08x".formatted(manifest.ranks().get(1).crc32c()), second.get("crc32c"));
    assertEquals(manifest.ranks().get(1).versions(), second.get("versions"));
  }

  @Test
  void shouldListAndPassOverASetWhenItsManifestWasNotWritten() {
    complete(4);
    write(5, 0);
    assertEquals(
        List.of(
            new CheckpointSets.CheckpointSet(4, sets.directory(4), true),
            new CheckpointSets.CheckpointSet(5, sets.directory(5), false)),
        sets.list());
    assertEquals(OptionalLong.of(4), sets.newestComplete());
    assertTrue(sets.check(5).getFirst().contains("manifest.json does not exist"));
  }

  @Test
  void shouldListNothingWhenTheRunHasNoSets() throws IOException {
    assertEquals(List.of(), sets.list());
    assertEquals(OptionalLong.empty(), sets.newestComplete());
    Files.createDirectories(run.resolve("checkpoints/notes"));
    Files.createDirectories(run.resolve("checkpoints/0000007"));
    Files.writeString(run.resolve("checkpoints/000008"), "a file");
    assertEquals(List.of(), sets.list());
    sets.drop(1);
  }

  @Test
  void shouldBeWholeWhenSeveralRanksNameOneFile() {
    CheckpointManifest.RankFile initial = write(0, RankCheckpoint.EVERY_RANK);
    List<CheckpointManifest.RankFile> ranks = new ArrayList<>();
    for (int rank = 0; rank < 5; rank++) {
      ranks.add(initial.forRank(rank, 1));
    }
    sets.complete(new CheckpointManifest(0, 1, ranks, List.of()));
    assertEquals(List.of(), sets.check(0));
    assertEquals(ranks, sets.read(0).ranks());
  }

  @Test
  void shouldNameTheFileWhenItBelongsToAnotherRankOrSet() throws IOException {
    CheckpointManifest manifest = complete(6);
    CheckpointManifest.RankFile zero = manifest.ranks().getFirst();
    sets.complete(new CheckpointManifest(6, 1, List.of(zero.forRank(7, 1)), List.of()));
    List<String> damage = sets.check(6);
    assertEquals(1, damage.size(), damage::toString);
    assertTrue(damage.getFirst().contains(zero.file() + " has rank and incarnation 0."));
    sets.create(7);
    Files.copy(zero.in(sets.directory(6)), zero.in(sets.directory(7)));
    sets.complete(new CheckpointManifest(7, 1, List.of(zero), List.of()));
    assertTrue(sets.check(7).getFirst().contains(" has set 6 where the set has 7"));
  }

  @Test
  void shouldNotCompleteWhenAFileIsMissing() throws IOException {
    CheckpointManifest manifest = complete(6);
    sets.drop(6);
    sets.create(6);
    StarlingException told = assertThrows(StarlingException.class, () -> sets.complete(manifest));
    assertTrue(told.getMessage().contains(manifest.ranks().getFirst().file()), told.getMessage());
    assertEquals(OptionalLong.empty(), sets.newestComplete());
  }

  @Test
  void shouldRefuseAManifestWhenItNamesAFileElsewhereOrARankTwice() {
    CheckpointManifest.RankFile file = write(1, 0);
    for (String name : List.of("", "..", "../x", "/etc/passwd", "a/b", ".hidden")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new CheckpointManifest.RankFile(0, 1, name, 1, 1, 1, List.of(1L)),
          name);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new CheckpointManifest(1, 1, List.of(file, file), List.of()));
  }

  @Test
  void shouldRemoveTheSetAndNoOtherWhenDropped() {
    complete(1);
    complete(2);
    sets.drop(2);
    assertEquals(List.of(1L), sets.list().stream().map(set -> set.number()).toList());
    assertFalse(Files.exists(sets.directory(2)));
    assertEquals(List.of(), sets.check(1));
  }

  @Test
  void shouldRemoveUnfinishedFilesAndNoOthersWhenAsked() throws IOException {
    complete(1);
    Path half = sets.directory(1).resolve(".rank-0.1.safetensors.4711.tmp");
    Files.writeString(half, "half");
    Files.writeString(sets.directory(1).resolve("notes.tmp"), "mine");
    assertEquals(List.of(half), sets.removeLeftovers());
    assertFalse(Files.exists(half));
    assertTrue(Files.exists(sets.directory(1).resolve("notes.tmp")));
    assertEquals(List.of(), sets.check(1));
  }

  @Test
  void shouldNameSetsInPlainDigitsWhenTheLocaleHasOthers() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      CheckpointManifest manifest = complete(12);
      assertEquals(run.resolve("checkpoints/000012"), sets.directory(12));
      assertEquals(manifest, sets.read(12));
      assertEquals(List.of(), sets.check(12));
    } finally {
      Locale.setDefault(before);
    }
  }

  /** Wherever it is killed: what bears its final name is whole, and so is a set with a manifest. */
  @Test
  void shouldFindEverySetWholeOrIncompleteWhenItsWriterIsKilled() throws Exception {
    long seed = System.nanoTime();
    SplittableRandom when = new SplittableRandom(seed);
    int files = 0;
    for (int kill = 0; kill < 6; kill++) {
      Path killed = run.resolve("run-" + kill);
      Process writer =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  WriteSetsMain.class.getName(),
                  killed.toString())
              .redirectErrorStream(true)
              .start();
      try {
        for (int sets = when.nextInt(1, 12); sets > 0; sets--) {
          assertEquals('.', writer.getInputStream().read(), "seed " + seed);
        }
        // Not for anything to happen: to spread the kills over what the writer does.
        writer.waitFor(when.nextLong(4_000_000), TimeUnit.NANOSECONDS);
      } finally {
        writer.destroyForcibly();
        assertTrue(writer.waitFor(20, TimeUnit.SECONDS));
      }
      files += requireWhole(CheckpointSets.of(killed), "seed " + seed);
    }
    assertTrue(files > 6, files + " files, seed " + seed);
  }

  private static int requireWhole(CheckpointSets sets, String told) throws IOException {
    int files = 0;
    sets.removeLeftovers();
    for (CheckpointSets.CheckpointSet set : sets.list()) {
      if (set.complete()) {
        assertEquals(List.of(), sets.check(set.number()), told);
      }
      try (DirectoryStream<Path> written = Files.newDirectoryStream(set.directory())) {
        for (Path file : written) {
          if (!file.endsWith("manifest.json")) {
            CheckpointFiles.describe(file);
            files++;
          }
        }
      }
    }
    return files;
  }
}

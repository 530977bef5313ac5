package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever happens to the files of a run, verifying it says so and names the file. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunDamageTest {
  private static final int TRIALS = 40;
  private static final int KILLED_RUNS = 2;

  @TempDir Path directory;
  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);

  /** What is done to a file of so many bytes that mean something. */
  private enum Damage {
    CUT {
      @Override
      byte[] apply(byte[] good, int used, SplittableRandom random) {
        return Arrays.copyOf(good, random.nextInt(used));
      }
    },
    ZEROS {
      @Override
      byte[] apply(byte[] good, int used, SplittableRandom random) {
        byte[] bad = good.clone();
        int from = random.nextInt(used);
        Arrays.fill(bad, from, Math.min(bad.length, from + 1 + random.nextInt(5000)), (byte) 0);
        return bad;
      }
    },
    FLIPS {
      @Override
      byte[] apply(byte[] good, int used, SplittableRandom random) {
        byte[] bad = good.clone();
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
          // Mostly where something is, sometimes in what was only reserved.
          int end = random.nextInt(8) == 0 ? good.length : used;
          bad[random.nextInt(end)] ^= (byte) (1 << random.nextInt(8));
        }
        return bad;
      }
    };

    abstract byte[] apply(byte[] good, int used, SplittableRandom random);
  }

  /** What verifying says: a report, or the one sentence that it failed with. */
  private record Verdict(VerifyReport report, String failure) {
    static Verdict of(Path run) {
      try (RecordedRun recorded = RecordedRun.open(run)) {
        return new Verdict(RunVerifier.verify(recorded, bytes -> {}), null);
      } catch (StarlingException failure) {
        return new Verdict(null, failure.getMessage());
      }
    }

    boolean ok() {
      return failure == null && report.ok();
    }

    boolean names(Path file) {
      List<String> sentences = failure == null ? report.differences() : List.of(failure);
      return sentences.stream().anyMatch(sentence -> sentence.contains(file.toString()));
    }
  }

  /** The newest segment that has anything in it: a writer may be killed as it begins another. */
  private static Path newestSegment(Path run, int rank) throws IOException {
    Path log = run.resolve("log/" + rank + ".0");
    NavigableSet<Integer> segments = SegmentFiles.segments(log);
    int newest = segments.last();
    while (Files.size(SegmentFiles.segment(log, newest)) == 0) {
      newest = segments.lower(newest);
    }
    return SegmentFiles.segment(log, newest);
  }

  private static int usedBytes(Path segment) throws IOException {
    try (SegmentReader reader = SegmentReader.open(segment)) {
      while (reader.next()) {
        // Only to where the documents end.
      }
      return Math.max(SegmentReader.PREAMBLE_BYTES, (int) reader.offset());
    }
  }

  private CheckpointSets.CheckpointSet anySet(CheckpointSets sets) {
    List<CheckpointSets.CheckpointSet> complete =
        sets.list().stream().filter(CheckpointSets.CheckpointSet::complete).toList();
    return complete.get(random.nextInt(complete.size()));
  }

  private Path checkpoint(Path run) {
    CheckpointSets sets = CheckpointSets.of(run);
    CheckpointSets.CheckpointSet set = anySet(sets);
    List<CheckpointManifest.RankFile> ranks = sets.read(set.number()).ranks();
    return ranks.get(random.nextInt(ranks.size())).in(set.directory());
  }

  private Path manifest(Path run) {
    return anySet(CheckpointSets.of(run)).directory().resolve("manifest.json");
  }

  private interface Judge {
    void judge(Verdict verdict, String what);
  }

  private void eachTrial(Path run, Path file, int used, Damage damage, Judge judge)
      throws IOException {
    byte[] good = Files.readAllBytes(file);
    for (int trial = 0; trial < TRIALS; trial++) {
      byte[] bad = damage.apply(good, used, random);
      if (!Arrays.equals(good, bad)) {
        Files.write(file, bad);
        judge.judge(
            Verdict.of(run), damage + " of " + file + ", trial " + trial + ", seed " + seed);
      }
    }
    Files.write(file, good);
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void shouldNameTheFileWhenARunThatEndedWellIsDamaged(Damage damage) throws Exception {
    KilledRunMain.sample(seed, 2).train(directory);
    assertTrue(Verdict.of(directory).ok(), "seed " + seed);
    Path segment = newestSegment(directory, random.nextInt(2));
    List<Path> files = List.of(segment, manifest(directory), checkpoint(directory));
    for (Path file : files) {
      eachTrial(
          directory,
          file,
          (int) Files.size(file),
          damage,
          (verdict, what) -> {
            assertFalse(verdict.ok(), what);
            assertTrue(verdict.names(file), () -> what + " said " + verdict);
          });
    }
    assertTrue(Verdict.of(directory).ok(), "written back, seed " + seed);
  }

  @Test
  void shouldNameTheDamageOrTheOpenEndWhenTheWriterOfARunWasKilled() throws Exception {
    for (int i = 0; i < KILLED_RUNS; i++) {
      Path run = directory.resolve("run-" + i);
      Process writer = ChildJvm.start(KilledRunMain.class, run.toString(), Long.toString(seed + i));
      String said = new String(writer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(writer.waitFor(60, TimeUnit.SECONDS), said);
      Verdict whole = Verdict.of(run);
      assertTrue(whole.ok(), () -> "seed " + seed + ": " + whole + " of " + said);
      assertEquals(2, whole.report().tails().size(), () -> "seed " + seed + ": " + whole);
      for (Damage damage : Damage.values()) {
        damageKilled(run, whole.report(), damage);
      }
    }
  }

  private void damageKilled(Path run, VerifyReport whole, Damage damage) throws IOException {
    int rank = random.nextInt(2);
    Path segment = newestSegment(run, rank);
    eachTrial(
        run,
        segment,
        usedBytes(segment),
        damage,
        (verdict, what) -> {
          if (verdict.ok()) {
            // Then nothing that was saved hangs on what was lost.
            assertEquals(whole.setsCompared(), verdict.report().setsCompared(), what);
            assertEquals(whole.stripesCompared(), verdict.report().stripesCompared(), what);
            assertTrue(
                verdict.report().tails().stream()
                    .anyMatch(tail -> tail.contains("rank " + rank + " ends without")),
                () -> what + " said " + verdict);
          }
        });
    Path file = random.nextBoolean() ? manifest(run) : checkpoint(run);
    eachTrial(
        run,
        file,
        (int) Files.size(file),
        damage,
        (verdict, what) -> assertTrue(verdict.names(file), () -> what + " said " + verdict));
  }
}

package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.optimizer.Sgd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Logs whose every checksum is right and whose records do not say what happened: only replay can
 * tell.
 */
class RecordLossTest {
  private static final int TRIALS = 6;

  @TempDir Path directory;
  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);
  private Path good;

  @BeforeEach
  void train() throws Exception {
    good = directory.resolve("good");
    new SampleRun(
            seed,
            3,
            new long[] {40, 33},
            2,
            parameters -> new Sgd(0.9f, 0, parameters),
            GradientPayload.F32,
            15,
            2)
        .train(good);
    assertEquals(List.of(), differences(good), "seed " + seed);
  }

  private static List<String> differences(Path run) {
    try (RecordedRun recorded = RecordedRun.open(run)) {
      VerifyReport report = RunVerifier.verify(recorded, bytes -> {});
      List<String> found = new ArrayList<>(report.differences());
      found.addAll(report.tails());
      found.addAll(report.settled());
      return found;
    } catch (StarlingException failure) {
      return List.of(failure.getMessage());
    }
  }

  private Path copy(int trial) throws IOException {
    Path copied = directory.resolve("trial-" + trial);
    try (Stream<Path> files = Files.walk(good)) {
      for (Path file : files.toList()) {
        Files.copy(file, copied.resolve(good.relativize(file)));
      }
    }
    return copied;
  }

  private Path anyLog(Path run) {
    return run.resolve("log/" + random.nextInt(3) + ".0");
  }

  /** What is refused and what is only for people changes no replica. */
  @ParameterizedTest
  @EnumSource(
      value = RecordKind.class,
      names = {"REJECT", "BASE", "TORN", "FENCE", "FENCED"},
      mode = EnumSource.Mode.EXCLUDE)
  void shouldSayWhatIsMissingWhenARecordIsTakenOut(RecordKind kind) throws IOException {
    for (int trial = 0; trial < TRIALS; trial++) {
      Path run = copy(trial);
      String[] taken = {"no " + kind};
      LogRewriter.rewrite(
          anyLog(run),
          records -> {
            List<Integer> places = new ArrayList<>();
            for (int i = 0; i < records.size(); i++) {
              if (LogRewriter.kind(records.get(i)) == kind
                  && !LogRewriter.isContinuation(records.get(i))) {
                places.add(i);
              }
            }
            if (!places.isEmpty()) {
              int place = places.get(random.nextInt(places.size()));
              records.remove(place);
              taken[0] = kind + " at " + place + " of " + records.size();
            }
            return records;
          });
      if (!taken[0].startsWith("no ")) {
        assertFalse(
            differences(run).isEmpty(), () -> taken[0] + " taken from " + run + ", seed " + seed);
      }
    }
  }

  @Test
  void shouldEndInASentenceWhenRecordsAreTakenOutSwappedOrDoubled() throws IOException {
    for (int trial = 0; trial < 4 * TRIALS; trial++) {
      Path run = copy(trial);
      LogRewriter.rewrite(
          anyLog(run),
          records -> {
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
              int place = random.nextInt(records.size());
              switch (random.nextInt(3)) {
                case 0 -> records.remove(place);
                case 1 -> Collections.swap(records, place, random.nextInt(records.size()));
                default -> records.add(place, records.get(random.nextInt(records.size())));
              }
            }
            return records;
          });
      for (String sentence : differences(run)) {
        assertTrue(sentence.length() > 20, () -> sentence + ", seed " + seed);
      }
    }
  }
}

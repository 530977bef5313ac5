package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.StateVector;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Nesterov;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.replay.ChainId;
import dev.starling.engine.worker.OptimizerFactory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunVerifierTest {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  @TempDir Path directory;
  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);

  /** The optimizers that a log can be replayed with. */
  private enum Kind {
    SGD(parameters -> new Sgd(0, 1e-4f, parameters)),
    MOMENTUM(parameters -> new Sgd(0.9f, 0, parameters)),
    NESTEROV(parameters -> new Nesterov(0.9f, 1e-4f, parameters)),
    ADAMW(parameters -> new AdamW(0.01f, parameters));

    private final OptimizerFactory factory;

    Kind(OptimizerFactory factory) {
      this.factory = factory;
    }
  }

  private static VerifyReport verify(Path run) {
    try (RecordedRun recorded = RecordedRun.open(run)) {
      return RunVerifier.verify(recorded, bytes -> {});
    }
  }

  private long[] randomStripes(int count) {
    long[] stripes = new long[count];
    // Odd lengths: the ends of vectors and of payloads are where mistakes hide.
    Arrays.setAll(stripes, stripe -> 1 + random.nextInt(150));
    return stripes;
  }

  private SampleRun small(int workers, int stripes, Kind kind, GradientPayload payload) {
    return new SampleRun(
        seed, workers, randomStripes(stripes), 1 + random.nextInt(3), kind.factory, payload, 12, 2);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void shouldProveEveryRunOfAnOptimizer(Kind kind) throws Exception {
    for (GradientPayload payload : List.of(GradientPayload.F32, GradientPayload.BF16)) {
      for (int workers = 1; workers <= 8; workers++) {
        boolean several = (workers + payload.ordinal() + kind.ordinal()) % 2 == 0;
        int stripes = several ? 2 + random.nextInt(5) : 1;
        SampleRun sample = small(workers, stripes, kind, payload);
        Path run = directory.resolve(payload + "-" + workers);
        sample.train(run);
        String what = "seed " + seed + ": " + sample;
        VerifyReport report = verify(run);
        assertEquals(List.of(), report.differences(), what);
        assertEquals(List.of(), report.tails(), what);
        assertTrue(report.setsCompared() >= 2, what + " " + report);
        assertEquals(workers, report.ranks(), what);
        assertEquals(
            (long) report.setsCompared() * workers * stripes, report.stripesCompared(), what);
        assertTrue(report.gradients() >= workers, what);
        assertRebuilt(run, what);
      }
    }
  }

  /** A random saved version that all stripes have had, rebuilt, is the saved one. */
  private void assertRebuilt(Path directory, String what) {
    try (RecordedRun run = RecordedRun.open(directory)) {
      List<CheckpointSets.CheckpointSet> sets = run.sets().list();
      CheckpointSets.CheckpointSet last = sets.getLast();
      CheckpointManifest manifest = run.sets().read(last.number());
      CheckpointManifest.RankFile file =
          manifest.ranks().get(random.nextInt(manifest.ranks().size()));
      long reachedByAll = file.versions().stream().mapToLong(Long::longValue).min().orElseThrow();
      List<CheckpointManifest.RankFile> saved = new ArrayList<>();
      List<Path> paths = new ArrayList<>();
      List<Long> versions = new ArrayList<>();
      for (CheckpointSets.CheckpointSet set : sets) {
        for (CheckpointManifest.RankFile one : run.sets().read(set.number()).ranks()) {
          if (one.rank() == file.rank()) {
            saved.add(one);
            paths.add(one.in(set.directory()));
            one.versions().stream().filter(at -> at <= reachedByAll).forEach(versions::add);
          }
        }
      }
      long version = versions.get(random.nextInt(versions.size()));
      assertStripes(run, new ChainId(file.rank(), 0), version, saved, paths, what);
    }
  }

  private static void assertStripes(
      RecordedRun run,
      ChainId chain,
      long version,
      List<CheckpointManifest.RankFile> saved,
      List<Path> paths,
      String what) {
    try (Arena arena = Arena.ofConfined()) {
      int compared = 0;
      MemorySegment model = null;
      for (int i = 0; i < paths.size(); i++) {
        try (CheckpointFile file = CheckpointFiles.read(paths.get(i))) {
          if (model == null) {
            model = arena.allocate(file.parameters().byteSize());
            RunVerifier.rebuild(run, chain, version, model, bytes -> {});
          }
          long at = 0;
          for (int stripe = 0; stripe < saved.get(i).versions().size(); stripe++) {
            MemorySegment expected = file.stripe(stripe);
            if (saved.get(i).versions().get(stripe) == version) {
              assertEquals(
                  -1,
                  expected.mismatch(model.asSlice(at, expected.byteSize())),
                  what + ": stripe " + stripe + " of " + chain + " at " + version);
              compared++;
            }
            at += expected.byteSize();
          }
        }
      }
      assertTrue(compared > 0, what);
    }
  }

  @Test
  void shouldSayThatNothingCanBeReplayedWhenTheLogKeepsNoGradients() throws Exception {
    small(2, 2, Kind.SGD, GradientPayload.NONE).train(directory);
    VerifyReport report = verify(directory);
    assertFalse(report.ok());
    assertTrue(
        report.differences().stream().anyMatch(found -> found.contains("--log none")),
        report.differences().toString());
  }

  @Test
  void shouldNameRankStripeAndVersionWhenASavedFloatDiffersAndAllChecksumsAgree() throws Exception {
    int stripes = 3;
    small(3, stripes, Kind.MOMENTUM, GradientPayload.BF16).train(directory);
    CheckpointSets sets = CheckpointSets.of(directory);
    long set = sets.list().getLast().number();
    int rank = random.nextInt(3);
    int stripe = random.nextInt(stripes);
    CheckpointManifest.RankFile forged = forge(sets, set, rank, stripe);
    assertEquals(List.of(), sets.check(set), "only replay can find it");

    List<String> differences = verify(directory).differences();
    assertEquals(1, differences.size(), differences::toString);
    String expected =
        "of stripe %d of rank %d at version %d differs from checkpoint set %d"
            .formatted(stripe, rank, forged.versions().get(stripe), set);
    assertTrue(differences.getFirst().contains(expected), differences + " not " + expected);
  }

  /** Changes the lowest bit of one parameter, and everything that would tell. */
  private CheckpointManifest.RankFile forge(CheckpointSets sets, long set, int rank, int stripe) {
    CheckpointManifest manifest = sets.read(set);
    CheckpointManifest.RankFile old =
        manifest.ranks().stream().filter(file -> file.rank() == rank).findFirst().orElseThrow();
    CheckpointManifest.RankFile forged;
    try (Arena arena = Arena.ofConfined();
        CheckpointFile file = CheckpointFiles.read(old.in(sets.directory(set)))) {
      MemorySegment parameters = copy(arena, file.parameters());
      long first = 0;
      for (int before = 0; before < stripe; before++) {
        first += file.description().stripeParameters().get(before);
      }
      long at = first + random.nextLong(file.description().stripeParameters().get(stripe));
      parameters.setAtIndex(INT, at, parameters.getAtIndex(INT, at) ^ 1);
      List<StateVector> states =
          file.states().stream()
              .map(state -> new StateVector(state.name(), copy(arena, state.segment())))
              .toList();
      forged =
          CheckpointFiles.write(file.path(), file.description(), List.of(), parameters, states);
    }
    sets.complete(
        new CheckpointManifest(
            set,
            manifest.timeNs(),
            manifest.ranks().stream().map(one -> one.rank() == rank ? forged : one).toList(),
            manifest.missing()));
    return forged;
  }

  private static MemorySegment copy(Arena arena, MemorySegment from) {
    return arena.allocate(from.byteSize()).copyFrom(from);
  }

  @Test
  void shouldBeginAtTheSetThatSegmentsWereDroppedBefore() throws Exception {
    SampleRun sample =
        new SampleRun(seed, 3, randomStripes(3), 2, Kind.ADAMW.factory, GradientPayload.F32, 25, 4);
    long[] dropped = new long[2];
    sample.train(
        directory,
        (set, recorder) -> {
          if (dropped[0] == 0 && set >= 2) {
            dropped[0] = set;
            dropped[1] = recorder.dropBefore(set);
          }
        });
    VerifyReport report = verify(directory);
    assertEquals(List.of(), report.differences(), "seed " + seed);
    assertTrue(dropped[1] > 0, "nothing was dropped, seed " + seed);
    assertEquals(dropped[0], report.fromSet(), "seed " + seed);
    assertTrue(report.setsCompared() >= 2, report.toString());
  }

  @Test
  void shouldSayWhereALogLeadsWhenAVersionIsNotReached() throws Exception {
    OptimizerFactory plain = parameters -> new Nesterov(0, 0, parameters);
    new SampleRun(seed, 2, randomStripes(1), 1, plain, GradientPayload.F32, 12, 2).train(directory);
    assertEquals(List.of(), verify(directory).differences(), "seed " + seed);
    try (RecordedRun run = RecordedRun.open(directory);
        Arena arena = Arena.ofConfined()) {
      MemorySegment model = arena.allocate(150L * Float.BYTES);
      StarlingException failure =
          assertThrows(
              StarlingException.class,
              () -> RunVerifier.rebuild(run, new ChainId(0, 0), 1L << 40, model, bytes -> {}));
      assertTrue(failure.getMessage().contains("is not reached"), failure.getMessage());
      failure =
          assertThrows(
              StarlingException.class,
              () -> RunVerifier.rebuild(run, new ChainId(7, 0), 1, model, bytes -> {}));
      assertTrue(failure.getMessage().contains("has no log of rank 7"), failure.getMessage());
    }
  }
}

package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.StateVector;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.replay.ChainId;
import dev.starling.engine.replay.Replay;
import dev.starling.engine.replay.ReplayWatch;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * Proves that what a run saved follows from what it logged: replays all ranks and compares every
 * later checkpoint, bit for bit. Belongs to one thread.
 */
public final class RunVerifier {
  private static final String WITHOUT_VALUES =
      "the logs keep no gradients (--log none): they tell what happened, but nothing can be"
          + " replayed";

  private final RecordedRun run;
  private final CheckpointSets sets;
  private final LongConsumer progress;
  private final List<String> differences = new ArrayList<>();
  private final List<String> otherValues = new ArrayList<>();
  private final Set<Long> damagedSets = new HashSet<>();
  private final Set<Long> compared = new TreeSet<>();
  private final Map<String, String> awaited = new HashMap<>();
  private long stripesCompared;

  private RunVerifier(RecordedRun run, LongConsumer progress) {
    this.run = run;
    this.progress = progress;
    sets = run.sets();
  }

  /**
   * Verifies a run from the oldest checkpoint set that its logs reach back to.
   *
   * @param run the run
   * @param progress is told how many bytes of records were replayed, often
   * @return what was found
   */
  public static VerifyReport verify(RecordedRun run, LongConsumer progress) {
    return new RunVerifier(run, progress).verify();
  }

  private VerifyReport verify() {
    long beginNs = System.nanoTime();
    checkFiles();
    long from = run.oldestReplayable();
    try (Replay replay = Replay.open(run, from)) {
      for (CheckpointSets.CheckpointSet set : sets.list()) {
        if (set.complete() && set.number() > from && !damagedSets.contains(set.number())) {
          watch(replay, set.number());
        }
      }
      replay.progress(progress);
      replay.run();
      differences.addAll(replay.damages());
      differences.addAll(replay.gaps());
      if (replay.hasValues()) {
        differences.addAll(0, otherValues);
      } else {
        differences.add(WITHOUT_VALUES);
      }
      differences.addAll(new TreeSet<>(awaited.values()));
      List<ChainId> chains = replay.chains();
      return new VerifyReport(
          (int) chains.stream().map(ChainId::rank).distinct().count(),
          chains.size(),
          replay.records(),
          replay.updates(),
          from,
          compared.size(),
          stripesCompared,
          List.copyOf(differences),
          replay.tails(),
          replay.settled(),
          (System.nanoTime() - beginNs) / 1e9);
    }
  }

  /** Everything that a checksum finds, before anything is taken for true. */
  private void checkFiles() {
    for (ChainId chain : run.logs()) {
      differences.addAll(ChronicleLogs.checkDigests(run.log(chain)));
    }
    for (CheckpointSets.CheckpointSet set : sets.list()) {
      if (set.complete()) {
        List<String> damage = sets.check(set.number());
        differences.addAll(damage);
        if (!damage.isEmpty()) {
          damagedSets.add(set.number());
        }
      }
    }
  }

  private void watch(Replay replay, long set) {
    CheckpointManifest manifest = sets.read(set);
    for (CheckpointManifest.RankFile file : manifest.ranks()) {
      ChainId chain = new ChainId(file.rank(), file.incarnation());
      if (!replay.chains().contains(chain)) {
        differences.add(
            "checkpoint set " + set + " has a state of " + chain + ", but its log is missing");
        continue;
      }
      Path path = file.in(sets.directory(set));
      for (int stripe = 0; stripe < file.versions().size(); stripe++) {
        long version = file.versions().get(stripe);
        awaited.put(
            set + "/" + chain + "/" + stripe,
            "replay never came to version %d of stripe %d of %s, which checkpoint set %d has"
                .formatted(version, stripe, chain, set));
        replay.watch(chain, stripe, version, new Comparison(set, path));
      }
      awaited.put(
          set + "/" + chain,
          "the log of %s has no CHECKPOINT record of set %d, which has a state of it"
              .formatted(chain, set));
      replay.watchCheckpoints(chain, new Comparison(set, path));
    }
  }

  /** Compares with one file of one set. */
  private final class Comparison implements ReplayWatch {
    private final long set;
    private final Path path;

    Comparison(long set, Path path) {
      this.set = set;
      this.path = path;
    }

    @Override
    public void stripe(ChainId chain, int stripe, long version, MemorySegment content) {
      awaited.remove(set + "/" + chain + "/" + stripe);
      try (CheckpointFile file = CheckpointFiles.read(path)) {
        long at = content.mismatch(file.stripe(stripe));
        if (at >= 0) {
          otherValues.add(
              ("parameter %d of stripe %d of %s at version %d differs from checkpoint set %d:"
                      + " replay gives another value than %s has")
                  .formatted(at / Float.BYTES, stripe, chain, version, set, path));
        } else {
          stripesCompared++;
          compared.add(set);
        }
      }
    }

    @Override
    public void optimizer(ChainId chain, long reached, long optimizerStep, Optimizer optimizer) {
      if (reached != set) {
        return;
      }
      awaited.remove(set + "/" + chain);
      try (CheckpointFile file = CheckpointFiles.read(path)) {
        if (file.description().optimizerStep() != optimizerStep) {
          differences.add(
              "checkpoint set %d has the optimizer of %s at step %d, its log at step %d"
                  .formatted(set, chain, file.description().optimizerStep(), optimizerStep));
        }
        for (StateVector vector : file.states()) {
          compare(chain, optimizer, vector);
        }
      }
    }

    private void compare(ChainId chain, Optimizer optimizer, StateVector vector) {
      int index = optimizer.stateNames().indexOf(vector.name());
      if (index >= 0 && optimizer.state(index).mismatch(vector.segment()) >= 0) {
        otherValues.add(
            "the optimizer's vector '%s' of %s differs from checkpoint set %d: replay gives other"
                    .formatted(vector.name(), chain, set)
                + " values than "
                + path
                + " has");
      }
    }
  }

  /**
   * Rebuilds one replica.
   *
   * @param run the run
   * @param chain whose replica
   * @param version the version of every stripe
   * @param into receives the parameters, float32, as long as the model
   * @param progress is told how many bytes of records were replayed, often
   * @throws StarlingException when the logs do not lead to it; the message says why
   */
  public static void rebuild(
      RecordedRun run, ChainId chain, long version, MemorySegment into, LongConsumer progress) {
    try (Replay replay = Replay.open(run, run.oldestReplayable())) {
      if (!replay.chains().contains(chain)) {
        throw new StarlingException(
            run.directory() + " has no log of " + chain + ": choose one of " + replay.chains());
      }
      int stripes = replay.layout().stripes();
      int[] left = {stripes};
      for (int stripe = 0; stripe < stripes; stripe++) {
        long at = replay.layout().stripeStart(stripe) * Float.BYTES;
        replay.watch(
            chain,
            stripe,
            version,
            (id, reached, asVersion, content) -> {
              MemorySegment.copy(content, 0, into, at, content.byteSize());
              left[0]--;
            });
      }
      replay.limit(() -> left[0] == 0);
      replay.progress(progress);
      replay.run();
      if (!replay.hasValues()) {
        throw new StarlingException(run.directory() + " cannot be replayed: " + WITHOUT_VALUES);
      }
      if (left[0] > 0) {
        List<String> reasons = new ArrayList<>(replay.damages());
        reasons.addAll(replay.gaps());
        throw new StarlingException(
            "version %d of %s is not reached: its log leads to version %d%s"
                .formatted(
                    version,
                    chain,
                    IntStream.range(0, stripes)
                        .mapToLong(stripe -> replay.version(chain, stripe))
                        .min()
                        .orElseThrow(),
                    reasons.isEmpty() ? "" : " (" + reasons.getFirst() + ")"));
      }
    }
  }
}

package dev.starling.cli.train;

import dev.starling.chronicle.ChronicleLogs;
import dev.starling.chronicle.LogDirectory;
import dev.starling.chronicle.RunRecorder;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.checkpoint.CheckpointCoordinator;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.RankCheckpoint;
import dev.starling.engine.checkpoint.Safetensors;
import dev.starling.engine.checkpoint.StateVector;
import dev.starling.engine.checkpoint.WorkerCheckpoints;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.log.Origin;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Restoration;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * What of a run is kept in its directory: update logs and checkpoint sets, and the way back from
 * them. One in the process that coordinates, one in each worker process.
 */
final class Recording implements AutoCloseable {
  private static final String STEPS = "steps";
  private static final String SAMPLES = "samples";
  private static final String SUBMITTED = "submitted";
  private static final int END_ATTEMPTS = 3;

  private final RunPlan plan;
  private final RecordOptions options;
  private final Path directory;
  private final CheckpointSets sets;
  private final RunRecorder recorder;
  private final int firstIncarnation;
  private final Consumer<String> tell;
  private final List<CheckpointFile> opened = new ArrayList<>();

  private Recording(RunPlan plan, Path directory, int firstIncarnation, Consumer<String> tell) {
    this.plan = plan;
    this.options = plan.options().record;
    this.directory = directory;
    this.firstIncarnation = firstIncarnation;
    this.tell = tell;
    sets = CheckpointSets.of(directory);
    recorder =
        new RunRecorder(
            directory,
            options::settings,
            options.onFailure(),
            Map.of("model", plan.setup().model().name()),
            tell);
  }

  /**
   * Opens the recording of a run, in the process that coordinates. A new run's initial model is
   * checkpoint set 0.
   *
   * @param plan the run
   * @param directory the run directory
   * @param parameters the model that every worker starts from
   * @param tell takes a sentence for people, from any thread
   * @return the recording
   * @throws ConfigurationException when there is nothing to go on from
   */
  static Recording open(
      RunPlan plan, Path directory, MemorySegment parameters, Consumer<String> tell) {
    if (plan.options().record.resume == null) {
      Recording recording = new Recording(plan, directory, 0, tell);
      if (recording.options.savesEnd()) {
        recording.saveInitial(parameters);
      }
      return recording;
    }
    Recording recording = new Recording(plan, directory, nextIncarnation(directory), tell);
    recording.sets.removeLeftovers();
    long newest = recording.newestSet();
    if (newest < 0) {
      throw new ConfigurationException(
          "--resume=" + directory + " has no complete checkpoint set: nothing to go on from");
    }
    tell.accept("the run goes on from checkpoint set " + newest);
    return recording;
  }

  /**
   * Opens the recording in a worker process.
   *
   * @param plan the run
   * @param directory the run directory
   * @param firstIncarnation the incarnation of the workers that begin with the job
   * @param tell takes a sentence for people
   * @return the recording
   */
  static Recording ofWorker(
      RunPlan plan, Path directory, int firstIncarnation, Consumer<String> tell) {
    return new Recording(plan, directory, firstIncarnation, tell);
  }

  /** Every log and every checkpoint of the earlier run has a smaller one. */
  private static int nextIncarnation(Path directory) {
    int next = 1;
    if (Files.isDirectory(directory.resolve(RunRecorder.LOG))) {
      for (LogDirectory log : ChronicleLogs.list(directory.resolve(RunRecorder.LOG))) {
        next = Math.max(next, log.incarnation() + 1);
      }
    }
    CheckpointSets sets = CheckpointSets.of(directory);
    OptionalLong newest = sets.newestComplete();
    if (newest.isPresent()) {
      for (CheckpointManifest.RankFile file : sets.read(newest.getAsLong()).ranks()) {
        next = Math.max(next, file.incarnation() + 1);
      }
    }
    return next;
  }

  private void saveInitial(MemorySegment parameters) {
    CheckpointCoordinator.writeInitial(
        sets,
        plan.context().conclude().layout(),
        Map.of("model", plan.setup().model().name()),
        tensors(),
        parameters);
  }

  private List<Safetensors.Tensor> tensors() {
    return plan.setup().model().tensors().stream()
        .map(tensor -> new Safetensors.Tensor(tensor.name(), tensor.shape()))
        .toList();
  }

  /** {@return the incarnation of the workers that begin with the job} */
  int firstIncarnation() {
    return firstIncarnation;
  }

  /**
   * Adds what a worker process has to know.
   *
   * @param arguments the options as they were given
   * @return the options of a worker process
   */
  List<String> workerArguments(List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of("--run", directory.toAbsolutePath().toString()));
    all.addAll(List.of("--first-incarnation", Integer.toString(firstIncarnation)));
    return all;
  }

  /**
   * Lets a job be recorded, and its workers go on from checkpoints.
   *
   * @param context the job's options, not concluded
   * @return the context
   */
  JobContext record(JobContext context) {
    context.restoration(firstIncarnation, this::restore);
    if (options.isLogged()) {
      context.gradientPayload(options.payload());
      recorder.record(context);
    }
    return context;
  }

  /** The newest complete set that is not the initial model, or -1. */
  private long newestSet() {
    long newest = sets.newestComplete().orElse(-1);
    return newest == 0 && firstIncarnation == 0 ? -1 : newest;
  }

  private Restoration.State restore(int rank) {
    long set = newestSet();
    return set < 0 ? null : restore(rank, set);
  }

  /** A rank that is missing in the set begins with the state of the first one that is not. */
  private Restoration.State restore(int rank, long set) {
    CheckpointManifest manifest = sets.read(set);
    CheckpointManifest.RankFile own = null;
    for (CheckpointManifest.RankFile file : manifest.ranks()) {
      own = file.rank() == rank ? file : own;
    }
    boolean isOwn = own != null;
    CheckpointManifest.RankFile chosen = isOwn ? own : manifest.ranks().getFirst();
    CheckpointFile file = CheckpointFiles.read(chosen.in(sets.directory(set)));
    opened.add(file);
    file.requireWhole();
    RankCheckpoint description = file.description();
    Map<String, MemorySegment> state = new HashMap<>();
    if (isOwn) {
      for (StateVector vector : file.states()) {
        state.put(vector.name(), vector.segment());
      }
    }
    return new Restoration.State(
        new Origin(
            set,
            isOwn ? Origin.NONE : chosen.rank(),
            chosen.incarnation(),
            set,
            isOwn ? description.optimizerStep() : 0,
            description.versions().stream().mapToLong(Long::longValue).toArray()),
        file.parameters(),
        state,
        isOwn ? number(description, SUBMITTED) : 0);
  }

  private static long number(RankCheckpoint description, String name) {
    String value = description.config().get(name);
    return value == null || !value.matches("\\d{1,18}") ? 0 : Long.parseLong(value);
  }

  /**
   * Enters on the board what an earlier run has done already, and takes it off the work.
   *
   * @param board the job's board
   */
  void prepare(JobBoard board) {
    long newest = Math.max(0, sets.newestComplete().orElse(0));
    board.wantCut(newest);
    board.completeCut(newest);
    if (firstIncarnation == 0) {
      return;
    }
    long done = 0;
    for (CheckpointManifest.RankFile file : sets.read(newest).ranks()) {
      try (CheckpointFile open = CheckpointFiles.read(file.in(sets.directory(newest)))) {
        RankCheckpoint description = open.description();
        long steps = number(description, STEPS);
        long samples = number(description, SAMPLES);
        // A run that goes on with fewer workers leaves the last ranks behind, not their work.
        if (file.rank() < board.workers()) {
          RankRecord record = board.rank(file.rank());
          record.progress(steps, samples, Double.NaN, System.nanoTime(), System.nanoTime(), 0);
          record.submitted(number(description, SUBMITTED));
        }
        done += plan.budget().inSamples() ? samples : steps;
      }
    }
    board.work(Math.max(0, plan.budget().total() - done));
  }

  /**
   * Begins to save the workers of this process when a set is wanted.
   *
   * @param board the job's board
   * @param workers the workers
   * @return what saves them; close it before the workers stop
   */
  WorkerCheckpoints checkpoints(JobBoard board, List<Worker> workers) {
    return new WorkerCheckpoints(
        board,
        sets,
        workers,
        tensors(),
        rank -> details(board.rank(rank)),
        set -> {
          if (options.isLogged() && !options.keepsAll()) {
            recorder.dropBefore(set);
          }
        },
        failure -> tell.accept("a checkpoint was not saved: " + failure));
  }

  private Map<String, String> details(RankRecord record) {
    return Map.of(
        "model",
        plan.setup().model().name(),
        STEPS,
        Long.toString(record.steps()),
        SAMPLES,
        Long.toString(record.samples()),
        SUBMITTED,
        Long.toString(record.submitted()));
  }

  /**
   * Begins to make checkpoint sets.
   *
   * @param board the job's board
   * @param onSet is told what became of each
   * @return what makes them; close it before the workers are released
   */
  CheckpointCoordinator coordinate(JobBoard board, Consumer<String> onSet) {
    return new CheckpointCoordinator(
        board,
        sets,
        Math.max(0, sets.list().stream().mapToLong(set -> set.number()).max().orElse(0)),
        options.interval(),
        onSet);
  }

  /**
   * Saves the end of the run, when the run saves anything.
   *
   * @param coordinator makes the set
   * @param lost how many ranks are lost
   */
  void saveEnd(CheckpointCoordinator coordinator, int lost) {
    if (options.savesEnd()
        && lost < plan.options().workers
        && coordinator.makeOne(END_ATTEMPTS) < 0) {
      tell.accept("the end of the run was not saved as a checkpoint set: look at train.log");
    }
  }

  @Override
  public void close() {
    opened.forEach(CheckpointFile::close);
    opened.clear();
  }
}

package dev.starling.chronicle;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.StateVector;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.replay.ChainId;
import dev.starling.engine.replay.ReplayInput;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The logs and checkpoints of a run directory, for reading; of a run that has ended or goes on.
 * Belongs to one thread; owns the mappings of what it has opened.
 */
public final class RecordedRun implements ReplayInput, AutoCloseable {
  private static final String CURE =
      ": name the directory of a run that was trained with --log f32 or bf16";

  private final Path directory;
  private final Map<ChainId, Path> logs = new TreeMap<>();
  private final CheckpointSets sets;
  private final List<CheckpointFile> opened = new ArrayList<>();
  private final Map<Long, Map<Integer, SavedState>> loaded = new HashMap<>();

  private RecordedRun(Path directory) {
    this.directory = directory;
    sets = CheckpointSets.of(directory);
  }

  /**
   * Opens a run.
   *
   * @param directory the run directory
   * @return the run, owned by the caller
   * @throws ConfigurationException when there is no such directory or it has no logs
   */
  public static RecordedRun open(Path directory) {
    Path log = directory.resolve(RunRecorder.LOG);
    if (!Files.isDirectory(log)) {
      throw new ConfigurationException(
          directory
              + (Files.isDirectory(directory) ? " has no update log" : " is no directory")
              + CURE);
    }
    RecordedRun run = new RecordedRun(directory);
    for (LogDirectory one : ChronicleLogs.list(log)) {
      run.logs.put(new ChainId(one.rank(), one.incarnation()), one.path());
    }
    if (run.logs.isEmpty()) {
      throw new ConfigurationException(log + " is empty" + CURE);
    }
    return run;
  }

  /**
   * Returns where the run lies.
   *
   * @return the run directory
   */
  public Path directory() {
    return directory;
  }

  /**
   * Returns the run's checkpoint sets.
   *
   * @return the sets
   */
  public CheckpointSets sets() {
    return sets;
  }

  @Override
  public List<ChainId> logs() {
    return List.copyOf(logs.keySet());
  }

  /**
   * Returns where a log lies.
   *
   * @param chain whose log
   * @return its directory
   */
  public Path log(ChainId chain) {
    return logs.get(chain);
  }

  @Override
  public LogCursor open(ChainId chain) {
    return ChronicleLogs.open(logs.get(chain));
  }

  /**
   * Returns about how long all records are.
   *
   * @return the bytes of all segments
   */
  public long logBytes() {
    long bytes = 0;
    for (Path log : logs.values()) {
      for (int segment : ChronicleLogs.segments(log)) {
        bytes += SegmentFiles.segment(log, segment).toFile().length();
      }
    }
    return bytes;
  }

  @Override
  public Map<Integer, SavedState> set(long set) {
    return loaded.computeIfAbsent(set, this::load);
  }

  private Map<Integer, SavedState> load(long set) {
    if (sets.list().stream().noneMatch(one -> one.number() == set && one.complete())) {
      return Map.of();
    }
    Map<Integer, SavedState> states = new HashMap<>();
    for (CheckpointManifest.RankFile file : sets.read(set).ranks()) {
      CheckpointFile open = openFile(file.in(sets.directory(set)));
      Map<String, MemorySegment> state = new HashMap<>();
      for (StateVector vector : open.states()) {
        state.put(vector.name(), vector.segment());
      }
      states.put(
          file.rank(),
          new SavedState(
              new ChainId(file.rank(), file.incarnation()),
              file.optimizerStep(),
              file.versions().stream().mapToLong(Long::longValue).toArray(),
              open.parameters(),
              state));
    }
    return states;
  }

  private CheckpointFile openFile(Path file) {
    CheckpointFile open = CheckpointFiles.read(file);
    opened.add(open);
    return open;
  }

  /**
   * Finds the oldest checkpoint set that all logs reach back to.
   *
   * @return its number: 0 unless segments have been dropped
   */
  public long oldestReplayable() {
    long oldest = 0;
    for (ChainId chain : logs.keySet()) {
      oldest = Math.max(oldest, firstCut(chain));
    }
    return oldest;
  }

  /** The cut that a log begins with when its earlier segments were dropped, otherwise 0. */
  private long firstCut(ChainId chain) {
    try (LogCursor cursor = open(chain)) {
      while (cursor.next()) {
        MemorySegment record = cursor.record();
        RecordKind kind = LogRecord.kind(record);
        if (kind == RecordKind.CUT) {
          return LogRecord.bodyLong(record, 0);
        }
        if (kind != RecordKind.RUN || !LogRecord.has(record, LogRecord.CONTINUED)) {
          return 0;
        }
      }
    }
    return 0;
  }

  @Override
  public void close() {
    opened.forEach(CheckpointFile::close);
    opened.clear();
    loaded.clear();
  }
}

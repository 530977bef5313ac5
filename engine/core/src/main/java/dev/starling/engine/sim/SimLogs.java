package dev.starling.engine.sim;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.MemoryLog;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.log.RunText;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.replay.ChainId;
import dev.starling.engine.replay.Replay;
import dev.starling.engine.replay.ReplayInput;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.CheckpointCopy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The logs and checkpoints of a simulated run, in memory, and the proof that they lead to the
 * simulated replicas (P7).
 */
final class SimLogs implements ReplayInput, AutoCloseable {
  private static final long SEGMENT_BYTES = 1 << 16;

  private final ReplicaLayout layout;
  private final Arena arena = Arena.ofConfined();
  private final Map<ChainId, MemoryLog> logs = new TreeMap<>();
  private final Map<ChainId, SimSink> sinks = new TreeMap<>();
  private final Map<Long, Map<Integer, SavedState>> sets = new HashMap<>();

  SimLogs(ReplicaLayout layout) {
    this.layout = layout;
    MemorySegment zeros = arena.allocate(layout.parameterCount() * Float.BYTES);
    Map<Integer, SavedState> initial = new HashMap<>();
    for (int rank = 0; rank < layout.workers(); rank++) {
      initial.put(
          rank,
          new SavedState(new ChainId(rank, 0), 0, new long[layout.stripes()], zeros, Map.of()));
    }
    sets.put(0L, initial);
  }

  /**
   * Opens the log of one worker.
   *
   * @param writer the worker, which may die while it writes
   * @param room how many records there is space for
   * @param counts is told of records that are left in part
   * @param scenario tells whether there are such
   */
  Journal open(SimWorker writer, long room, FaultCounts counts, Scenario scenario) {
    int rank = writer.rank();
    int incarnation = writer.replica().incarnation();
    ChainId chain = new ChainId(rank, incarnation);
    MemoryLog log = new MemoryLog(nameOf(chain), SEGMENT_BYTES);
    logs.put(chain, log);
    Runnable torn = scenario.amount(Fault.TORN_TAIL) > 0 ? () -> counts.add(Fault.TORN_TAIL) : null;
    SimSink sink = new SimSink(log, writer, room, torn);
    sinks.put(chain, sink);
    writer.sink(sink);
    String text =
        new RunText()
            .put(RunText.FORMAT, LogRecord.FORMAT)
            .put(RunText.RANK, rank)
            .put(RunText.INCARNATION, incarnation)
            .put(RunText.OPTIMIZER, "sgd momentum=0.0 l2=0.0")
            .put(RunText.PAYLOAD, GradientPayload.F32)
            .layout(layout)
            .toString();
    return new UpdateLog(sink, text, layout.stripes(), UpdateLog.OnFailure.STOP, lost -> {});
  }

  private static String nameOf(ChainId chain) {
    return "log of rank " + chain.rank() + "." + chain.incarnation();
  }

  /** Keeps one rank's state of a checkpoint set. */
  void save(CheckpointCopy copy) {
    MemorySegment parameters = arena.allocate(copy.parameters().byteSize());
    parameters.copyFrom(copy.parameters());
    Map<String, MemorySegment> state = new HashMap<>();
    for (int i = 0; i < copy.stateNames().size(); i++) {
      MemorySegment vector = arena.allocate(copy.state(i).byteSize());
      vector.copyFrom(copy.state(i));
      state.put(copy.stateNames().get(i), vector);
    }
    sets.computeIfAbsent(copy.set(), number -> new HashMap<>())
        .put(
            copy.rank(),
            new SavedState(
                new ChainId(copy.rank(), copy.incarnation()),
                copy.optimizerStep(),
                copy.versions(),
                parameters,
                state));
  }

  /** Removes what replay from a set does not need: every segment before its cut. */
  void dropBefore(long set) {
    sets.get(set)
        .values()
        .forEach(
            saved -> {
              MemoryLog log = logs.get(saved.chain());
              log.dropBefore(segmentOfCut(log, set));
            });
  }

  private static int segmentOfCut(MemoryLog log, long set) {
    try (LogCursor cursor = log.cursor()) {
      while (cursor.next()) {
        MemorySegment record = cursor.record();
        if (LogRecord.kind(record) == RecordKind.CUT && LogRecord.bodyLong(record, 0) == set) {
          return cursor.segment();
        }
      }
    }
    throw new IllegalStateException("no cut of set " + set);
  }

  @Override
  public List<ChainId> logs() {
    return List.copyOf(logs.keySet());
  }

  @Override
  public LogCursor open(ChainId chain) {
    return logs.get(chain).cursor();
  }

  @Override
  public Map<Integer, SavedState> set(long set) {
    return sets.getOrDefault(set, Map.of());
  }

  /**
   * Replays from a set and compares with replicas.
   *
   * @param fromSet where to begin
   * @param living the replicas at the end
   * @param checker is told what differs
   */
  void prove(long fromSet, List<Replica> living, InvariantChecker checker) {
    try (Replay replay = Replay.open(this, fromSet)) {
      // What is there at the end is evidence for what a killed worker could not say any more.
      for (Replica replica : living) {
        ChainId chain = new ChainId(replica.rank(), replica.incarnation());
        for (int stripe = 0; stripe < layout.stripes(); stripe++) {
          replay.watch(chain, stripe, version(replica, stripe), (id, at, version, content) -> {});
        }
      }
      replay.run();
      String where = "P7 (replay from set " + fromSet + "): ";
      replay.damages().stream()
          .filter(damage -> !isTornTail(damage))
          .forEach(damage -> checker.violated(where + damage));
      replay.gaps().forEach(gap -> checker.violated(where + gap));
      for (Replica replica : living) {
        for (int stripe = 0; stripe < layout.stripes(); stripe++) {
          compare(where, replay, replica, stripe, checker);
        }
      }
    }
  }

  /** Whether some damage is the part of a record that its writer left when it died. */
  private boolean isTornTail(String damage) {
    for (Map.Entry<ChainId, MemoryLog> log : logs.entrySet()) {
      int last = log.getValue().records().size() - 1;
      if (sinks.get(log.getKey()).isTorn()
          && damage.contains(nameOf(log.getKey()) + " record " + last + " ")) {
        return true;
      }
    }
    return false;
  }

  private void compare(
      String where, Replay replay, Replica replica, int stripe, InvariantChecker checker) {
    ChainId chain = new ChainId(replica.rank(), replica.incarnation());
    long word = replica.lockWord(stripe);
    long version = version(replica, stripe);
    MemorySegment live =
        replica
            .segment()
            .asSlice(
                layout.planeOffset(stripe, LockWord.current(word)),
                layout.stripeLengthBytes(stripe));
    MemorySegment replayed = replay.content(chain, stripe);
    if (replayed == null || replay.version(chain, stripe) != version) {
      checker.violated(
          where
              + "stripe "
              + stripe
              + " of "
              + chain
              + " came to version "
              + (replayed == null ? "none" : replay.version(chain, stripe))
              + " instead of "
              + version);
    } else if (live.mismatch(replayed) >= 0) {
      checker.violated(
          where
              + "stripe "
              + stripe
              + " of "
              + chain
              + " differs at version "
              + version
              + " from byte "
              + live.mismatch(replayed));
    }
  }

  private static long version(Replica replica, int stripe) {
    return LockWord.fullVersion(replica.lockWord(stripe), replica.version(stripe));
  }

  @Override
  public void close() {
    arena.close();
  }
}

package dev.starling.cli.log;

import dev.starling.chronicle.ChronicleCursor;
import dev.starling.chronicle.ChronicleLogs;
import dev.starling.chronicle.LogDirectory;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;

/**
 * Who exchanged with whom and when, in a short piece of a run's time, as its update logs tell. Of
 * each log at most one segment before that piece is read, and nothing after it.
 *
 * @param events what each rank did, by rank and time
 * @param atNs when the piece begins, in ns since 1970
 * @param seconds how long it is
 * @param damages a sentence for each log that could not be read so far
 */
public record ExchangeHistory(List<Event> events, long atNs, double seconds, List<String> damages) {
  /** How an update ended. */
  public enum Outcome {
    /** Published on both replicas. */
    EXCHANGED,
    /** Published on the own replica alone. */
    ALONE,
    /** An exchange that was not published on the own replica. */
    TORN
  }

  /**
   * One stripe of one update, or of an exchange without one.
   *
   * @param rank the active rank
   * @param peer its partner, -1 for none
   * @param stripe which part of the model
   * @param from when its gradient was taken, or the exchange begun, in seconds since the piece
   *     began
   * @param to when it was published, likewise
   * @param outcome how it ended
   */
  public record Event(int rank, int peer, int stripe, double from, double to, Outcome outcome) {}

  private static final double NS_PER_S = 1e9;

  /** Reads one log. */
  private static final class Reader {
    private record Intent(int peer, long timeNs) {}

    private final int rank;
    private final long atNs;
    private final Map<Integer, Intent> intents = new HashMap<>();
    private final List<Event> events = new ArrayList<>();
    private long takenNs = Long.MIN_VALUE;

    private Reader(int rank, long atNs) {
      this.rank = rank;
      this.atNs = atNs;
    }

    /** Whether the record ended something, which is then the last event. */
    private boolean add(MemorySegment record) {
      int stripe = LogRecord.stripe(record);
      long timeNs = LogRecord.timeNs(record);
      switch (LogRecord.kind(record)) {
        case GRADIENT -> takenNs = timeNs;
        case INTENT -> {
          boolean withUpdate = LogRecord.has(record, LogRecord.WITH_UPDATE);
          long fromNs = withUpdate && takenNs != Long.MIN_VALUE ? takenNs : timeNs;
          intents.put(stripe, new Intent(LogRecord.bodyInt(record, 16), fromNs));
        }
        case STEP -> {
          event(-1, stripe, takenNs == Long.MIN_VALUE ? timeNs : takenNs, timeNs, Outcome.ALONE);
          return true;
        }
        case COMMIT, TORN -> {
          Intent intent = intents.remove(stripe);
          if (intent != null) {
            boolean torn = LogRecord.kind(record) == RecordKind.TORN;
            Outcome outcome = torn ? Outcome.TORN : Outcome.EXCHANGED;
            event(intent.peer, stripe, intent.timeNs, timeNs, outcome);
            return true;
          }
        }
        default -> {
          // Tells nothing of exchanges.
        }
      }
      return false;
    }

    private void event(int peer, int stripe, long fromNs, long toNs, Outcome outcome) {
      double to = (toNs - atNs) / NS_PER_S;
      // The wall clock may have been set back meanwhile.
      double from = Math.min((fromNs - atNs) / NS_PER_S, to);
      events.add(new Event(rank, peer, stripe, from, to, outcome));
    }
  }

  /**
   * Reads a piece of a run's logs.
   *
   * @param directory the run directory, or the directory of its logs
   * @param atNs when the piece begins, in ns since 1970; earlier than any record for the beginning
   *     of the logs
   * @param most how many events the busiest rank has in it
   * @return the piece; without events when there are none so late
   */
  public static ExchangeHistory read(Path directory, long atNs, int most) {
    List<LogDirectory> logs = RunLogs.of(directory);
    long firstNs =
        logs.stream().mapToLong(log -> timeNs(log, firstSegment(log))).min().orElse(atNs);
    long fromNs = Math.max(atNs, firstNs);
    List<String> damages = new ArrayList<>();
    List<Event> all = new ArrayList<>();
    double end = Double.POSITIVE_INFINITY;
    for (LogDirectory log : logs) {
      List<Event> events = read(log, fromNs, most, damages);
      end = events.size() == most ? Math.min(end, events.getLast().to) : end;
      all.addAll(events);
    }
    if (end == Double.POSITIVE_INFINITY) {
      end = all.stream().mapToDouble(Event::to).max().orElse(0);
    }
    double limit = end;
    all.removeIf(event -> event.from > limit);
    return new ExchangeHistory(List.copyOf(all), fromNs, limit, damages);
  }

  private static List<Event> read(LogDirectory log, long fromNs, int most, List<String> damages) {
    Reader reader = new Reader(log.rank(), fromNs);
    try (ChronicleCursor cursor = ChronicleLogs.open(log.path(), segmentAt(log, fromNs))) {
      while (reader.events.size() < most && cursor.next()) {
        if (reader.add(cursor.record()) && reader.events.getLast().to < 0) {
          reader.events.removeLast();
        }
      }
      if (cursor.damage() != null) {
        damages.add(cursor.damage());
      }
    }
    return reader.events;
  }

  private static int firstSegment(LogDirectory log) {
    NavigableSet<Integer> segments = ChronicleLogs.segments(log.path());
    return segments.isEmpty() ? 0 : segments.first();
  }

  /** The last segment that begins before a time. */
  private static int segmentAt(LogDirectory log, long fromNs) {
    int found = firstSegment(log);
    for (int segment : ChronicleLogs.segments(log.path())) {
      found = timeNs(log, segment) <= fromNs ? segment : found;
    }
    return found;
  }

  /** When a segment begins; the end of time when it holds nothing. */
  private static long timeNs(LogDirectory log, int segment) {
    try (ChronicleCursor cursor = ChronicleLogs.open(log.path(), segment)) {
      return cursor.next() ? LogRecord.timeNs(cursor.record()) : Long.MAX_VALUE;
    }
  }
}

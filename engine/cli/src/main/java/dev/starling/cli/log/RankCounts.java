package dev.starling.cli.log;

import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counts what the logs of one rank, or of all, tell. Belongs to one thread. */
final class RankCounts {
  private static final RecordKind[] KINDS = RecordKind.values();

  private final long[] records = new long[KINDS.length];
  private final long[] bytes = new long[KINDS.length];
  private final Map<Integer, Long> exchangesByPeer = new HashMap<>();
  private long gradients;
  private long uncertain;
  private long broken;
  private long rejected;

  /** Counts one record. */
  void add(RecordKind kind, MemorySegment record) {
    records[kind.ordinal()]++;
    bytes[kind.ordinal()] += record.byteSize();
    switch (kind) {
      case GRADIENT -> gradients += LogRecord.bodyInt(record, 16);
      case TORN -> uncertain += LogRecord.has(record, LogRecord.UNCERTAIN) ? 1 : 0;
      case FENCED -> broken += LogRecord.has(record, LogRecord.BROKEN) ? 1 : 0;
      case REJECT -> rejected += LogRecord.bodyLong(record, 0);
      default -> {}
    }
  }

  /** Counts an exchange that was published, by its partner. */
  void exchanged(int peer) {
    exchangesByPeer.merge(peer, 1L, Long::sum);
  }

  /** Adds the counts of another rank. */
  void add(RankCounts other) {
    for (int i = 0; i < KINDS.length; i++) {
      records[i] += other.records[i];
      bytes[i] += other.bytes[i];
    }
    other.exchangesByPeer.forEach((peer, count) -> exchangesByPeer.merge(peer, count, Long::sum));
    gradients += other.gradients;
    uncertain += other.uncertain;
    broken += other.broken;
    rejected += other.rejected;
  }

  /** {@return records of a kind} */
  long records(RecordKind kind) {
    return records[kind.ordinal()];
  }

  /** {@return bytes of a kind's records} */
  long bytes(RecordKind kind) {
    return bytes[kind.ordinal()];
  }

  /** {@return all records} */
  long records() {
    return Arrays.stream(records).sum();
  }

  /** {@return bytes of all records} */
  long bytes() {
    return Arrays.stream(bytes).sum();
  }

  /** {@return gradients that went into updates} */
  long gradients() {
    return gradients;
  }

  /** {@return gradients that were refused} */
  long rejected() {
    return rejected;
  }

  /** {@return locks that were broken} */
  long broken() {
    return broken;
  }

  /** {@return exchanges by partner, those only whose intent was found} */
  Map<Integer, Long> exchangesByPeer() {
    return exchangesByPeer;
  }

  /** {@return the counts for programs} */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("records", records());
    json.put("bytes", bytes());
    json.put("updates", records(RecordKind.GRADIENT));
    json.put("gradients", gradients);
    json.put("steps", records(RecordKind.STEP));
    json.put("exchanges", records(RecordKind.COMMIT));
    json.put("torn", records(RecordKind.TORN));
    json.put("tornUncertain", uncertain);
    json.put("fences", records(RecordKind.FENCE));
    json.put("fencesBroken", broken);
    json.put("rejected", rejected);
    json.put("checkpoints", records(RecordKind.CHECKPOINT));
    Map<String, Object> kinds = new LinkedHashMap<>();
    for (RecordKind kind : KINDS) {
      if (records(kind) > 0) {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("records", records(kind));
        counts.put("bytes", bytes(kind));
        kinds.put(kind.name(), counts);
      }
    }
    json.put("kinds", kinds);
    return json;
  }
}

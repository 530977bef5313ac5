package dev.starling.cli.log;

import dev.starling.chronicle.LogDirectory;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Counts the records of all logs of a run in one pass. Belongs to one thread. */
final class LogStatistics {
  private final TreeMap<Integer, RankCounts> ranks = new TreeMap<>();
  private final RateHistory history = new RateHistory();
  private final List<String> damages = new ArrayList<>();
  private int logs;

  private LogStatistics() {}

  /**
   * Reads logs.
   *
   * @param logs the logs
   * @param progress is told of their bytes
   * @return their counts
   */
  static LogStatistics of(List<LogDirectory> logs, WorkProgress progress) {
    LogStatistics statistics = new LogStatistics();
    for (LogDirectory log : logs) {
      try (LogScan scan = new LogScan(log, progress)) {
        statistics.add(scan);
      }
    }
    return statistics;
  }

  private void add(LogScan scan) {
    RankCounts counts = ranks.computeIfAbsent(scan.log().rank(), rank -> new RankCounts());
    Map<Integer, Integer> openPeers = new HashMap<>();
    logs++;
    while (scan.next()) {
      counts.add(scan.kind(), scan.record());
      history.add(scan.timeNs(), scan.record().byteSize());
      if (scan.kind() == RecordKind.INTENT) {
        openPeers.put(LogRecord.stripe(scan.record()), LogRecord.bodyInt(scan.record(), 16));
      } else if (scan.kind() == RecordKind.COMMIT) {
        Integer peer = openPeers.remove(LogRecord.stripe(scan.record()));
        if (peer != null) {
          counts.exchanged(peer);
        }
      }
    }
    if (scan.damage() != null) {
      damages.add(scan.damage());
    }
  }

  /** {@return how many logs were read} */
  int logs() {
    return logs;
  }

  /** {@return the counts of each rank, in order} */
  Map<Integer, RankCounts> ranks() {
    return ranks;
  }

  /** {@return the counts of all ranks together} */
  RankCounts total() {
    RankCounts total = new RankCounts();
    ranks.values().forEach(total::add);
    return total;
  }

  /** {@return when records were written} */
  RateHistory history() {
    return history;
  }

  /** {@return a sentence for each log that cannot be read to its end} */
  List<String> damages() {
    return damages;
  }

  /** {@return all ranks that have a log or exchanged with one that has, in order} */
  List<Integer> exchangers() {
    TreeSet<Integer> exchangers = new TreeSet<>(ranks.keySet());
    ranks.values().forEach(counts -> exchangers.addAll(counts.exchangesByPeer().keySet()));
    return List.copyOf(exchangers);
  }

  /**
   * Counts the exchanges of two ranks.
   *
   * @param initiator the rank in whose log they stand
   * @param peer its partner
   * @return exchanges of one stripe that both sides published
   */
  long exchanges(int initiator, int peer) {
    RankCounts counts = ranks.get(initiator);
    return counts == null ? 0 : counts.exchangesByPeer().getOrDefault(peer, 0L);
  }
}

package dev.starling.cli.train;

import dev.starling.cli.Json;
import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.cluster.RegionView;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.metrics.PairingTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The counters of a run as {@code starling stat} shows them, read from the mapped files of its
 * workers. A run saves them in its directory every few seconds and at its end, so that they outlive
 * the mapped files.
 *
 * @param state {@code running}, {@code finished} or {@code dead}
 * @param phase what its coordinator wants
 * @param workLeft samples or steps that nobody has taken
 * @param ranks every worker
 */
record RunStat(String state, String phase, long workLeft, List<Map<String, Object>> ranks) {
  /** The file in a run directory. */
  static final String FILE = "stat.json";

  static final String RUNNING = "running";
  static final String FINISHED = "finished";
  static final String DEAD = "dead";

  /**
   * Reads the files of a run of this process.
   *
   * @param board the job's board
   * @param running whether the run goes on
   * @return its counters
   */
  static RunStat of(JobBoard board, boolean running) {
    return of(board, running ? RUNNING : FINISHED);
  }

  /**
   * Reads the files of a run.
   *
   * @param board the job's board
   * @param state what is known of the run
   * @return its counters
   */
  static RunStat of(JobBoard board, String state) {
    List<Map<String, Object>> ranks = new ArrayList<>();
    double[] rates = new double[board.workers()];
    for (int rank = 0; rank < board.workers(); rank++) {
      RankRecord record = board.rank(rank);
      long tookNs = record.endNs() - record.beginNs();
      rates[rank] = tookNs > 0 ? record.steps() * 1e9 / tookNs : 0;
    }
    double[] sorted = rates.clone();
    java.util.Arrays.sort(sorted);
    double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    for (int rank = 0; rank < board.workers(); rank++) {
      ranks.add(rank(board, rank, rates[rank], median));
    }
    return new RunStat(
        state, board.phase().name().toLowerCase(Locale.ROOT), Math.max(0, board.workLeft()), ranks);
  }

  private static Map<String, Object> rank(JobBoard board, int rank, double rate, double median) {
    RankRecord record = board.rank(rank);
    int incarnation = record.incarnation();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rank", rank);
    json.put("state", record.state().name().toLowerCase(Locale.ROOT));
    json.put("incarnation", incarnation == Membership.ABSENT ? null : incarnation);
    json.put("pid", record.pid() == 0 ? null : record.pid());
    json.put("copiedFrom", record.source() >= 0 ? record.source() : null);
    long set = RankRecord.checkpointOf(record.source());
    json.put("restoredFromSet", set < 0 ? null : set);
    json.put("steps", record.steps());
    json.put("samples", record.samples());
    json.put("loss", Json.number(record.loss()));
    json.put("stepsPerSecond", Json.number(rate));
    json.put("stragglerScore", rate > 0 ? Json.number(median / rate) : null);
    if (incarnation != Membership.ABSENT) {
      Path path = Path.of(board.fabric().describe(board.jobId(), rank, incarnation).address());
      try (RegionView view = RegionView.open(path)) {
        look(view, board.workers(), json);
      } catch (StarlingException gone) {
        // It left, or nobody has cleaned up after it; what it told on the board remains.
        json.put("region", "gone");
      }
    }
    return json;
  }

  private static void look(RegionView view, int workers, Map<String, Object> json) {
    long beatNs = view.heartbeatNs();
    json.put("alive", view.isOwnerAlive());
    json.put("silentSeconds", beatNs == 0 ? null : (System.nanoTime() - beatNs) / 1e9);
    Counters counters = view.counters();
    Map<String, Object> values = new LinkedHashMap<>();
    for (Counter counter : Counter.values()) {
      values.put(counter.name().toLowerCase(Locale.ROOT), counters.get(counter));
    }
    json.put("counters", values);
    long applied = counters.get(Counter.GRADIENTS_APPLIED);
    json.put(
        "stalenessMean",
        applied == 0 ? null : (double) counters.get(Counter.STALENESS_SUM) / applied);
    json.put("stalenessMax", counters.get(Counter.STALENESS_MAX));
    List<Long> histogram = new ArrayList<>();
    for (int bucket = 0; bucket <= counters.get(Counter.STALENESS_MAX); bucket++) {
      if (bucket < Counters.STALENESS_BUCKETS) {
        histogram.add(counters.staleness(bucket));
      }
    }
    json.put("stalenessHistogram", histogram);
    json.put("pairings", pairings(view.pairings(), workers));
  }

  private static List<Map<String, Object>> pairings(PairingTable table, int workers) {
    List<Map<String, Object>> peers = new ArrayList<>();
    for (int peer = 0; peer < workers; peer++) {
      long attempts = table.published(peer) + table.busyAttempts(peer) + table.tornExchanges(peer);
      if (attempts > 0) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("peer", peer);
        json.put("exchanges", table.published(peer));
        json.put("busy", table.busyAttempts(peer));
        json.put("torn", table.tornExchanges(peer));
        long lastNs = table.lastPublishedNs(peer);
        json.put("lastSecondsAgo", lastNs == 0 ? null : (System.nanoTime() - lastNs) / 1e9);
        peers.add(json);
      }
    }
    return peers;
  }

  /** {@return the keys that programs read} */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("state", state);
    json.put("phase", phase);
    json.put("workLeft", workLeft);
    json.put("ranks", ranks);
    return json;
  }
}

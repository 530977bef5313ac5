package dev.starling.bench.perf;

import dev.starling.cli.Json;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The lines of a measurement, for people and as JSON. */
final class PerfReport {
  private static final String LATENCY_COLUMNS = "%12s %12s %12s %12s %12s %12s %12s %12s";
  private static final String LATENCY_ROW = "%12d %12d %12.3f %12.3f %12.3f %12.3f %12.3f %12.3f";
  private static final String RATE_COLUMNS = "%12s %12s %14s %14s %14s %14s";
  private static final String RATE_ROW = "%12d %12d %14s %14s %14.6f %14.6f";

  private final String operation;
  private final Subject subject;
  private final boolean bandwidth;
  private final int depth;
  private final boolean movesBytes;
  private final double clockNs;
  private final Map<String, Object> machine = Machine.facts();

  /**
   * Creates a report.
   *
   * @param operation its name
   * @param subject what is measured
   * @param bandwidth whether rates are reported
   * @param depth how many operations there were at a time
   * @param movesBytes whether a rate in bytes means something
   * @param clockNs what a reading of the clock costs
   */
  PerfReport(
      String operation,
      Subject subject,
      boolean bandwidth,
      int depth,
      boolean movesBytes,
      double clockNs) {
    this.operation = operation;
    this.subject = subject;
    this.bandwidth = bandwidth;
    this.depth = depth;
    this.movesBytes = movesBytes;
    this.clockNs = clockNs;
  }

  /**
   * Says what is measured.
   *
   * @param meaning what an operation is
   * @return one line
   */
  String heading(String meaning) {
    return String.format(
        Locale.ROOT,
        "%s: %s; %s; %s; reading the clock takes %.1f ns%s",
        operation,
        meaning,
        subject.ends(),
        bandwidth ? "depth " + depth + ", peak of 20 slices" : "one at a time",
        clockNs,
        bandwidth ? "" : ", part of each latency");
  }

  /** {@return the names of the columns} */
  String columns() {
    return bandwidth
        ? String.format(
            Locale.ROOT,
            RATE_COLUMNS,
            "bytes",
            "iterations",
            "peak[MB/s]",
            "avg[MB/s]",
            "peak[Mops/s]",
            "avg[Mops/s]")
        : String.format(
            Locale.ROOT,
            LATENCY_COLUMNS,
            "bytes",
            "iterations",
            "min[us]",
            "p50[us]",
            "avg[us]",
            "p99[us]",
            "p99.9[us]",
            "max[us]");
  }

  /**
   * Prints a size for people.
   *
   * @param result what was measured
   * @return one line
   */
  String row(Result result) {
    if (bandwidth) {
      Meter meter = result.meter();
      return String.format(
          Locale.ROOT,
          RATE_ROW,
          result.bytes(),
          result.iterations(),
          megabytes(result, meter.peakPerSecond()),
          megabytes(result, meter.averagePerSecond()),
          meter.peakPerSecond() / 1e6,
          meter.averagePerSecond() / 1e6);
    }
    Samples samples = result.samples();
    return String.format(
        Locale.ROOT,
        LATENCY_ROW,
        result.bytes(),
        result.iterations(),
        samples.minUs(),
        samples.percentileUs(50),
        samples.averageUs(),
        samples.percentileUs(99),
        samples.percentileUs(99.9),
        samples.maxUs());
  }

  private String megabytes(Result result, double perSecond) {
    return movesBytes ? String.format(Locale.ROOT, "%.2f", result.bytes() * perSecond / 1e6) : "-";
  }

  /**
   * Prints a size for programs.
   *
   * @param result what was measured
   * @return keys and values
   */
  Map<String, Object> json(Result result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("operation", operation);
    json.put("fabric", subject.fabric());
    json.put("ends", subject.ends());
    json.put("measures", bandwidth ? "bandwidth" : "latency");
    json.put("bytes", result.bytes());
    json.put("iterations", result.iterations());
    json.put("warmUp", result.warmUp());
    json.put("counted", result.counted());
    if (bandwidth) {
      putRates(json, result);
    } else {
      putLatencies(json, result.samples());
    }
    json.put("clockNs", Json.number(clockNs));
    json.put("environment", machine);
    return json;
  }

  private void putRates(Map<String, Object> json, Result result) {
    Meter meter = result.meter();
    double megabytes = movesBytes ? result.bytes() / 1e6 : Double.NaN;
    json.put("depth", depth);
    json.put("peakMBs", Json.number(meter.peakPerSecond() * megabytes));
    json.put("avgMBs", Json.number(meter.averagePerSecond() * megabytes));
    json.put("peakMops", Json.number(meter.peakPerSecond() / 1e6));
    json.put("avgMops", Json.number(meter.averagePerSecond() / 1e6));
  }

  private static void putLatencies(Map<String, Object> json, Samples samples) {
    json.put("minUs", samples.minUs());
    json.put("p50Us", samples.percentileUs(50));
    json.put("avgUs", samples.averageUs());
    json.put("p99Us", samples.percentileUs(99));
    json.put("p999Us", samples.percentileUs(99.9));
    json.put("maxUs", samples.maxUs());
    json.put("histogramNs", samples.encoded());
  }
}

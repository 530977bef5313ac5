package dev.starling.bench.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How busy all processors of the machine were, whoever kept them so, from samples of {@code
 * /proc/stat}. Belongs to one thread.
 */
final class CpuSamples {
  /** The share above which numbers of a run are not to be trusted. */
  static final double BUSY_LIMIT = 0.7;

  private static final Path STAT = Path.of("/proc/stat");
  private static final int FIELDS = 8;
  private static final int IDLE = 3;
  private static final int IO_WAIT = 4;

  private final List<Sample> samples = new ArrayList<>();

  /**
   * What the processors have done since the machine was started.
   *
   * @param wallMs when, milliseconds since 1970
   * @param busy ticks in which they worked, also for other virtual machines
   * @param total all ticks
   */
  record Sample(long wallMs, long busy, long total) {
    /**
     * Reads the first line of {@code /proc/stat}.
     *
     * @param wallMs when it was read
     * @param line for instance {@code cpu 10 0 5 100 3 0 1 0 0 0}
     * @return the sample
     */
    static Sample parse(long wallMs, String line) {
      String[] fields = line.trim().split("\\s+");
      if (!fields[0].equals("cpu") || fields.length <= FIELDS) {
        throw new IllegalArgumentException("no line of all processors: " + line);
      }
      long total = 0;
      long idle = 0;
      // Guests' time, in the fields behind, is part of the user's.
      for (int field = 0; field < FIELDS; field++) {
        long ticks = Long.parseLong(fields[field + 1]);
        total += ticks;
        idle += field == IDLE || field == IO_WAIT ? ticks : 0;
      }
      return new Sample(wallMs, total - idle, total);
    }
  }

  /**
   * Adds a sample of now.
   *
   * @throws IOException when the system does not tell
   */
  void take() throws IOException {
    try (var lines = Files.lines(STAT)) {
      add(Sample.parse(System.currentTimeMillis(), lines.findFirst().orElse("")));
    }
  }

  /**
   * Adds a sample.
   *
   * @param sample not earlier than the last one
   */
  void add(Sample sample) {
    samples.add(sample);
  }

  /**
   * Returns how busy the machine was.
   *
   * @param fromMs begin of the time, milliseconds since 1970
   * @param toMs its end
   * @return share of all processors' time between the samples around it, 0 to 1; NaN when there are
   *     less than two
   */
  double busy(long fromMs, long toMs) {
    if (samples.size() < 2) {
      return Double.NaN;
    }
    int first = 0;
    while (first < samples.size() - 2 && samples.get(first + 1).wallMs() <= fromMs) {
      first++;
    }
    int last = samples.size() - 1;
    while (last > first + 1 && samples.get(last - 1).wallMs() >= toMs) {
      last--;
    }
    Sample begin = samples.get(first);
    Sample end = samples.get(last);
    long total = end.total() - begin.total();
    return total <= 0 ? Double.NaN : (double) (end.busy() - begin.busy()) / total;
  }
}

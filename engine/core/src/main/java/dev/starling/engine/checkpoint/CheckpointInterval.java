package dev.starling.engine.checkpoint;

import dev.starling.engine.ConfigurationException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * When checkpoint sets are due.
 *
 * @param ns after how much time, 0 for never
 * @param steps after how many steps of a worker on average, 0 for never
 */
public record CheckpointInterval(long ns, double steps) {
  /** Never: sets are made only when somebody asks. */
  public static final CheckpointInterval NEVER = new CheckpointInterval(0, 0);

  private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h|steps)");

  /**
   * Parses what an option says.
   *
   * @param text for instance {@code 30s}, {@code 5m} or {@code 1000steps}
   * @return the interval
   * @throws ConfigurationException when it is neither
   */
  public static CheckpointInterval parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches() || Long.parseLong(form.group(1)) == 0) {
      throw new ConfigurationException(
          "checkpoint interval '" + text + "' is none: write for instance 30s, 5m or 1000steps");
    }
    long value = Long.parseLong(form.group(1));
    return switch (form.group(2)) {
      case "ms" -> new CheckpointInterval(TimeUnit.MILLISECONDS.toNanos(value), 0);
      case "s" -> new CheckpointInterval(TimeUnit.SECONDS.toNanos(value), 0);
      case "m" -> new CheckpointInterval(TimeUnit.MINUTES.toNanos(value), 0);
      case "h" -> new CheckpointInterval(TimeUnit.HOURS.toNanos(value), 0);
      default -> new CheckpointInterval(0, value);
    };
  }

  boolean isDue(long passedNs, double passedSteps) {
    return ns > 0 && passedNs >= ns || steps > 0 && passedSteps >= steps;
  }
}

package dev.starling.cli.progress;

import java.util.Locale;
import me.tongfei.progressbar.ProgressState;

/** What a line with a bar looks like: name, percent, bar, time left, and what else there is. */
public final class BarLine {
  private static final int MIN_BAR = 5;
  private static final int MAX_BAR = 40;

  private BarLine() {}

  /**
   * Renders the line.
   *
   * @param state how far it is
   * @param columns how long the line is
   * @return exactly so many characters
   */
  public static String render(ProgressState state, int columns) {
    double fraction = state.getNormalizedProgress();
    String before =
        String.format(Locale.ROOT, "%s %3.0f %% [", state.getTaskName(), 100 * fraction);
    String after = "] " + timeLeft(state, fraction) + state.getExtraMessage();
    int length = Math.clamp(columns - before.length() - after.length(), MIN_BAR, MAX_BAR);
    int done = (int) (fraction * length);
    String line = before + "=".repeat(done) + " ".repeat(length - done) + after;
    String padding = " ".repeat(Math.max(0, columns - line.length()));
    return (line + padding).substring(0, columns);
  }

  private static String timeLeft(ProgressState state, double fraction) {
    if (fraction <= 0) {
      return "-:--:-- left";
    }
    double elapsed = state.getElapsedAfterStart().toMillis() / 1e3;
    long left = Math.round(elapsed * (1 / fraction - 1));
    return "%d:%02d:%02d left".formatted(left / 3600, left / 60 % 60, left % 60);
  }
}

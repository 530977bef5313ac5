package dev.starling.cli.train;

import java.util.Locale;

/**
 * How far a run is.
 *
 * @param seconds since it began
 * @param taken work taken from the budget, in samples or steps
 * @param total the budget
 * @param epochs training sets drawn so far
 * @param loss running mean of the workers' training losses, NaN before the first step
 * @param accuracy of the average of all replicas on a slice of the evaluation set, NaN before the
 *     first evaluation
 * @param steps gradients handed in by all workers
 * @param exchanges exchanges published
 * @param exchangesPerSecond since the last progress
 * @param refused gradients refused because they were not finite
 */
record Progress(
    double seconds,
    long taken,
    long total,
    double epochs,
    double loss,
    double accuracy,
    long steps,
    long exchanges,
    double exchangesPerSecond,
    long refused) {
  /** {@return the part of the budget that is used up, 0 to 1} */
  double fraction() {
    return (double) taken / total;
  }

  /** {@return everything on one line} */
  String toLine() {
    return String.format(
            Locale.ROOT,
            "%6.1f s  %5.1f %%  epoch %.2f  step %d",
            seconds,
            100 * fraction(),
            epochs,
            steps)
        + measures("accuracy", "exchanges/s", "gradients refused");
  }

  /** {@return loss, accuracy and exchanges per second, short enough for a narrow terminal} */
  String toShortLine() {
    return measures("acc", "exch/s", "refused");
  }

  private String measures(String nameOfAccuracy, String unitOfExchanges, String nameOfRefused) {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "  loss %.4f", loss));
    if (!Double.isNaN(accuracy)) {
      text.append(String.format(Locale.ROOT, "  %s %.2f %%", nameOfAccuracy, 100 * accuracy));
    }
    text.append(String.format(Locale.ROOT, "  %.0f %s", exchangesPerSecond, unitOfExchanges));
    if (refused > 0) {
      text.append("  ").append(refused).append(' ').append(nameOfRefused);
    }
    return text.toString();
  }
}

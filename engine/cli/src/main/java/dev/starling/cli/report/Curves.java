package dev.starling.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import java.util.Arrays;
import java.util.List;

/** How a run went: loss, accuracy and learning rate by epochs and by seconds. */
final class Curves {
  private static final Axis EPOCHS = Axis.fromZero("epoch", "");
  private static final Axis SECONDS = Axis.fromZero("time since the first step", "s");
  private static final String NO_HISTORY =
      "The run has no history.jsonl: it ended in its first moments, or an older version wrote it;"
          + " run it again with this version.";

  private final RunFiles run;
  private final List<JsonNode> history;

  Curves(RunFiles run) {
    this.run = run;
    history = run.history();
  }

  /** Writes nothing but a sentence when there is no history. */
  static boolean isMissing(Page page, RunFiles run) {
    if (run.history().isEmpty()) {
      page.note(NO_HISTORY);
    }
    return run.history().isEmpty();
  }

  void write(Page page) {
    if (isMissing(page, run)) {
      return;
    }
    pair(page, "Training loss", Axis.linear("loss", ""), "loss", 1);
    if (history.stream().anyMatch(line -> line.path("accuracy").isNumber())) {
      pair(page, "Accuracy of the average", Axis.linear("accuracy", "%"), "accuracy", 100);
    } else {
      page.note(
          "The average was not evaluated while the run went on: it does so every second, on up to"
              + " 500 samples; a longer run (--epochs) shows it.");
    }
    pair(page, "Learning rate", Axis.fromZero("learning rate", ""), "learningRate", 1);
    page.note(
        "Loss is the running mean over about fifty steps, averaged over the workers; accuracy is"
            + " that of the average of all replicas on up to 500 samples that are not trained on.");
  }

  private void pair(Page page, String title, Axis vertical, String key, double factor) {
    double[] epochs = column("epoch", 1);
    double[] seconds = history.stream().mapToDouble(run::sinceStart).toArray();
    double[] values = column(key, factor);
    double[][] told = {epochs, seconds, values};
    // Not every line has an accuracy: those that have are joined.
    if (key.equals("accuracy")) {
      told = withValue(told);
    }
    page.figure(new LineChart(title + " by epoch", EPOCHS, vertical).line(title, told[0], told[2]));
    page.figure(new LineChart(title + " by time", SECONDS, vertical).line(title, told[1], told[2]));
  }

  private static double[][] withValue(double[][] columns) {
    int count = 0;
    double[][] kept = new double[3][columns[2].length];
    for (int i = 0; i < columns[2].length; i++) {
      if (Double.isFinite(columns[2][i])) {
        for (int column = 0; column < 3; column++) {
          kept[column][count] = columns[column][i];
        }
        count++;
      }
    }
    for (int column = 0; column < 3; column++) {
      kept[column] = Arrays.copyOf(kept[column], count);
    }
    return kept;
  }

  /** Epochs never fall, but for a run that went on from an earlier set: those points are gaps. */
  private double[] column(String key, double factor) {
    double[] values = new double[history.size()];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < values.length; i++) {
      values[i] = factor * RunFiles.number(history.get(i).path(key));
      if (key.equals("epoch")) {
        largest = Math.max(largest, values[i]);
        values[i] = values[i] < largest ? Double.NaN : values[i];
      }
    }
    return values;
  }
}

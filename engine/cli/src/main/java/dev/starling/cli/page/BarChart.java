package dev.starling.cli.page;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Bars in groups: the groups stand side by side, and in each one bar of every series. */
public final class BarChart extends Figure {
  private static final double FILLED = 0.8;
  private static final double CHARACTER_PX = 7;

  private final String horizontal;
  private final Axis vertical;
  private final List<String> groups;
  private final Map<String, double[]> series = new LinkedHashMap<>();

  /**
   * Creates a chart without bars.
   *
   * @param title what it shows
   * @param horizontal what the groups are, with the unit
   * @param vertical the axis of the values; a linear one begins at zero
   * @param groups their names from left to right
   */
  public BarChart(String title, String horizontal, Axis vertical, List<String> groups) {
    super(title);
    this.horizontal = horizontal;
    this.vertical =
        vertical.isLogarithmic()
            ? vertical
            : new Axis(
                vertical.name(), vertical.unit(), false, vertical.from(), vertical.to(), true);
    this.groups = List.copyOf(groups);
  }

  /**
   * Makes a chart of how often each whole number occurred.
   *
   * @param title what it shows
   * @param horizontal what the numbers are, with the unit
   * @param vertical what is counted
   * @param counts of 0, 1, 2 and so on
   * @return the chart, with one series
   */
  public static BarChart histogram(String title, String horizontal, Axis vertical, long[] counts) {
    List<String> names = new ArrayList<>();
    double[] values = new double[counts.length];
    for (int i = 0; i < counts.length; i++) {
      names.add(Integer.toString(i));
      values[i] = counts[i];
    }
    return new BarChart(title, horizontal, vertical, names).bars(vertical.name(), values);
  }

  /**
   * Adds a series.
   *
   * @param name what the legend says
   * @param values one for each group, NaN for none; not copied
   * @return this
   */
  public BarChart bars(String name, double[] values) {
    if (values.length != groups.size()) {
      throw new IllegalArgumentException(
          "'%s' has %d bars for the %d groups of chart '%s': give one for each, NaN for none"
              .formatted(name, values.length, groups.size(), title()));
    }
    if (series.putIfAbsent(name, values) != null) {
      throw new IllegalArgumentException(
          "chart '%s' has bars '%s' already: name the second ones otherwise"
              .formatted(title(), name));
    }
    return this;
  }

  @Override
  boolean isWide() {
    return false;
  }

  @Override
  void draw(Markup markup) {
    Range range = new Range(vertical);
    series.values().forEach(range::add);
    if (vertical.isLogarithmic() && !range.isEmpty()) {
      // The smallest bar has to stand on something.
      range.add(range.min() / 2);
    }
    Scale up = Frame.vertical(vertical, range);
    Frame frame = Frame.of(up);
    frame.open(markup, title());
    frame.vertical(markup, vertical, up);
    if (range.isEmpty() || groups.isEmpty()) {
      frame.noData(markup);
    } else {
      bars(markup, frame, up);
      names(markup, frame);
    }
    frame.base(markup);
    frame.horizontalName(markup, horizontal);
    markup.close();
  }

  private double groupPx(Frame frame) {
    return (frame.rightPx() - frame.leftPx()) / groups.size();
  }

  private void bars(Markup markup, Frame frame, Scale up) {
    double groupPx = groupPx(frame);
    double barPx = groupPx * FILLED / series.size();
    double zeroPx = vertical.isLogarithmic() ? frame.bottomPx() : up.at(Math.max(0, up.from()));
    int number = 0;
    for (Map.Entry<String, double[]> bars : series.entrySet()) {
      for (int group = 0; group < groups.size(); group++) {
        double value = bars.getValue()[group];
        if (vertical.isDrawable(value)) {
          double left = frame.leftPx() + groupPx * (group + (1 - FILLED) / 2) + barPx * number;
          double top = Math.clamp(up.at(value), frame.topPx(), frame.bottomPx());
          String name = series.size() == 1 ? "" : bars.getKey() + ", ";
          bar(
              markup,
              Ink.colour(number),
              new double[] {left, Math.min(top, zeroPx), barPx, Math.abs(zeroPx - top)},
              name + groups.get(group) + ": " + Numbers.text(value));
        }
      }
      number++;
    }
  }

  private static void bar(Markup markup, String colour, double[] box, String tooltip) {
    markup
        .open(
            "rect",
            "class",
            "bar " + colour,
            "x",
            Frame.px(box[0]),
            "y",
            Frame.px(box[1]),
            "width",
            Frame.px(Math.max(box[2], 0.1)),
            "height",
            Frame.px(box[3]))
        .element("title", tooltip)
        .close();
  }

  /** Writes as many names as there is room for. */
  private void names(Markup markup, Frame frame) {
    double groupPx = groupPx(frame);
    int longest = groups.stream().mapToInt(String::length).max().orElse(1);
    int stride = (int) Math.max(1, Scale.step(CHARACTER_PX * (longest + 1) / groupPx));
    for (int group = 0; group < groups.size(); group += stride) {
      Frame.text(
          markup,
          "tick middle",
          frame.leftPx() + groupPx * (group + 0.5),
          frame.bottomPx() + 18,
          groups.get(group));
    }
  }

  @Override
  void legend(Markup markup) {
    int number = 0;
    for (String name : series.keySet()) {
      if (series.size() > 1) {
        Ink.boxSample(markup, name, "bar " + Ink.colour(number), null);
      }
      number++;
    }
  }
}

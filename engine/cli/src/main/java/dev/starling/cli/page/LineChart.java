package dev.starling.cli.page;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Series of points joined by lines, with bands for their spread. Points that cannot be drawn leave
 * a gap; of more points than pixels, the smallest and the largest of each column of pixels remain.
 */
public final class LineChart extends Figure {
  private static final String REFERENCE = "ref";
  private static final String REFERENCE_DASH = "4 4";
  private static final int MAX_MARKED = 40;

  private record Line(double[] x, double[] y, String colour, String dash) {}

  private record Band(double[] x, double[] low, double[] high, String colour) {}

  private final Axis horizontal;
  private final Axis vertical;
  private final Map<String, Integer> numbers = new LinkedHashMap<>();
  private final Map<String, Line> lines = new LinkedHashMap<>();
  private final List<Band> bands = new ArrayList<>();

  /**
   * Creates a chart without lines.
   *
   * @param title what it shows
   * @param horizontal the axis of the first coordinates
   * @param vertical the axis of the second coordinates
   */
  public LineChart(String title, Axis horizontal, Axis vertical) {
    super(title);
    this.horizontal = horizontal;
    this.vertical = vertical;
  }

  /**
   * Adds a line, in a colour and with dashes of its own.
   *
   * @param name what the legend says
   * @param x first coordinates, from the smallest to the largest, NaN for a gap; not copied
   * @param y second coordinates, as many, NaN for a gap; not copied
   * @return this
   */
  public LineChart line(String name, double[] x, double[] y) {
    int number = number(name);
    return add(name, new Line(x, y, Ink.colour(number), Ink.dash(number)));
  }

  /**
   * Adds a grey dashed line that the others are compared with.
   *
   * @param name what the legend says
   * @param x first coordinates, from the smallest to the largest, NaN for a gap; not copied
   * @param y second coordinates, as many, NaN for a gap; not copied
   * @return this
   */
  public LineChart reference(String name, double[] x, double[] y) {
    return add(name, new Line(x, y, REFERENCE, REFERENCE_DASH));
  }

  /**
   * Adds the spread of a line.
   *
   * @param name the line's name; a band without a line gets a colour of its own
   * @param x first coordinates, from the smallest to the largest; not copied
   * @param low lower ends, as many; not copied
   * @param high upper ends, as many; not copied
   * @return this
   */
  public LineChart band(String name, double[] x, double[] low, double[] high) {
    Paths.requireAscending(name, x, low.length);
    Paths.requireAscending(name, x, high.length);
    bands.add(new Band(x, low, high, Ink.colour(number(name))));
    return this;
  }

  private LineChart add(String name, Line line) {
    Paths.requireAscending(name, line.x, line.y.length);
    if (lines.putIfAbsent(name, line) != null) {
      throw new IllegalArgumentException(
          "chart '%s' has a line '%s' already: name the second one otherwise"
              .formatted(title(), name));
    }
    return this;
  }

  private int number(String name) {
    return numbers.computeIfAbsent(name, next -> numbers.size());
  }

  @Override
  boolean isWide() {
    return false;
  }

  @Override
  void draw(Markup markup) {
    Range values = new Range(vertical);
    Range places = new Range(horizontal);
    for (Line line : lines.values()) {
      for (int i = 0; i < line.x.length; i++) {
        if (horizontal.isDrawable(line.x[i]) && vertical.isDrawable(line.y[i])) {
          places.add(line.x[i]);
          values.add(line.y[i]);
        }
      }
    }
    for (Band band : bands) {
      places.add(band.x);
      values.add(band.low).add(band.high);
    }
    Scale up = Frame.vertical(vertical, values);
    Frame frame = Frame.of(up);
    Scale right = frame.horizontal(horizontal, places);
    frame.open(markup, title());
    frame.vertical(markup, vertical, up);
    if (values.isEmpty()) {
      frame.noData(markup);
    }
    plot(markup, frame, right, up);
    frame.horizontal(markup, horizontal, right);
    markup.close();
  }

  /** Cuts off what lies beyond axes with fixed ends. */
  private void plot(Markup markup, Frame frame, Scale right, Scale up) {
    boolean cuts = horizontal.isFixed() || vertical.isFixed();
    if (cuts) {
      String left = Frame.px(frame.leftPx());
      String top = Frame.px(frame.topPx());
      String width = Frame.px(frame.rightPx() - frame.leftPx());
      String height = Frame.px(frame.bottomPx() - frame.topPx());
      markup.open(
          "svg",
          "x",
          left,
          "y",
          top,
          "width",
          width,
          "height",
          height,
          "viewBox",
          left + " " + top + " " + width + " " + height);
    }
    Paths paths = new Paths(horizontal, vertical, right, up);
    for (Band band : bands) {
      String path = paths.band(band.x, band.low, band.high);
      if (!path.isEmpty()) {
        markup.empty("path", "class", "band " + band.colour, "d", path);
      }
    }
    lines.forEach((name, line) -> line(markup, paths, name, line));
    if (cuts) {
      markup.close();
    }
  }

  private void line(Markup markup, Paths paths, String name, Line line) {
    String path = paths.line(line.x, line.y);
    markup.open("g").element("title", name);
    if (!path.isEmpty()) {
      markup.empty(
          "path", "class", "line " + line.colour, "stroke-dasharray", line.dash, "d", path);
    }
    markup.close();
    if (line.x.length > MAX_MARKED) {
      return;
    }
    for (int i = 0; i < line.x.length; i++) {
      if (horizontal.isDrawable(line.x[i]) && vertical.isDrawable(line.y[i])) {
        markup
            .open(
                "circle",
                "class",
                "dot " + line.colour,
                "cx",
                Frame.px(paths.x(line.x[i])),
                "cy",
                Frame.px(paths.y(line.y[i])),
                "r",
                "2.5")
            .element(
                "title",
                "%s: %s = %s, %s = %s"
                    .formatted(
                        name,
                        horizontal.title(),
                        Numbers.text(line.x[i]),
                        vertical.title(),
                        Numbers.text(line.y[i])))
            .close();
      }
    }
  }

  @Override
  void legend(Markup markup) {
    if (lines.size() + bands.size() == 1) {
      // The title says what it is.
      return;
    }
    lines.forEach((name, line) -> Ink.lineSample(markup, name, line.colour, line.dash));
    numbers.forEach(
        (name, number) -> {
          if (!lines.containsKey(name)) {
            Ink.boxSample(markup, name, "band " + Ink.colour(number), null);
          }
        });
  }
}

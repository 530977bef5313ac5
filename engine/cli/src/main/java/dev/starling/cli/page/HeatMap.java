package dev.starling.cli.page;

import java.util.List;

/**
 * A matrix in shades of one colour. Of a matrix with more than 64 rows or columns, each field shows
 * the mean of a square of them.
 */
public final class HeatMap extends Figure {
  private static final int MAX_FIELDS = 64;
  private static final int MAX_WRITTEN = 12;
  private static final double FAINTEST = 0.08;
  private static final double DARK = 0.55;
  private static final double CHARACTER_PX = 7;
  private static final int LABEL_PX = 14;
  private static final int MAX_FIELD_PX = 52;

  private final String rows;
  private final String columns;
  private final String unit;
  private final List<String> names;
  private final double[][] values;
  private final int square;

  /**
   * Creates a map of a square matrix.
   *
   * @param title what it shows
   * @param rows what the rows are
   * @param columns what the columns are
   * @param unit of the values
   * @param names of the rows and the columns
   * @param values by row and column, NaN for none; not copied
   */
  public HeatMap(
      String title,
      String rows,
      String columns,
      String unit,
      List<String> names,
      double[][] values) {
    super(title);
    this.rows = rows;
    this.columns = columns;
    this.unit = unit;
    this.names = List.copyOf(names);
    for (double[] row : values) {
      if (row.length != names.size() || values.length != names.size()) {
        throw new IllegalArgumentException(
            "map '%s' has %d names for %d rows and %d columns: give as many of each"
                .formatted(title, names.size(), values.length, row.length));
      }
    }
    square = Math.max(1, (names.size() + MAX_FIELDS - 1) / MAX_FIELDS);
    this.values = square == 1 ? values : means(values, square);
  }

  private static double[][] means(double[][] values, int square) {
    int fields = (values.length + square - 1) / square;
    double[][] means = new double[fields][fields];
    for (int row = 0; row < fields; row++) {
      for (int column = 0; column < fields; column++) {
        double sum = 0;
        int count = 0;
        for (int i = row * square; i < Math.min(values.length, (row + 1) * square); i++) {
          for (int j = column * square; j < Math.min(values.length, (column + 1) * square); j++) {
            if (Double.isFinite(values[i][j])) {
              sum += values[i][j];
              count++;
            }
          }
        }
        means[row][column] = count == 0 ? Double.NaN : sum / count;
      }
    }
    return means;
  }

  @Override
  boolean isWide() {
    return false;
  }

  @Override
  void draw(Markup markup) {
    int longest = names.stream().mapToInt(String::length).max().orElse(1);
    double roomPx = new Frame(Frame.WIDTH_PX, Frame.HEIGHT_PX, longest).roomPx();
    double sidePx = Math.min(MAX_FIELD_PX, roomPx / Math.max(1, values.length));
    int heightPx = Frame.aroundPx() + (int) Math.ceil(sidePx * Math.max(1, values.length));
    Frame frame = new Frame(Frame.WIDTH_PX, heightPx, longest);
    frame.open(markup, title());
    Frame.text(markup, "axis", LABEL_PX / 2.0, LABEL_PX, rows);
    if (values.length == 0) {
      frame.noData(markup);
    }
    double largest = largest();
    for (int row = 0; row < values.length; row++) {
      for (int column = 0; column < values.length; column++) {
        double x = frame.leftPx() + sidePx * column;
        double y = frame.topPx() + sidePx * row;
        field(markup, row, column, new double[] {x, y, sidePx}, largest);
      }
    }
    names(markup, frame, sidePx);
    double middle = frame.leftPx() + sidePx * values.length / 2;
    Frame.text(markup, "axis middle", middle, heightPx - 8.0, columns);
    markup.close();
  }

  private double largest() {
    double largest = 0;
    for (double[] row : values) {
      for (double value : row) {
        largest = Double.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
      }
    }
    return largest;
  }

  private void field(Markup markup, int row, int column, double[] box, double largest) {
    double value = values[row][column];
    boolean drawable = Double.isFinite(value);
    double part = largest == 0 || !drawable ? 0 : Math.abs(value) / largest;
    String opacity = part == 0 ? "0" : Frame.px(100 * (FAINTEST + (1 - FAINTEST) * part)) + "%";
    markup
        .open(
            "rect",
            "class",
            drawable ? "field" : "field missing",
            "fill-opacity",
            drawable ? opacity : null,
            "x",
            Frame.px(box[0]),
            "y",
            Frame.px(box[1]),
            "width",
            Frame.px(box[2]),
            "height",
            Frame.px(box[2]))
        .element("title", name(row) + " → " + name(column) + ": " + told(value))
        .close();
    if (values.length <= MAX_WRITTEN) {
      String kind = part > DARK ? "value middle dark" : "value middle";
      Frame.text(markup, kind, box[0] + box[2] / 2, box[1] + box[2] / 2 + 4, Numbers.text(value));
    }
  }

  private String told(double value) {
    return Double.isNaN(value) ? "none" : Numbers.text(value) + " " + unit;
  }

  private String name(int field) {
    int last = Math.min(names.size(), (field + 1) * square) - 1;
    String first = names.get(field * square);
    return square == 1 ? first : first + "–" + names.get(last);
  }

  private void names(Markup markup, Frame frame, double sidePx) {
    int longest = names.stream().mapToInt(String::length).max().orElse(1);
    int down = (int) Math.max(1, Scale.step(LABEL_PX / sidePx));
    int right = (int) Math.max(1, Scale.step(CHARACTER_PX * (longest + 1) / sidePx));
    double bottom = frame.topPx() + sidePx * values.length;
    for (int i = 0; i < values.length; i++) {
      double middle = sidePx * (i + 0.5);
      String name = names.get(i * square);
      if (i % down == 0) {
        Frame.text(markup, "tick end", frame.leftPx() - 7, frame.topPx() + middle + 4, name);
      }
      if (i % right == 0) {
        Frame.text(markup, "tick middle", frame.leftPx() + middle, bottom + 16, name);
      }
    }
  }

  @Override
  void legend(Markup markup) {
    double largest = largest();
    Ink.boxSample(markup, "0", "field", "0");
    if (largest > 0) {
      Ink.boxSample(markup, Numbers.text(largest / 2), "field", "54%");
      Ink.boxSample(markup, Numbers.text(largest) + " " + unit, "field", "100%");
    }
    if (square > 1) {
      markup.element("li", "each field is the mean of %d × %d".formatted(square, square));
    }
  }
}

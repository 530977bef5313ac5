package dev.starling.cli.page;

/** The axes of a chart and the room between them, in pixels of its drawing. */
final class Frame {
  static final int WIDTH_PX = 480;
  static final int HEIGHT_PX = 280;
  private static final int TOP_PX = 30;
  private static final int BOTTOM_PX = 46;
  private static final int RIGHT_PX = 16;
  private static final int GAP_PX = 7;
  private static final double CHARACTER_PX = 7;
  private static final int MIN_LEFT_PX = 34;

  private final int widthPx;
  private final int heightPx;
  private final double leftPx;
  private final double topPx;
  private final double bottomPx;

  /**
   * Makes room for a vertical axis.
   *
   * @param widthPx of the drawing
   * @param heightPx of the drawing
   * @param labelCharacters of the longest label at the vertical axis
   */
  Frame(int widthPx, int heightPx, int labelCharacters) {
    this(widthPx, heightPx, labelCharacters, TOP_PX);
  }

  private Frame(int widthPx, int heightPx, int labelCharacters, int topPx) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    leftPx = Math.max(MIN_LEFT_PX, 2 * GAP_PX + CHARACTER_PX * labelCharacters);
    this.topPx = topPx;
    bottomPx = (double) heightPx - BOTTOM_PX;
  }

  /** Spreads a vertical axis, which needs no frame yet: its labels decide how wide that is. */
  static Scale vertical(Axis axis, Range range) {
    return new Scale(axis, range, HEIGHT_PX - BOTTOM_PX, TOP_PX, 5, true);
  }

  static Frame of(Scale vertical) {
    int longest = vertical.ticks().stream().mapToInt(t -> t.label().length()).max().orElse(1);
    return new Frame(WIDTH_PX, HEIGHT_PX, longest);
  }

  /**
   * Makes room for rows, which need no name above them.
   *
   * @param widthPx of the drawing
   * @param roomPx height of the rows together
   * @param labelCharacters of the longest name
   * @return the frame
   */
  static Frame ofRows(int widthPx, int roomPx, int labelCharacters) {
    return new Frame(widthPx, GAP_PX + roomPx + BOTTOM_PX, labelCharacters, GAP_PX);
  }

  Scale horizontal(Axis axis, Range range) {
    return new Scale(axis, range, leftPx, rightPx(), 6, false);
  }

  /** {@return what a drawing is higher than the room between its axes} */
  static int aroundPx() {
    return TOP_PX + BOTTOM_PX;
  }

  /** {@return the width of the room between the axes} */
  double roomPx() {
    return rightPx() - leftPx;
  }

  double leftPx() {
    return leftPx;
  }

  double rightPx() {
    return (double) widthPx - RIGHT_PX;
  }

  double topPx() {
    return topPx;
  }

  double bottomPx() {
    return bottomPx;
  }

  /** Opens the drawing. */
  void open(Markup markup, String name) {
    markup.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "viewBox",
        "0 0 " + widthPx + " " + heightPx,
        "role",
        "img",
        "aria-label",
        name);
  }

  /** Draws grid lines, labels and the name of the vertical axis above it. */
  void vertical(Markup markup, Axis axis, Scale scale) {
    for (Scale.Tick tick : scale.ticks()) {
      double y = scale.at(tick.value());
      line(markup, "grid", leftPx, y, rightPx(), y);
      text(markup, "tick end", leftPx - GAP_PX, y + 4, tick.label());
    }
    text(markup, "axis", GAP_PX, TOP_PX - 15, axis.title());
  }

  /** Draws the horizontal axis with ticks, labels and its name below. */
  void horizontal(Markup markup, Axis axis, Scale scale) {
    base(markup);
    double freePx = Double.NEGATIVE_INFINITY;
    for (Scale.Tick tick : scale.ticks()) {
      double x = scale.at(tick.value());
      line(markup, "rule", x, bottomPx, x, bottomPx + 4);
      double halfPx = CHARACTER_PX * tick.label().length() / 2;
      if (x - halfPx > freePx) {
        text(markup, "tick middle", x, bottomPx + 18, tick.label());
        freePx = x + halfPx + CHARACTER_PX / 2;
      }
    }
    horizontalName(markup, axis.title());
  }

  /** Draws the line that the values stand on. */
  void base(Markup markup) {
    line(markup, "rule", leftPx, bottomPx, rightPx(), bottomPx);
  }

  void horizontalName(Markup markup, String name) {
    text(markup, "axis middle", (leftPx + rightPx()) / 2, heightPx - 8.0, name);
  }

  /** Says in the middle that there is nothing. */
  void noData(Markup markup) {
    text(markup, "none middle", (leftPx + rightPx()) / 2, (topPx + bottomPx) / 2, "no data");
  }

  static void line(Markup markup, String kind, double x1, double y1, double x2, double y2) {
    markup.empty("line", "class", kind, "x1", px(x1), "y1", px(y1), "x2", px(x2), "y2", px(y2));
  }

  static void text(Markup markup, String kind, double x, double y, String content) {
    markup.element("text", content, "class", kind, "x", px(x), "y", px(y));
  }

  /** {@return a length with at most one decimal} */
  static String px(double value) {
    long tenths = Math.round(10 * value);
    String whole = (tenths < 0 ? "-" : "") + Math.abs(tenths / 10);
    long tenth = Math.abs(tenths % 10);
    return tenth == 0 ? (tenths == 0 ? "0" : whole) : whole + "." + tenth;
  }
}

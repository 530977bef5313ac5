package dev.starling.cli.page;

import java.util.List;

/**
 * The colours and dashes of series. The colours, chosen so that colour-blind people can tell them
 * apart, are classes of the page's style, as they differ between light and dark; the dashes tell
 * series apart on paper.
 */
final class Ink {
  /** How many colours the style has. */
  static final int COLOURS = 7;

  private static final List<String> DASHES = List.of("", "7 3", "2 3", "9 3 2 3");
  private static final int SAMPLE_WIDTH_PX = 26;
  private static final int SAMPLE_HEIGHT_PX = 12;

  private Ink() {}

  /** {@return the class of a series' colour} */
  static String colour(int series) {
    return "c" + series % COLOURS;
  }

  /** {@return the dashes of a series, null for none} */
  static String dash(int series) {
    String dash = DASHES.get(series % DASHES.size());
    return dash.isEmpty() ? null : dash;
  }

  /** Writes one entry of a legend with a piece of line. */
  static void lineSample(Markup markup, String name, String colour, String dash) {
    sample(markup);
    markup.empty(
        "line",
        "class",
        "line " + colour,
        "stroke-dasharray",
        dash,
        "x1",
        "1",
        "y1",
        "6",
        "x2",
        "25",
        "y2",
        "6");
    named(markup, name);
  }

  /** Writes one entry of a legend with a filled box. */
  static void boxSample(Markup markup, String name, String kind, String opacity) {
    sample(markup);
    markup.empty(
        "rect",
        "class",
        kind,
        "fill-opacity",
        opacity,
        "x",
        "7",
        "y",
        "0",
        "width",
        "12",
        "height",
        "12");
    named(markup, name);
  }

  private static void sample(Markup markup) {
    markup
        .open("li")
        .open(
            "svg",
            "xmlns",
            "http://www.w3.org/2000/svg",
            "width",
            Integer.toString(SAMPLE_WIDTH_PX),
            "height",
            Integer.toString(SAMPLE_HEIGHT_PX),
            "aria-hidden",
            "true");
  }

  private static void named(Markup markup, String name) {
    markup.close().text(name).close();
  }
}

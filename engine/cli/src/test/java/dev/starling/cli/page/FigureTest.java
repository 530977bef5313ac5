package dev.starling.cli.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class FigureTest {
  private static final Axis X = Axis.linear("epoch", "");
  private static final Axis Y = Axis.linear("loss", "nats");

  private static List<String> paths(LineChart chart) {
    return Parsed.of(chart).all("path", "line").stream().map(p -> p.getAttribute("d")).toList();
  }

  @Test
  void shouldMapPointsToPixelsWhenALineIsDrawn() {
    double[] x = {0, 5, 10};
    Parsed parsed = Parsed.of(new LineChart("loss", X, Y).line("a", x, new double[] {0, 1, 2}));
    Element grid = parsed.all("line", "grid").getFirst();
    double left = Parsed.number(grid, "x1");
    double right = Parsed.number(grid, "x2");
    double bottom = Parsed.number(grid, "y1");
    double top = Parsed.number(parsed.all("line", "grid").getLast(), "y1");
    List<Element> dots = parsed.all("circle", "dot");
    assertEquals(3, dots.size());
    for (int i = 0; i < 3; i++) {
      assertEquals(left + (right - left) * i / 2, Parsed.number(dots.get(i), "cx"), 0.11);
      assertEquals(bottom + (top - bottom) * i / 2, Parsed.number(dots.get(i), "cy"), 0.11);
    }
    assertEquals("a: epoch = 5, loss (nats) = 1", dots.get(1).getTextContent());
    assertTrue(parsed.texts("text", "axis").contains("loss (nats)"));
  }

  @Test
  void shouldLeaveGapsWhenValuesCannotBeDrawn() {
    double[] x = {1, 2, 3, 4, 5, 6, 7};
    double[] y = {1, 2, Double.NaN, 3, Double.POSITIVE_INFINITY, 4, 5};
    String path = paths(new LineChart("t", X, Y).line("a", x, y)).getFirst();
    assertEquals(3, path.chars().filter(c -> c == 'M').count(), path);
    assertTrue(path.contains("h0"), "a lonely point is a dot: " + path);
    double[] signs = {1, 0, 10, -5, 100, 10, 1};
    String log = paths(new LineChart("t", X, Axis.logarithmic("y", "")).line("a", x, signs)).get(0);
    assertEquals(3, log.chars().filter(c -> c == 'M').count(), log);
  }

  @Test
  void shouldSayNoDataWhenThereIsNone() {
    double[] none = {Double.NaN};
    for (Figure empty :
        List.of(
            new LineChart("t", X, Y),
            new LineChart("t", X, Axis.logarithmic("y", "")).line("a", none, none),
            new LineChart("t", X, Y).line("a", new double[0], new double[0]),
            new BarChart("t", "x", Y, List.of()),
            new BarChart("t", "x", Axis.logarithmic("y", ""), List.of("1")).bars("a", none),
            new HeatMap("t", "from", "to", "", List.of(), new double[0][0]),
            new TimeLine("t", X, List.of()),
            new TimeLine("t", X, List.of("one")))) {
      assertEquals(List.of("no data"), Parsed.of(empty).texts("text", "none"));
    }
  }

  @Test
  void shouldKeepExtremesAndStaySmallWhenASeriesIsLong() {
    int count = 1_000_000;
    double[] x = IntStream.range(0, count).asDoubleStream().toArray();
    double[] y = Arrays.stream(x).map(i -> i % 7 == 3 ? Double.NaN : Math.sin(i / 1e4)).toArray();
    y[123_456] = 50;
    String path = paths(new LineChart("t", X, Y).line("a", x, y)).getFirst();
    assertTrue(path.length() < 40_000, path.length() + " characters");
    assertEquals(1, path.chars().filter(c -> c == 'M').count(), "narrow gaps are closed");
    double top =
        Arrays.stream(path.substring(1).split("L"))
            .mapToDouble(point -> Double.parseDouble(point.split(" ")[1]))
            .min()
            .orElseThrow();
    assertEquals(30 + 204 / 8.0, top, 0.11, "the one spike is kept");
  }

  @Test
  void shouldShowALongGapWhenASeriesIsLong() {
    double[] x = IntStream.range(0, 10_000).asDoubleStream().toArray();
    double[] y = Arrays.stream(x).map(i -> i > 4000 && i < 5000 ? Double.NaN : i).toArray();
    String path = paths(new LineChart("t", X, Y).line("a", x, y)).getFirst();
    assertEquals(2, path.chars().filter(c -> c == 'M').count(), path);
  }

  @Test
  void shouldGoAroundTheSpreadWhenABandIsDrawn() {
    double[] x = {0, 1, 2};
    LineChart chart = new LineChart("t", X, Y).line("a", x, new double[] {1, 1, 1});
    chart.band("a", x, new double[] {0, 0.5, 0}, new double[] {2, 1.5, 2});
    Element band = Parsed.of(chart).all("path", "band").getFirst();
    assertEquals(5, band.getAttribute("d").chars().filter(c -> c == 'L').count());
    assertEquals("band c0", band.getAttribute("class"));
  }

  @Test
  void shouldDifferInColourAndDashesWhenThereAreManyLines() {
    LineChart chart = new LineChart("t", X, Y);
    double[] one = {1};
    for (int i = 0; i < 28; i++) {
      chart.line("series " + i, one, one);
    }
    Parsed parsed = Parsed.of(chart);
    long looks =
        parsed.all("path", "line").stream()
            .map(p -> p.getAttribute("class") + p.getAttribute("stroke-dasharray"))
            .distinct()
            .count();
    assertEquals(28, looks);
    assertEquals(28, parsed.texts("li", "").size());
  }

  @Test
  void shouldRefuseALineWhenItGoesBackOrIsThereAlready() {
    double[] back = {2, 1};
    LineChart chart = new LineChart("t", X, Y);
    assertThrows(IllegalArgumentException.class, () -> chart.line("a", back, back));
    assertThrows(IllegalArgumentException.class, () -> chart.line("a", back, new double[1]));
    chart.line("a", new double[1], new double[1]);
    assertThrows(
        IllegalArgumentException.class, () -> chart.line("a", new double[1], new double[1]));
  }

  @Test
  void shouldCutWhatLiesBeyondWhenAnAxisIsFixed() {
    double[] x = {0, 1, 2};
    LineChart chart = new LineChart("t", X, Y.between(0, 1)).line("a", x, new double[] {0, 9, 1});
    Element plot = Parsed.of(chart).all("svg", "").get(1);
    assertEquals("30", plot.getAttribute("y"));
  }

  @Test
  void shouldStandOnZeroWhenBarsAreDrawn() {
    BarChart chart = new BarChart("t", "staleness", Axis.linear("share", "%"), List.of("0", "1"));
    chart.bars("a", new double[] {50, 100}).bars("b", new double[] {Double.NaN, 25});
    Parsed parsed = Parsed.of(chart);
    List<Element> bars =
        parsed.all("rect", "bar").stream().filter(b -> !b.getTextContent().isEmpty()).toList();
    assertEquals(3, bars.size());
    double full = Parsed.number(bars.get(1), "height");
    assertEquals(full / 2, Parsed.number(bars.get(0), "height"), 0.11);
    assertEquals(full / 4, Parsed.number(bars.get(2), "height"), 0.11);
    for (Element bar : bars) {
      assertEquals(234, Parsed.number(bar, "y") + Parsed.number(bar, "height"), 0.11);
    }
    assertEquals("b, 1: 25", bars.get(2).getTextContent());
  }

  @Test
  void shouldShowTheSmallestBarWhenTheAxisIsLogarithmic() {
    long[] counts = {100_000, 300, 0, 1};
    BarChart chart = BarChart.histogram("t", "x", Axis.logarithmic("gradients", ""), counts);
    List<Element> bars = Parsed.of(chart).all("rect", "bar");
    assertEquals(3, bars.size());
    assertTrue(Parsed.number(bars.getLast(), "height") > 5);
  }

  @Test
  void shouldShadeByValueWhenAMapIsDrawn() {
    double[][] values = {{0, 10}, {5, Double.NaN}};
    HeatMap map = new HeatMap("t", "active", "passive", "exchanges", List.of("0", "1"), values);
    Parsed parsed = Parsed.of(map);
    List<Element> fields =
        parsed.all("rect", "field").stream().filter(f -> !f.getTextContent().isEmpty()).toList();
    assertEquals(
        List.of("0", "100%", "54%", ""),
        fields.stream().map(f -> f.getAttribute("fill-opacity")).toList());
    assertEquals("0 → 1: 10 exchanges", fields.get(1).getTextContent());
    assertEquals(List.of("0", "10", "5", "–"), parsed.texts("text", "value"));
    assertThrows(
        IllegalArgumentException.class, () -> new HeatMap("t", "a", "b", "", List.of("0"), values));
  }

  @Test
  void shouldShowMeansWhenAMapIsLarge() {
    int side = 150;
    double[][] values = new double[side][side];
    Arrays.stream(values).forEach(row -> Arrays.fill(row, 3));
    List<String> names = IntStream.range(0, side).mapToObj(Integer::toString).toList();
    Parsed parsed = Parsed.of(new HeatMap("t", "a", "b", "", names, values));
    long fields =
        parsed.all("rect", "field").stream().filter(f -> !f.getTextContent().isEmpty()).count();
    assertEquals(50 * 50, fields);
    assertTrue(parsed.texts("li", "").contains("each field is the mean of 3 × 3"));
  }

  @Test
  void shouldPlaceIntervalsAndLinksWhenATimeLineIsDrawn() {
    TimeLine line = new TimeLine("t", Axis.linear("time", "s"), List.of("rank 0", "rank 1"));
    line.interval(0, 0, 10, "exchange", "whole").interval(1, 5, 10, "alone", "half");
    line.interval(0, Double.NaN, 1, "exchange", "never").link(0, 1, 5, "exchange");
    Parsed parsed = Parsed.of(line);
    List<Element> bars =
        parsed.all("rect", "span").stream().filter(b -> !b.getTextContent().isEmpty()).toList();
    assertEquals(2, bars.size());
    double left = Parsed.number(bars.get(0), "x");
    double width = Parsed.number(bars.get(0), "width");
    assertEquals(left + width / 2, Parsed.number(bars.get(1), "x"), 0.11);
    assertEquals(width / 2, Parsed.number(bars.get(1), "width"), 0.11);
    Element link = parsed.all("line", "link").getFirst();
    assertEquals(left + width / 2, Parsed.number(link, "x1"), 0.11);
    assertFalse(link.getAttribute("y1").equals(link.getAttribute("y2")));
    assertThrows(IllegalArgumentException.class, () -> line.link(0, 2, 1, "exchange"));
  }

  @Test
  void shouldStaySmallWhenATimeLineHasVeryManyIntervals() {
    List<String> rows = IntStream.range(0, 64).mapToObj(i -> "rank " + i).toList();
    TimeLine line = new TimeLine("t", Axis.linear("time", "s"), rows);
    for (int i = 0; i < 400_000; i++) {
      line.interval(i % 64, i, i + 3, "kind " + i % 3, "a tooltip of some length, " + i);
    }
    String html = new Page("a", "b").figure(line).html();
    assertTrue(html.length() < 2_000_000, html.length() + " characters");
    Parsed.of(html);
  }
}

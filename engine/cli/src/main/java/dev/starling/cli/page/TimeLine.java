package dev.starling.cli.page;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What happened on each of several rows over time, with links between rows. Where there are
 * thousands, only the first of those of one kind that begin close together on a row is drawn, and
 * the legend says so.
 */
public final class TimeLine extends Figure {
  private static final int WIDTH_PX = 980;
  private static final int ROW_PX = 30;
  private static final int BAR_PX = 14;
  private static final int END_PX = 10;
  private static final double MIN_WIDTH_PX = 1.5;
  private static final int MAX_DRAWN = 4000;

  private record Interval(int row, double from, double to, int kind, String tooltip) {}

  private record Link(int row, int other, double at, int kind) {}

  private final Axis time;
  private final List<String> rows;
  private final Map<String, Integer> kinds = new LinkedHashMap<>();
  private final List<Interval> intervals = new ArrayList<>();
  private final List<Link> links = new ArrayList<>();

  /**
   * Creates a time line on which nothing happens.
   *
   * @param title what it shows
   * @param time the axis of all times
   * @param rows their names from top to bottom
   */
  public TimeLine(String title, Axis time, List<String> rows) {
    super(title);
    this.time = time;
    this.rows = List.copyOf(rows);
  }

  /**
   * Adds something that took a while. One that cannot be drawn is left out.
   *
   * @param row where, from 0
   * @param from when it began
   * @param to when it ended
   * @param kind what it is, for colour and legend
   * @param tooltip what a person who points at it is told
   * @return this
   */
  public TimeLine interval(int row, double from, double to, String kind, String tooltip) {
    int number = number(kind);
    requireRow(row);
    if (time.isDrawable(from) && time.isDrawable(to) && from <= to) {
      intervals.add(new Interval(row, from, to, number, tooltip));
    }
    return this;
  }

  /**
   * Joins two rows at a moment, with a dot at the other one. A link that cannot be drawn is left
   * out.
   *
   * @param row one
   * @param other the other
   * @param at when
   * @param kind what it is, for colour and legend
   * @return this
   */
  public TimeLine link(int row, int other, double at, String kind) {
    int number = number(kind);
    requireRow(row);
    requireRow(other);
    if (time.isDrawable(at)) {
      links.add(new Link(row, other, at, number));
    }
    return this;
  }

  private void requireRow(int row) {
    if (row < 0 || row >= rows.size()) {
      throw new IllegalArgumentException(
          "time line '%s' has no row %d: it has %d".formatted(title(), row, rows.size()));
    }
  }

  private int number(String kind) {
    return kinds.computeIfAbsent(kind, next -> kinds.size());
  }

  @Override
  boolean isWide() {
    return true;
  }

  @Override
  void draw(Markup markup) {
    int longest = rows.stream().mapToInt(String::length).max().orElse(1);
    Frame frame = Frame.ofRows(WIDTH_PX, ROW_PX * Math.max(2, rows.size()), longest);
    Range range = new Range(time);
    intervals.forEach(interval -> range.add(interval.from, interval.to));
    links.forEach(link -> range.add(link.at));
    Scale right = new Scale(time, range, frame.leftPx(), frame.rightPx(), 10, false);
    frame.open(markup, title());
    for (int row = 0; row < rows.size(); row++) {
      double middle = middlePx(frame, row);
      Frame.line(markup, "grid", frame.leftPx(), middle, frame.rightPx(), middle);
      Frame.text(markup, "tick end", frame.leftPx() - 7, middle + 4, rows.get(row));
    }
    if (range.isEmpty()) {
      frame.noData(markup);
    }
    links(markup, frame, right, columnPx(links.size()));
    intervals(markup, frame, right, columnPx(intervals.size()));
    frame.horizontal(markup, time, right);
    markup.close();
  }

  /** How wide a column has only one of a kind in it; no width while there are few. */
  private double columnPx(int count) {
    return count <= MAX_DRAWN
        ? 0
        : Math.max(1, (double) WIDTH_PX * rows.size() * kinds.size() / MAX_DRAWN);
  }

  private static double middlePx(Frame frame, int row) {
    return frame.topPx() + ROW_PX * (row + 0.5);
  }

  private void links(Markup markup, Frame frame, Scale right, double columnPx) {
    Set<List<Long>> drawn = new HashSet<>();
    for (Link link : links) {
      double x = right.at(link.at);
      List<Long> place =
          List.of(
              (long) link.row,
              (long) link.other,
              (long) link.kind,
              Math.round(x / Math.max(1, columnPx)));
      boolean isFirst = columnPx == 0 || drawn.size() < MAX_DRAWN && drawn.add(place);
      if (inside(frame, x) && isFirst) {
        Frame.line(
            markup,
            "link " + Ink.colour(link.kind),
            x,
            middlePx(frame, link.row),
            x,
            middlePx(frame, link.other));
        markup.empty(
            "circle",
            "class",
            "dot " + Ink.colour(link.kind),
            "cx",
            Frame.px(x),
            "cy",
            Frame.px(middlePx(frame, link.other) + END_PX),
            "r",
            "2.5");
      }
    }
  }

  private void intervals(Markup markup, Frame frame, Scale right, double columnPx) {
    Set<List<Long>> drawn = new HashSet<>();
    for (Interval interval : intervals) {
      double from = Math.max(frame.leftPx(), right.at(interval.from));
      double to = Math.min(frame.rightPx(), right.at(interval.to));
      List<Long> place =
          List.of(
              (long) interval.row, (long) interval.kind, Math.round(from / Math.max(1, columnPx)));
      boolean isFirst = columnPx == 0 || drawn.add(place);
      if (from <= to && inside(frame, from) && isFirst) {
        markup
            .open(
                "rect",
                "class",
                "span " + Ink.colour(interval.kind),
                "x",
                Frame.px(from),
                "y",
                Frame.px(middlePx(frame, interval.row) - BAR_PX / 2.0),
                "width",
                Frame.px(Math.max(MIN_WIDTH_PX, to - from)),
                "height",
                Integer.toString(BAR_PX))
            .element("title", interval.tooltip)
            .close();
      }
    }
  }

  private static boolean inside(Frame frame, double x) {
    return x >= frame.leftPx() && x <= frame.rightPx();
  }

  @Override
  void legend(Markup markup) {
    if (Math.max(intervals.size(), links.size()) > MAX_DRAWN) {
      markup.element("li", "some of very many are drawn");
    }
    kinds.forEach((kind, number) -> Ink.boxSample(markup, kind, "bar " + Ink.colour(number), null));
  }
}

package dev.starling.cli.page;

/** Something that a {@link Page} shows as a drawing with a title. */
public abstract sealed class Figure permits LineChart, BarChart, HeatMap, TimeLine {
  private final String title;

  /**
   * Creates a figure.
   *
   * @param title what it shows
   */
  Figure(String title) {
    this.title = title;
  }

  /**
   * Returns what the figure shows.
   *
   * @return its title
   */
  public final String title() {
    return title;
  }

  /** Whether it takes the whole width of a page rather than half of it. */
  abstract boolean isWide();

  /** Draws it as one element of SVG. */
  abstract void draw(Markup markup);

  /** Writes what explains its colours, nothing when there is nothing to explain. */
  abstract void legend(Markup markup);
}

package dev.starling.bench.experiment;

import dev.starling.cli.page.Page;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A table as README files and terminals show it. Belongs to one thread. */
final class TextTable {
  private final List<String> heads;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * Begins a table.
   *
   * @param heads names of the columns; the first is set left, the others right
   */
  TextTable(String... heads) {
    this.heads = List.of(heads);
  }

  /**
   * Adds a row.
   *
   * @param cells as many as there are columns
   * @return this
   */
  TextTable row(String... cells) {
    if (cells.length != heads.size()) {
      throw new IllegalArgumentException(Arrays.toString(cells) + " are not the cells of " + heads);
    }
    rows.add(List.of(cells));
    return this;
  }

  /**
   * Puts it on a page.
   *
   * @param page where to
   */
  void on(Page page) {
    page.table(heads, rows);
  }

  /** {@return Markdown with aligned columns, each line with a line break} */
  String markdown() {
    int[] width = new int[heads.size()];
    List<List<String>> all = new ArrayList<>(rows);
    all.addFirst(heads);
    for (List<String> row : all) {
      for (int column = 0; column < width.length; column++) {
        width[column] = Math.max(width[column], row.get(column).length());
      }
    }
    StringBuilder text = new StringBuilder();
    line(text, heads, width);
    List<String> rule = new ArrayList<>(Collections.nCopies(width.length, ""));
    for (int column = 0; column < width.length; column++) {
      rule.set(
          column,
          column == 0 ? "-".repeat(width[0]) : "-".repeat(Math.max(1, width[column] - 1)) + ":");
    }
    line(text, rule, width);
    rows.forEach(row -> line(text, row, width));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells, int[] width) {
    text.append('|');
    for (int column = 0; column < width.length; column++) {
      String cell = cells.get(column);
      String padding = " ".repeat(Math.max(0, width[column] - cell.length()));
      text.append(' ').append(column == 0 ? cell + padding : padding + cell).append(" |");
    }
    text.append('\n');
  }
}

package dev.starling.cli.page;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * One self-contained HTML file, built from top to bottom. All text is shown as it is; the browser
 * is forbidden to load or to run anything. Belongs to one thread.
 */
public final class Page {
  private final String title;
  private final String lead;
  private final Markup body = new Markup();
  private boolean inSection;
  private boolean inFigures;

  /**
   * Begins a page.
   *
   * @param title its name
   * @param lead one sentence that says what it tells
   */
  public Page(String title, String lead) {
    this.title = title;
    this.lead = lead;
  }

  /**
   * Begins a section.
   *
   * @param heading its name
   * @return this
   */
  public Page section(String heading) {
    endSection();
    inSection = true;
    body.open("section").element("h2", heading).line();
    return this;
  }

  /**
   * Adds names with values, in as many columns as there is room for.
   *
   * @param facts values by name, in the order of the map
   * @return this
   */
  public Page facts(Map<String, String> facts) {
    flow().open("dl");
    facts.forEach(
        (name, value) -> body.open("div").element("dt", name).element("dd", value).close().line());
    body.close();
    return this;
  }

  /**
   * Adds a table. A column is set right where all its cells are numbers; a wide table scrolls.
   *
   * @param heads names of the columns
   * @param rows cells, as many in each row
   * @return this
   */
  public Page table(List<String> heads, List<List<String>> rows) {
    for (List<String> row : rows) {
      if (row.size() != heads.size()) {
        throw new IllegalArgumentException(
            "a row has %d cells for %d columns: give one for each"
                .formatted(row.size(), heads.size()));
      }
    }
    flow().open("div", "class", "wide", "tabindex", "0").open("table").open("thead").open("tr");
    for (int column = 0; column < heads.size(); column++) {
      body.element("th", heads.get(column), "class", kind(rows, column));
    }
    body.close().close().open("tbody").line();
    for (List<String> row : rows) {
      body.open("tr");
      for (int column = 0; column < heads.size(); column++) {
        body.element("td", row.get(column), "class", kind(rows, column));
      }
      body.close().line();
    }
    body.close().close().close();
    return this;
  }

  private static String kind(List<List<String>> rows, int column) {
    boolean numbers =
        rows.stream()
            .allMatch(row -> row.get(column).matches("[-+−]?[0-9.,∞]+[a-zA-Z0-9-]* ?%?|–?"));
    return numbers ? "number" : null;
  }

  /**
   * Adds a figure; several in a row stand side by side where there is room.
   *
   * @param figure the drawing
   * @return this
   */
  public Page figure(Figure figure) {
    return figure(figure, "");
  }

  /**
   * Adds a figure with a sentence below it.
   *
   * @param figure the drawing
   * @param caption what a reader should know, empty for nothing
   * @return this
   */
  public Page figure(Figure figure, String caption) {
    if (!inFigures) {
      inFigures = true;
      body.open("div", "class", "figures").line();
    }
    body.open("figure", "class", figure.isWide() ? "whole" : null);
    body.element("h3", figure.title()).open("div", "class", "drawing");
    figure.draw(body);
    body.close().open("ul", "class", "legend");
    figure.legend(body);
    body.close();
    if (!caption.isEmpty()) {
      body.element("figcaption", caption);
    }
    body.close().line();
    return this;
  }

  /**
   * Adds a sentence, for instance why something is not there.
   *
   * @param sentence the sentence
   * @return this
   */
  public Page note(String sentence) {
    flow().element("p", sentence, "class", "note").line();
    return this;
  }

  /**
   * Adds a list of sentences.
   *
   * @param sentences from first to last
   * @return this
   */
  public Page list(List<String> sentences) {
    flow().open("ul");
    sentences.forEach(sentence -> body.element("li", sentence).line());
    body.close();
    return this;
  }

  /**
   * Adds text as it is typed, for instance a command.
   *
   * @param text one or more lines
   * @return this
   */
  public Page typed(String text) {
    flow().element("pre", text, "tabindex", "0").line();
    return this;
  }

  private Markup flow() {
    if (inFigures) {
      inFigures = false;
      body.close().line();
    }
    return body;
  }

  private void endSection() {
    flow();
    if (inSection) {
      inSection = false;
      body.close().line();
    }
  }

  /**
   * Ends the page.
   *
   * @return the whole file; nothing can be added afterwards
   */
  public String html() {
    endSection();
    Markup head = new Markup();
    head.open("head").line();
    head.empty("meta", "charset", "utf-8").line();
    head.empty("meta", "http-equiv", "Content-Security-Policy", "content", policy()).line();
    head.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1").line();
    head.empty("meta", "name", "color-scheme", "content", "light dark").line();
    head.element("title", title).line();
    Markup top = new Markup();
    top.open("header").element("h1", title).element("p", lead, "class", "lead").close().line();
    return "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
        + head.toString(1)
        + "<style>"
        + Style.CSS
        + "</style>\n</head>\n<body>\n<main>\n"
        + top
        + body
        + "</main>\n</body>\n</html>\n";
  }

  /** Only the style of this page, known by its digest, is used. */
  private static String policy() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(Style.CSS.getBytes(StandardCharsets.UTF_8));
      return "default-src 'none'; style-src 'sha256-"
          + Base64.getEncoder().encodeToString(digest)
          + "'; base-uri 'none'; form-action 'none'";
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("this Java has no SHA-256", impossible);
    }
  }

  /**
   * Ends the page and writes it. Whoever reads the file meanwhile sees the old one or the new one
   * whole.
   *
   * @param file where to
   * @throws IOException when that is impossible
   */
  public void write(Path file) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(fresh, html());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}

package dev.starling.cli.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

class PageTest {
  private static final String HOSTILE = "</title><script>alert('1')</script>&amp;\"\u0000\uD800";

  @TempDir private Path directory;

  private static String shown(String text) {
    return text.replace('\u0000', '\uFFFD').replace('\uD800', '\uFFFD');
  }

  @Test
  void shouldShowHostileTextAsItIsWhenItIsAnywhere() {
    Page page = new Page(HOSTILE, HOSTILE);
    page.section(HOSTILE).facts(Map.of(HOSTILE, HOSTILE)).note(HOSTILE).typed(HOSTILE);
    page.table(List.of(HOSTILE), List.of(List.of(HOSTILE))).list(List.of(HOSTILE));
    Axis axis = Axis.linear(HOSTILE, HOSTILE);
    double[] one = {1};
    page.figure(new LineChart(HOSTILE, axis, axis).line(HOSTILE, one, one), HOSTILE);
    page.figure(new BarChart(HOSTILE, HOSTILE, axis, List.of(HOSTILE)).bars(HOSTILE, one));
    page.figure(
        new HeatMap(
            HOSTILE, HOSTILE, HOSTILE, HOSTILE, List.of(HOSTILE), new double[][] {one.clone()}));
    page.figure(new TimeLine(HOSTILE, axis, List.of(HOSTILE)).interval(0, 1, 2, HOSTILE, HOSTILE));
    String html = page.html();
    Parsed parsed = Parsed.of(html);
    assertTrue(parsed.all("script", "").isEmpty());
    assertFalse(html.contains("<script"));
    for (String element : List.of("h1", "h2", "h3", "p", "dt", "dd", "th", "td", "li", "pre")) {
      assertEquals(shown(HOSTILE), parsed.texts(element, "").getFirst(), element);
    }
    assertEquals(shown(HOSTILE), parsed.texts("figcaption", "").getFirst());
  }

  @Test
  void shouldForbidEverythingButItsStyleWhenItIsOpened() throws Exception {
    Parsed parsed = Parsed.of(new Page("title", "lead").html());
    Element policy =
        parsed.all("meta", "").stream()
            .filter(meta -> meta.getAttribute("http-equiv").equals("Content-Security-Policy"))
            .findAny()
            .orElseThrow();
    byte[] style = parsed.texts("style", "").getFirst().getBytes(StandardCharsets.UTF_8);
    String digest =
        Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(style));
    assertEquals(
        "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'"
            .formatted(digest),
        policy.getAttribute("content"));
  }

  @Test
  void shouldNameNoOtherFileAndStyleNothingInPlaceWhenItHasEveryPart() {
    Page page = new Page("title", "lead").section("one").note("a").section("two");
    page.figure(new LineChart("chart", Axis.linear("x", ""), Axis.linear("y", "")));
    String html = page.html();
    assertFalse(
        html.matches("(?s).*\\s(src|href|style|on[a-z]+)=\".*"),
        "it names a file or styles in place");
    assertFalse(html.contains("url("), html);
    assertEquals(2, Parsed.of(html).all("section", "").size());
  }

  @Test
  void shouldSetNumbersRightWhenAllCellsOfAColumnAreNumbers() {
    Page page = new Page("title", "lead").section("one");
    page.table(
        List.of("name", "count", "mixed"),
        List.of(List.of("a", "1.5k", "3"), List.of("b", "–", "three")));
    Parsed parsed = Parsed.of(page.html());
    assertEquals(List.of("1.5k", "–"), parsed.texts("td", "number"));
  }

  @Test
  void shouldRefuseARowWhenItHasTooFewCells() {
    Page page = new Page("title", "lead");
    List<List<String>> rows = List.of(List.of("1"));
    assertThrows(IllegalArgumentException.class, () -> page.table(List.of("a", "b"), rows));
  }

  @Test
  void shouldLeaveNothingElseBehindWhenItIsWritten() throws IOException {
    Path file = directory.resolve("page.html");
    Files.writeString(file, "the old one");
    new Page("title", "lead").write(file);
    Parsed.of(Files.readString(file));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(List.of(file), files.toList());
    }
  }
}

package dev.starling.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.page.Browser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ReportInBrowserTest {
  private static final int WIDE = 1200;
  private static final int NARROW = 400;
  private static final int FIGURES = 13;

  @RegisterExtension private final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Browser browser() throws IOException {
    return Browser.enter(Files.createDirectories(shared.run("browser")));
  }

  private Path report() throws IOException {
    CommandRun.of(
            shared.train("--workers", "4", "--epochs", "8", "--compute-ms", "20", "--log", "none"))
        .requireOk();
    Path page = shared.run("report.html");
    CommandRun.of("report", shared.run("run").toString(), "--out", page.toString()).requireOk();
    return page;
  }

  private static int luminance(int colour) {
    return ((colour >> 16 & 0xff) * 3 + (colour >> 8 & 0xff) * 6 + (colour & 0xff)) / 10;
  }

  /** Something is drawn in the box, in more than two colours and on more than a few pixels. */
  private static void requirePainted(BufferedImage image, Browser.Box box) {
    Map<Integer, Integer> colours = new HashMap<>();
    int width = Math.min(box.width(), image.getWidth() - box.x());
    assertTrue(width > 100 && box.height() > 50, box + " in " + image.getWidth() + " px");
    for (int y = box.y(); y < box.y() + box.height(); y++) {
      for (int x = box.x(); x < box.x() + width; x++) {
        colours.merge(image.getRGB(x, y), 1, Integer::sum);
      }
    }
    int background = image.getRGB(1, 1);
    double painted = 1 - colours.getOrDefault(background, 0) / (double) (width * box.height());
    assertTrue(colours.size() > 12, box + " has " + colours.size() + " colours");
    assertTrue(painted > 0.01 && painted < 0.9, box + ": painted are " + painted);
  }

  private static void requireShown(Browser browser, Path page, int width, boolean dark)
      throws IOException, InterruptedException {
    Browser.Layout layout = browser.layout(page, width);
    assertTrue(layout.scrollWidth() <= width, layout.scrollWidth() + " px wide in " + width);
    Browser.Shot shot = browser.shoot(page, width, layout.scrollHeight(), dark);
    assertEquals(List.of(), shot.console());
    assertEquals(List.of(), shot.requests());
    assertEquals(width, shot.image().getWidth());
    int background = luminance(shot.image().getRGB(1, 1));
    assertTrue(dark ? background < 50 : background > 220, "background " + background);
    assertEquals(FIGURES, layout.drawings().size(), layout.drawings().toString());
    layout.drawings().forEach(box -> requirePainted(shot.image(), box));
  }

  @Test
  void shouldPaintEveryFigureWhenItIsOpenedInABrowser() throws IOException, InterruptedException {
    Browser browser = browser();
    Path page = report();
    requireShown(browser, page, WIDE, false);
    requireShown(browser, page, WIDE, true);
    requireShown(browser, page, NARROW, false);
  }

  @Test
  void shouldBeNoticedWhenAPageIsTooWideOrAsksForSomethingOrFails()
      throws IOException, InterruptedException {
    Browser browser = browser();
    Path page = shared.run("bad.html");
    Files.writeString(
        page,
        "<!DOCTYPE html><body><div style='width:900px'>wide</div>"
            + "<img src='http://starling.invalid/a.png'><script>wrong()</script></body>");
    assertTrue(browser.layout(page, NARROW).scrollWidth() >= 900);
    Browser.Shot shot = browser.shoot(page, NARROW, 300, false);
    assertFalse(shot.console().isEmpty(), "an error of a script");
    assertFalse(shot.requests().isEmpty(), "a request");
  }
}

package dev.starling.cli.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.Lanes;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Chromium without a window. Each call is a process of its own with a profile of its own below a
 * test's directory; it has no network and none of its processes outlives the call.
 */
public final class Browser {
  private static final long LIMIT_S = 60;
  private static final String NETWORK = "network.json";
  private static final Pattern PROBED = Pattern.compile("(?s)<pre id=\"probed\">([^<]*)</pre>");

  /** A box of the layout, in pixels from the page's upper left corner. */
  public record Box(String name, int x, int y, int width, int height) {}

  /** How a page is laid out in a window of some width. */
  public record Layout(int scrollWidth, int scrollHeight, List<Box> drawings) {}

  /**
   * What a page looks like, what the browser said of it, and what the page asked the network for.
   */
  public record Shot(BufferedImage image, List<String> console, List<String> requests) {}

  private final Path program;
  private final Path directory;
  private int calls;

  private Browser(Path program, Path directory) {
    this.program = program;
    this.directory = directory;
  }

  /** Skips the calling test where there is none. */
  public static Browser enter(Path directory) {
    Optional<Path> program =
        Stream.of("chromium", "chromium-browser", "google-chrome")
            .flatMap(
                name ->
                    Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .map(folder -> Path.of(folder, name)))
            .filter(Files::isExecutable)
            .findFirst();
    Lanes.enter("chromium", program.isPresent(), "no chromium is on the path");
    return new Browser(program.orElseThrow(), directory);
  }

  /** Lays a page out in a window of that width. */
  public Layout layout(Path page, int width) throws IOException, InterruptedException {
    // The page allows no script, so another one that holds it looks at it.
    Path probe = page.resolveSibling("probe.html");
    Files.writeString(
        probe,
        """
        <!DOCTYPE html><body style="margin:0">
        <iframe src="%s" style="border:0;width:%dpx;height:600px"></iframe><pre id="probed"></pre>
        <script>onload = () => {
          const page = frames[0].document, root = page.documentElement, lines = [];
          lines.push(root.scrollWidth + ' ' + root.scrollHeight);
          for (const svg of page.querySelectorAll('svg[role]')) {
            const box = svg.parentElement.getBoundingClientRect();
            lines.push([box.x, box.y, box.width, box.height].map(Math.round).join(' ') + ' '
              + svg.getAttribute('aria-label'));
          }
          document.getElementById('probed').textContent = lines.join('\\n');
        };</script></body>
        """
            .formatted(page.getFileName(), width));
    String dom =
        run(
            List.of("--dump-dom", "--allow-file-access-from-files", probe.toUri().toString()),
            true);
    Matcher probed = PROBED.matcher(dom);
    assertTrue(probed.find() && !probed.group(1).isBlank(), dom);
    List<String> lines = probed.group(1).lines().toList();
    String[] size = lines.getFirst().split(" ");
    List<Box> boxes = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] box = line.split(" ", 5);
      int[] numbers = Arrays.stream(box).limit(4).mapToInt(Integer::parseInt).toArray();
      boxes.add(new Box(box[4], numbers[0], numbers[1], numbers[2], numbers[3]));
    }
    return new Layout(Integer.parseInt(size[0]), Integer.parseInt(size[1]), boxes);
  }

  /** Paints a page in a window of that size. */
  public Shot shoot(Path page, int width, int height, boolean dark)
      throws IOException, InterruptedException {
    Path image = page.resolveSibling("shot-" + width + (dark ? "-dark" : "") + ".png");
    String said =
        run(
            List.of(
                "--screenshot=" + image,
                "--window-size=" + width + "," + height,
                "--blink-settings=preferredColorScheme=" + (dark ? 0 : 1),
                page.toUri().toString()),
            false);
    assertTrue(Files.exists(image), said);
    return new Shot(
        ImageIO.read(image.toFile()),
        said.lines().filter(line -> line.contains("CONSOLE")).toList(),
        requests(directory.resolve("browser-" + (calls - 1)).resolve(NETWORK)));
  }

  /** The browser's own requests are not made for a file. */
  private static List<String> requests(Path network) throws IOException {
    return Files.readAllLines(network).stream()
        .filter(event -> event.contains("\"network_isolation_key\":\"file:"))
        .toList();
  }

  private String run(List<String> arguments, boolean wantsOutput)
      throws IOException, InterruptedException {
    Path home = Files.createDirectory(directory.resolve("browser-" + calls++));
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(
        List.of(
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--log-net-log=" + home.resolve(NETWORK),
            "--user-data-dir=" + home.resolve("profile")));
    command.addAll(arguments);
    Path out = home.resolve("out");
    Path err = home.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("HOME", home.toString());
    builder.environment().put("TMPDIR", home.toString());
    Process process = builder.start();
    try {
      boolean ended = process.waitFor(LIMIT_S, TimeUnit.SECONDS);
      assertTrue(ended, () -> "still running: " + command);
      assertEquals(0, process.exitValue(), Files.readString(err));
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      awaitGone(home);
    }
    return Files.readString(wantsOutput ? out : err);
  }

  /** Its helpers end with it, a moment later. */
  private static void awaitGone(Path home) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (isUsed(home)) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "a process of the browser is left: " + home);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private static boolean isUsed(Path home) {
    return ProcessHandle.allProcesses()
        .anyMatch(handle -> commandLine(handle.pid()).contains(home.toString()));
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"));
    } catch (IOException gone) {
      return "";
    }
  }
}

package dev.starling.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The main class of {@code starling-bench.jar}: JMH with its own options, and
 *
 * <ul>
 *   <li>where a result file is asked for ({@code -rff FILE}), what machine and JVM it comes from,
 *       written beside it before the run begins, as {@code FILE} without its ending and {@code
 *       -environment.json}: {@link Environment};
 *   <li>{@code --quick}: every benchmark once, for a tenth of a second, in its smallest size, and
 *       an exit code other than 0 when one fails. It shows that they run, not how fast.
 * </ul>
 */
public final class BenchMain {
  private static final String QUICK = "--quick";
  private static final List<String> QUICK_OPTIONS =
      List.of(
          "-wi",
          "0",
          "-i",
          "1",
          "-r",
          "100ms",
          "-f",
          "1",
          "-foe",
          "true",
          "-to",
          "20s",
          "-p",
          "floats=16384",
          "-p",
          "modelBytes=1000000",
          "-p",
          "gradientBytes=1048576");
  private static final String ENDING = ".json";

  private BenchMain() {}

  /**
   * Runs JMH.
   *
   * @param arguments JMH's, or {@code --quick} with some of JMH's
   * @throws IOException when the environment cannot be written, or JMH fails
   */
  public static void main(String[] arguments) throws IOException {
    List<String> options = options(arguments);
    int file = options.indexOf("-rff");
    if (file >= 0 && file + 1 < options.size()) {
      Files.writeString(environmentFile(Path.of(options.get(file + 1))), Environment.json());
    }
    org.openjdk.jmh.Main.main(options.toArray(String[]::new));
  }

  /** Puts the options of a quick run before the others, of which JMH takes the last. */
  static List<String> options(String[] arguments) {
    List<String> options = new ArrayList<>(Arrays.asList(arguments));
    if (options.remove(QUICK)) {
      options.addAll(QUICK_OPTIONS);
    }
    return options;
  }

  /** {@return where the environment of a result file is written} */
  static Path environmentFile(Path results) {
    String name = results.getFileName().toString();
    String stem = name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name;
    return results.resolveSibling(stem + "-environment.json");
  }
}

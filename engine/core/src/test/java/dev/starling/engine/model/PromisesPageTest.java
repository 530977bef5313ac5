package dev.starling.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of promises names tests that exist, and every promise. */
class PromisesPageTest {
  private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("../..");
  private static final Pattern NAMED =
      Pattern.compile("`([A-Z]\\w+(?:Test|Stress))(?:\\.(should\\w+))?`");
  private static final int MIN_NAMED = 20;

  @Test
  void shouldNameTestsThatExist() throws IOException {
    Map<String, Path> tests = testClasses();
    List<String> missing = new ArrayList<>();
    Matcher named = NAMED.matcher(page());
    int count = 0;
    while (named.find()) {
      count++;
      Path file = tests.get(named.group(1));
      if (file == null) {
        missing.add("there is no class " + named.group(1));
      } else if (named.group(2) != null
          && !Files.readString(file).contains("void " + named.group(2) + "(")) {
        missing.add(file.getFileName() + " has no test " + named.group(2));
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(count >= MIN_NAMED, "only " + count + " tests are named");
  }

  @Test
  void shouldNameEveryPromiseOnce() throws IOException {
    String page = page();
    for (String promise : "I1 I2 I3 I4 I5 I6 I7 I8 P1 P2 P3 P4 P5 P6 P7 P8".split(" ")) {
      assertEquals(1, page.split("\\n\\| " + promise + " \\|", -1).length - 1, promise);
    }
  }

  private static String page() throws IOException {
    return Files.readString(ROOT.resolve("engine/PROMISES.md"));
  }

  private static Map<String, Path> testClasses() throws IOException {
    Map<String, Path> classes = new HashMap<>();
    for (String module :
        List.of(
            "engine/core",
            "engine/chronicle",
            "engine/cli",
            "engine/stress",
            "rdma",
            "cuda-kernels")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .forEach(file -> classes.put(file.getFileName().toString().replace(".java", ""), file));
      }
    }
    return classes;
  }
}

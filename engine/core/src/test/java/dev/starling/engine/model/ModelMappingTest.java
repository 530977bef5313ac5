package dev.starling.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The table of {@code src/test/promela/README.md} that leads from the model to the code names only
 * what there is, and names every state of the model. Needs no model checker.
 */
class ModelMappingTest {
  private static final Pattern NAME = Pattern.compile("`([^`]+)`");
  private static final Pattern STATE =
      Pattern.compile("\\b(?:pc|gc|cc) == ([A-Z][A-Z_]+)\\b|\\b(?:pc|gc|cc) = ([A-Z][A-Z_]+)\\b");
  private static final Pattern MUTANT = Pattern.compile("\\bMUTANT_[A-Z_]+\\b");
  private static final Path BASE = Path.of(System.getProperty("basedir", "."));
  private static final List<Path> CODE =
      List.of(BASE.resolve("src/main/java"), BASE.resolve("../../rdma/src/main/java"));

  private static String model;
  private static List<String[]> rows;

  @BeforeAll
  static void read() throws IOException {
    model = concatenated(Spin.MODEL, ".pml");
    rows = rows(Files.readString(Spin.MODEL.resolve("README.md")));
    assertTrue(rows.size() > 20, "the table was not found: rows=" + rows.size());
  }

  /** The rows of the first table only. */
  private static List<String[]> rows(String page) {
    List<String[]> found = new ArrayList<>();
    boolean inside = false;
    for (String line : page.lines().toList()) {
      boolean isRow = line.startsWith("| `");
      if (isRow) {
        found.add(line.split("\\|", -1));
      } else if (inside) {
        break;
      }
      inside = isRow;
    }
    return found;
  }

  private static String concatenated(Path directory, String ending) throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(f -> f.toString().endsWith(ending)).sorted().toList()) {
        all.append(Files.readString(file)).append('\n');
      }
    }
    return all.toString();
  }

  private static Set<String> named(int column) {
    Set<String> names = new TreeSet<>();
    for (String[] row : rows) {
      Matcher matcher = NAME.matcher(row[column]);
      while (matcher.find()) {
        names.add(matcher.group(1));
      }
    }
    return names;
  }

  @Test
  void shouldNameOnlyWhatTheModelDefines() {
    List<String> missing =
        named(1).stream()
            .filter(name -> !Pattern.compile("#define " + name + "\\b").matcher(model).find())
            .toList();
    assertEquals(List.of(), missing, "named in README.md but not defined in the model");
  }

  @Test
  void shouldNameEveryStateOfTheModel() {
    Set<String> states = new TreeSet<>();
    Matcher matcher = STATE.matcher(model);
    while (matcher.find()) {
      states.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
    }
    assertTrue(states.size() > 40, "the states were not found: " + states);
    states.removeAll(named(1));
    assertEquals(Set.of(), states, "states of the model that README.md does not lead to the code");
  }

  @Test
  void shouldNameOnlyMethodsThatTheCodeHas() throws IOException {
    List<String> missing = new ArrayList<>();
    Set<String> named = named(2);
    assertTrue(named.size() > 40, "the methods were not found: " + named);
    for (String name : named) {
      if (!isInTheCode(name)) {
        missing.add(name);
      }
    }
    assertEquals(List.of(), missing, "named in README.md but not in the code");
  }

  @Test
  void shouldNotFindWhatTheCodeDoesNotHave() throws IOException {
    assertTrue(isInTheCode("LockGuard.watch"));
    assertTrue(!isInTheCode("LockGuard.watchTower"));
    assertTrue(!isInTheCode("LockGuards.watch"));
    // Called there, not declared.
    assertTrue(!isInTheCode("LockGuard.quarantine"));
  }

  /** Whoever plants a mistake must also let it be found. */
  @Test
  void shouldLetEveryPlantedMistakeBeFound() throws IOException {
    String test =
        Files.readString(
            BASE.resolve("src/test/java/dev/starling/engine/model/ProtocolModelTest.java"));
    assertEquals(mutants(model), mutants(test));
  }

  private static Set<String> mutants(String text) {
    Set<String> names = new TreeSet<>();
    Matcher matcher = MUTANT.matcher(text);
    while (matcher.find()) {
      names.add(matcher.group());
    }
    return names;
  }

  /** Whether a class declares a method, or an enumeration a constant. */
  private static boolean isInTheCode(String name) throws IOException {
    int dot = name.indexOf('.');
    String file = name.substring(0, dot) + ".java";
    String member = Pattern.quote(name.substring(dot + 1));
    Pattern declared =
        Pattern.compile(
            "(?m)^  (?!\\s|return\\b|throw\\b|new\\b)(?:[\\w<>\\[\\].]+ )+"
                + member
                + "\\("
                + "|^  "
                + member
                + "[,;(]?$");
    for (Path root : CODE) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path source : files.filter(f -> f.getFileName().toString().equals(file)).toList()) {
          if (declared.matcher(Files.readString(source)).find()) {
            return true;
          }
        }
      }
    }
    return false;
  }
}

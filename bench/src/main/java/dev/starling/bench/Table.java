package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Prints results as the Markdown tables of README: what JMH wrote ({@code -rf json -rff FILE}),
 * what {@link MpiComparison}, {@link ReplayComparison} and {@link AlgorithmRates} print with {@code
 * --json}, and the environment that is written beside JMH's. Of a directory it takes every file
 * that ends in {@code .json}, in the order of their names.
 */
public final class Table {
  private final Map<TableKind, List<String>> rows = new EnumMap<>(TableKind.class);
  private final List<String> environments = new ArrayList<>();

  private Table() {}

  /**
   * Prints a table for each kind of result.
   *
   * @param args files and directories
   */
  public static void main(String[] args) {
    if (args.length == 0) {
      System.err.println(
          "No file was named; pass the JSON files of results, or the directory that they are in.");
      System.exit(2);
    }
    Table table = new Table();
    Path at = null;
    try {
      List<Path> files = new ArrayList<>();
      for (String arg : args) {
        at = Path.of(arg);
        files.addAll(files(at));
      }
      for (Path file : files) {
        at = file;
        table.add(new ObjectMapper().readTree(file.toFile()));
      }
      System.out.print(table.markdown());
    } catch (IOException | IllegalArgumentException e) {
      System.err.println(
          at
              + " holds no results ("
              + e.getMessage()
              + "); pass files of JMH, MpiComparison --json or ReplayComparison --json.");
      System.exit(1);
    }
  }

  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> all = Files.list(path)) {
      List<Path> files = all.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      if (files.isEmpty()) {
        throw new IllegalArgumentException("it has no file that ends in .json");
      }
      return files;
    }
  }

  /**
   * Turns the results of some files into Markdown.
   *
   * @param results the content of each file
   * @return lines that end in a newline: for each kind its comment, its header and its rows
   * @throws IllegalArgumentException if one holds no results
   */
  static String markdown(JsonNode... results) {
    Table table = new Table();
    Arrays.stream(results).forEach(table::add);
    return table.markdown();
  }

  private void add(JsonNode results) {
    if (results.isArray() && !results.isEmpty()) {
      results.forEach(result -> row(JmhRows.kind(result), JmhRows.row(result)));
      return;
    }
    boolean known = results.has("environment");
    if (known) {
      environments.add(environment(results.get("environment")));
    }
    for (TableKind kind : ComparisonRows.KINDS) {
      for (JsonNode row : results.path(kind.label())) {
        row(kind, ComparisonRows.row(kind, row));
        known = true;
      }
    }
    if (!known) {
      throw new IllegalArgumentException("it is neither an array of JMH nor a comparison");
    }
  }

  private void row(TableKind kind, String row) {
    rows.computeIfAbsent(kind, first -> new ArrayList<>()).add(row);
  }

  private static String environment(JsonNode facts) {
    return "%s, %s processors, %s, JDK %s, commit %s\n"
        .formatted(
            facts.path("cpu").asText(),
            facts.path("processors").asText(),
            facts.path("kernel").asText(),
            facts.path("jdk").asText(),
            facts.path("commit").asText());
  }

  private String markdown() {
    List<String> parts = new ArrayList<>();
    if (!environments.isEmpty()) {
      parts.add(String.join("", environments.stream().distinct().toList()));
    }
    rows.forEach(
        (kind, lines) -> parts.add(kind.marker() + kind.header() + String.join("", lines)));
    return String.join("\n", parts);
  }
}

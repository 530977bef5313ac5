package dev.starling.engine.topology;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A graph in a text file, UTF-8: one edge per line, two ranks with blanks between; {@code #} begins
 * a comment; empty lines do not count. The order of edges and of their ends does not matter, and an
 * edge that is there twice counts once.
 */
final class EdgeFile {
  private final Path file;
  private final Edges edges;
  private int line;

  private EdgeFile(Path file, int workers) {
    this.file = file;
    edges = new Edges(workers);
  }

  static Edges read(Path file, int workers) {
    if (!Files.isRegularFile(file)) {
      throw new ConfigurationException(
          "topology file "
              + file
              + (Files.exists(file) ? " is no ordinary file" : " does not exist")
              + ": give the path of a text file with one edge 'a b' per line");
    }
    EdgeFile reader = new EdgeFile(file, workers);
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      for (String text = lines.readLine(); text != null; text = lines.readLine()) {
        reader.line++;
        reader.edge(text);
      }
    } catch (CharacterCodingException binary) {
      throw new ConfigurationException(
          "topology file "
              + file
              + " is not UTF-8 text after line "
              + reader.line
              + ": give a text file with one edge 'a b' per line");
    } catch (IOException failure) {
      throw new StarlingException(
          "topology file "
              + file
              + " could not be read ("
              + failure.getMessage()
              + "): make it readable for this user",
          failure);
    }
    reader.requireOneGraph();
    return reader.edges;
  }

  private void edge(String text) {
    int comment = text.indexOf('#');
    String content = (comment < 0 ? text : text.substring(0, comment)).strip();
    if (content.isEmpty()) {
      return;
    }
    String[] ranks = content.split("\\s+");
    if (ranks.length != 2) {
      throw wrong("'" + shortened(content) + "' is no edge", "write two ranks, for instance '0 1'");
    }
    int a = rank(ranks[0]);
    int b = rank(ranks[1]);
    if (a == b) {
      throw wrong("'" + content + "' joins worker " + a + " with itself", "remove the line");
    }
    edges.join(a, b);
  }

  private int rank(String digits) {
    int workers = edges.workers();
    if (!digits.matches("[0-9]{1,9}") || Integer.parseInt(digits) >= workers) {
      throw wrong(
          "'" + shortened(digits) + "' is no rank of a job with " + workers + " workers",
          "use whole numbers from 0 to " + (workers - 1) + " or more workers");
    }
    return Integer.parseInt(digits);
  }

  private void requireOneGraph() {
    int workers = edges.workers();
    int alone = edges.firstAlone();
    if (workers > 1 && alone >= 0) {
      throw new ConfigurationException(
          "topology file "
              + file
              + " ("
              + line
              + " lines) has no edge for worker "
              + alone
              + " of "
              + workers
              + ": add one, or use fewer workers");
    }
    int unreached = edges.firstUnreached();
    if (unreached >= 0) {
      throw new ConfigurationException(
          "topology file "
              + file
              + " ("
              + line
              + " lines) falls into parts, no path leads from worker 0 to worker "
              + unreached
              + ": add an edge between the two parts");
    }
  }

  private ConfigurationException wrong(String what, String cure) {
    return new ConfigurationException(
        "topology file " + file + ", line " + line + ": " + what + "; " + cure);
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }
}

package dev.starling.engine.topology;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EdgeFileTest {
  @TempDir Path directory;

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("graph.txt"), text);
  }

  private Topology read(String text, int workers) throws IOException {
    return Topology.parse("file:" + file(text), workers, 1);
  }

  private String refusal(Path file, int workers) {
    String message =
        assertThrows(ConfigurationException.class, () -> Topology.parse("file:" + file, workers, 1))
            .getMessage();
    assertTrue(message.contains(file.toString()), message);
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @Test
  void shouldReadEdgesAndSkipCommentsAndBlanks() throws IOException {
    Topology path = read("# a path\n\n0 1\n  2\t1   # the middle\r\n#2 0\n3 2\n1 2\n1 0", 4);
    Graphs.assertSound(path);
    assertEquals("file:" + directory.resolve("graph.txt"), path.name());
    assertEquals(3, path.edges());
    assertArrayEquals(new int[] {1}, path.neighbours(0));
    assertArrayEquals(new int[] {0, 2}, path.neighbours(1));
    assertArrayEquals(new int[] {1, 3}, path.neighbours(2));
    for (int rank = 0; rank < 4; rank++) {
      assertTrue(path.initiates(rank));
    }
    // Written as a path, initiated from both ends: 1 - rho by hand for three workers is 1/4.
    assertEquals(0.25, read("0 1\n1 2", 3).mixing().gap(), 1e-14);
  }

  @Test
  void shouldReadWhatAnotherGraphPrints() throws IOException {
    Topology torus = Topology.of(Topology.Kind.TORUS, 12);
    StringBuilder text = new StringBuilder();
    for (int rank = 0; rank < 12; rank++) {
      for (int peer : torus.neighbours(rank)) {
        text.append(rank).append(' ').append(peer).append('\n');
      }
    }
    Topology read = read(text.toString(), 12);
    for (int rank = 0; rank < 12; rank++) {
      assertArrayEquals(torus.neighbours(rank), read.neighbours(rank));
    }
    assertEquals(torus.mixing().gap(), read.mixing().gap(), 1e-14);
  }

  @Test
  void shouldAcceptAnEmptyFileWhenOneWorkerIsAlone() throws IOException {
    assertEquals(0, read("# nobody to meet\n", 1).edges());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 1;1 3 | line 2: '3' is no rank of a job with 3 workers; use whole numbers from 0 to 2",
        "0 1;;-1 2 | line 3: '-1' is no rank of a job with 3 workers",
        "0 one | line 1: 'one' is no rank",
        "0 99999999999 | line 1: '99999999999' is no rank",
        "0 1 2 | line 1: '0 1 2' is no edge; write two ranks, for instance '0 1'",
        "0 1;2 | line 2: '2' is no edge",
        "0 1;1 1 | line 2: '1 1' joins worker 1 with itself; remove the line",
        "0 1 | (1 lines) has no edge for worker 2 of 3: add one, or use fewer workers",
        "# | (1 lines) has no edge for worker 0 of 3",
      })
  void shouldNameLineValueAndCureWhenALineIsWrong(String lines, String part) throws IOException {
    String message = refusal(file(lines.replace(';', '\n')), 3);
    assertTrue(message.contains(part), message);
  }

  @Test
  void shouldNameAWorkerOfEachPartWhenTheGraphFallsApart() throws IOException {
    String message = refusal(file("0 1\n1 4\n2 3\n"), 5);
    assertTrue(message.contains("no path leads from worker 0 to worker 2: add an edge"), message);
  }

  @Test
  void shouldSayWhatIsWrongWhenThePathLeadsToNoText() throws IOException {
    String missing = refusal(directory.resolve("absent"), 2);
    assertTrue(missing.contains("does not exist: give the path"), missing);
    String folder = refusal(directory, 2);
    assertTrue(folder.contains("is no ordinary file"), folder);
    Path binary = directory.resolve("binary");
    Files.write(binary, new byte[] {'0', ' ', '1', '\n', (byte) 0xff, (byte) 0xfe});
    assertTrue(refusal(binary, 2).contains("is not UTF-8 text"), refusal(binary, 2));
    Path longLine = directory.resolve("long");
    Files.write(longLine, "9".repeat(5000).getBytes(StandardCharsets.UTF_8));
    assertTrue(refusal(longLine, 2).length() < 500);
  }

  @Test
  void shouldQuoteThePathWhenTheGraphIsPrinted() throws IOException {
    Path odd = Files.writeString(directory.resolve("a\"b.txt"), "0 1\n");
    String dot = Topology.parse("file:" + odd, 2, 1).toDot();
    assertTrue(dot.lines().findFirst().orElseThrow().endsWith("a\\\"b.txt\" {"), dot);
  }
}

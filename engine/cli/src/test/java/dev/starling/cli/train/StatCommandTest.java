package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code starling stat} on directories that a run left in an odd state, or that are no run's. */
class StatCommandTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Path run;

  @BeforeEach
  void makeDirectory() throws IOException {
    run = Files.createDirectory(shared.run("run"));
  }

  private CommandRun stat() {
    return CommandRun.of("stat", run.toString(), "--json");
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(run.resolve(name), content);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          garbage           | {"state":"finished","ranks":[]}
          ''                | {"state":"finished","ranks":[]}
          {}                | {}
          {}                | {"state":"running"
          {}                | {"state":"running","ranks":5}
          {"board":"x"}     | {"state":7,"ranks":[]}
          {"board":[]}      | []
          """)
  void shouldFailInOneSentenceWhenTheFilesAreNotThoseOfARun(String config, String saved)
      throws IOException {
    write("config.json", config);
    write("stat.json", saved);
    CommandRun stat = stat();
    assertEquals(1, stat.exitCode());
    assertTrue(stat.err().contains("something other than starling wrote it"), stat.err());
    assertTrue(stat.err().contains(run.toString()), stat.err());
    assertFalse(stat.err().contains("fault of starling"), stat.err());
  }

  /** A board as its coordinator leaves it: there, but not locked. */
  private Path deadBoard() throws IOException {
    ShmFabric fabric = new ShmFabric(shared.directory());
    Path copy = shared.run("board");
    try (JobBoard board = JobBoard.create(fabric, 3, 1, 10)) {
      Files.copy(board.path(), copy);
    }
    return copy;
  }

  @ParameterizedTest
  @CsvSource({"finished, finished", "running, dead"})
  void shouldTellARunThatEndsAtThisMomentFromOneThatDied(String saved, String told)
      throws IOException {
    write("config.json", "{\"board\":\"" + deadBoard() + "\"}");
    write("stat.json", "{\"state\":\"" + saved + "\",\"workLeft\":0,\"ranks\":[]}");
    assertEquals(told, stat().requireOk().json().get("state").asText());
  }

  @Test
  void shouldReadTheBoardOfADeadRunThatSavedNothing() throws IOException {
    write("config.json", "{\"board\":\"" + deadBoard() + "\"}");
    CommandRun stat = stat().requireOk();
    assertEquals("dead", stat.json().get("state").asText());
    assertEquals(10, stat.json().get("workLeft").asLong());
    assertEquals(1, stat.json().get("ranks").size());
  }
}

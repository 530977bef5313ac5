package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Python reads what the engine writes; where it or its modules are not there, these do not run. */
class NumpyTest {
  private static final String NUMPY =
      """
      import json, struct, sys, numpy
      raw = open(sys.argv[1], 'rb').read()
      n = struct.unpack('<Q', raw[:8])[0]
      header = json.loads(raw[8:8 + n])
      metadata = header.pop('__metadata__')
      print(metadata['starling.rank'], metadata['config.note'])
      for name, t in header.items():
          begin, end = t['data_offsets']
          a = numpy.frombuffer(raw[8 + n + begin:8 + n + end], '<f4').reshape(t['shape'])
          print(name, a.shape, float(a.sum()))
      """;
  private static final String SAFETENSORS =
      """
      import sys, safetensors
      with safetensors.safe_open(sys.argv[1], framework='numpy') as f:
          print(f.metadata()['starling.rank'], f.metadata()['config.note'])
          for name in ['w', 'b', 'optimizer.momentum']:
              a = f.get_tensor(name)
              print(name, a.shape, float(a.sum()))
      """;

  @TempDir Path directory;

  private static String python(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("python3"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      return told + "exit " + process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private static boolean has(String module) throws InterruptedException {
    try {
      return python("-c", "import numpy, " + module).equals("exit 0");
    } catch (IOException noPython) {
      return false;
    }
  }

  private void requireReadable(String program) throws IOException, InterruptedException {
    Path file = directory.resolve("rank-2.1.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6, 7.5f);
      CheckpointFiles.write(
          file,
          new RankCheckpoint(
              "j", 2, 1, 5, 9, List.of(1L, 2L), List.of(3L, 4L), 1, Map.of("note", "a \"b\"")),
          List.of(
              new Safetensors.Tensor("w", List.of(2, 3)), new Safetensors.Tensor("b", List.of(1))),
          values,
          List.of(new StateVector("momentum", values)));
    }
    assertEquals(
        """
        2 a "b"
        w (2, 3) 21.0
        b (1,) 7.5
        optimizer.momentum (7,) 28.5
        exit 0\
        """,
        python("-c", program, file.toString()));
  }

  @Test
  void shouldBeReadableByNumpyWhenItIsThere() throws IOException, InterruptedException {
    assumeTrue(has("numpy"));
    requireReadable(NUMPY);
  }

  @Test
  void shouldBeReadableByThePublishedLibraryWhenItIsThere()
      throws IOException, InterruptedException {
    assumeTrue(has("safetensors"));
    requireReadable(SAFETENSORS);
  }
}

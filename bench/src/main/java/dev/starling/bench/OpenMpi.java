package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A C program of this package, compiled against Open MPI, that two ranks of this host run. */
final class OpenMpi implements AutoCloseable {
  private static final long LIMIT_S = 120;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path program;

  private OpenMpi(Path program) {
    this.program = program;
  }

  /**
   * Compiles a program.
   *
   * @param source the resource that has its text
   * @return the program, deleted when it is closed
   * @throws IOException when there is no Open MPI, or it refuses the program
   * @throws InterruptedException when interrupted
   */
  static OpenMpi compile(String source) throws IOException, InterruptedException {
    Path program = Files.createTempFile("starling-mpi-", "");
    Path text = Files.createTempFile("starling-mpi-", ".c");
    try (InputStream resource = OpenMpi.class.getResourceAsStream(source)) {
      Files.write(text, resource.readAllBytes());
      output(List.of("mpicc", "-O3", "-march=native", "-o", program.toString(), text.toString()));
      return new OpenMpi(program);
    } catch (IOException failure) {
      Files.deleteIfExists(program);
      throw failure;
    } finally {
      Files.delete(text);
    }
  }

  /**
   * Runs it as two ranks, with the transports of one host only: no network is looked for.
   *
   * @param options more options of mpirun
   * @param bytes first argument
   * @param iterations second argument
   * @return the JSON that it printed
   * @throws IOException when it fails, with what it printed
   * @throws InterruptedException when interrupted
   */
  JsonNode run(List<String> options, long bytes, int iterations)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("mpirun", "--oversubscribe"));
    if ("root".equals(System.getProperty("user.name"))) {
      command.add("--allow-run-as-root");
    }
    command.addAll(List.of("--mca", "btl", "self,vader", "--mca", "pml", "ob1"));
    command.addAll(options);
    command.addAll(List.of("-n", "2", program.toString()));
    command.addAll(List.of(Long.toString(bytes), Integer.toString(iterations)));
    return MAPPER.readTree(output(command));
  }

  private static String output(List<String> command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      throw new IOException(
          command.getFirst()
              + " could not be run ("
              + missing.getMessage()
              + "): install Open MPI (Debian packages openmpi-bin and libopenmpi-dev)",
          missing);
    }
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(
            String.join(" ", command) + " failed: " + output.strip().replace('\n', ' '));
      }
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(program);
  }
}

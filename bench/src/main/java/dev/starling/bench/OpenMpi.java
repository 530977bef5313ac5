package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A C program of this package, compiled against Open MPI, that two ranks of this host run. */
final class OpenMpi implements AutoCloseable {
  private static final long LIMIT_S = 120;
  private static final long END_LIMIT_S = 10;
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
    OpenMpi made = new OpenMpi(Files.createTempFile("starling-mpi-", ""));
    try {
      made.compileFrom(source);
      return made;
    } catch (Throwable failure) {
      made.close();
      throw failure;
    }
  }

  private void compileFrom(String source) throws IOException, InterruptedException {
    Path text = Files.createTempFile("starling-mpi-", ".c");
    try (InputStream resource = OpenMpi.class.getResourceAsStream(source)) {
      Files.write(text, resource.readAllBytes());
      output(List.of("mpicc", "-O3", "-march=native", "-o", program.toString(), text.toString()));
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

  /** What a command prints; what it says as an error is for the message when it fails. */
  private static String output(List<String> command) throws IOException, InterruptedException {
    Path out = Files.createTempFile("starling-mpi-", ".out");
    Path err = Files.createTempFile("starling-mpi-", ".err");
    try {
      run(command, out, err);
      return Files.readString(out);
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  private static void run(List<String> command, Path out, Path err)
      throws IOException, InterruptedException {
    Process process = start(command, out, err);
    try {
      if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
        throw new IOException(
            "%s had not ended after %d s (%s): ask for fewer BYTES, or make the machine quieter"
                .formatted(String.join(" ", command), LIMIT_S, said(out, err)));
      }
      if (process.exitValue() != 0) {
        throw new IOException(
            "%s failed with exit code %d: %s"
                .formatted(String.join(" ", command), process.exitValue(), said(out, err)));
      }
    } finally {
      end(process);
    }
  }

  private static Process start(List<String> command, Path out, Path err) throws IOException {
    try {
      return new ProcessBuilder(command)
          .redirectInput(new File("/dev/null"))
          .redirectOutput(out.toFile())
          .redirectError(err.toFile())
          .start();
    } catch (IOException missing) {
      throw new IOException(
          command.getFirst()
              + " could not be run ("
              + missing.getMessage()
              + "): install Open MPI (Debian packages openmpi-bin and libopenmpi-dev)",
          missing);
    }
  }

  private static String said(Path out, Path err) throws IOException {
    return (Files.readString(err) + Files.readString(out)).strip().replace('\n', ' ');
  }

  /** Asked first, mpirun ends its ranks before itself; killed at once, it would leave them. */
  private static void end(Process process) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(END_LIMIT_S, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(program);
  }
}

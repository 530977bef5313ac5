package dev.starling.cli.train;

import dev.starling.cli.Json;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.Safetensors;
import dev.starling.models.Model;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of one run. {@link #log}, {@link #tryWrite} and {@link #complaint} may be called from
 * any thread, the rest from the main one.
 *
 * <p>A run does not end because its log cannot be written, for instance on a full disk: it goes on,
 * and whoever shows its progress passes the {@link #complaint} on.
 */
final class RunDirectory implements AutoCloseable {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  /** The file that says what a run is made of. */
  static final String CONFIG = "config.json";

  /** The file that a run ends with. */
  static final String RESULT = "result.json";

  private static final String PARENT = "starling-runs";
  private static final int MAX_RUNS_PER_SECOND = 1000;

  private final Path path;
  private final BufferedWriter log;
  private String complaint;
  private boolean complained;

  private RunDirectory(Path path, OpenOption... options) throws IOException {
    this.path = path;
    log = Files.newBufferedWriter(path.resolve("train.log"), options);
  }

  /**
   * Opens the directory of an earlier run, which goes on.
   *
   * @param path the directory
   * @return the directory; its log is added to
   * @throws ConfigurationException when no run was there
   * @throws IOException when it cannot be written
   */
  static RunDirectory reopen(Path path) throws IOException {
    requireRun(path);
    return new RunDirectory(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /**
   * Refuses a directory without a run.
   *
   * @param path the directory
   * @throws ConfigurationException when it has no config.json
   */
  static void requireRun(Path path) {
    if (!Files.isRegularFile(path.resolve(CONFIG))) {
      throw new ConfigurationException(
          path
              + " is no run directory (it has no config.json): name one that 'starling train'"
              + " made");
    }
  }

  /**
   * Makes the directory.
   *
   * @param wanted what the user chose: missing or empty; null for a new one in {@code
   *     starling-runs}
   * @param command the command's name, part of a new directory's name
   * @return the directory, with an empty log
   * @throws ConfigurationException when the wanted one holds something
   * @throws IOException when it cannot be made
   */
  static RunDirectory create(Path wanted, String command) throws IOException {
    if (wanted == null) {
      String name = LocalDateTime.now().format(TIME) + "-" + command;
      return new RunDirectory(fresh(parent(), name, "-"));
    }
    if (Files.exists(wanted) && !Files.isDirectory(wanted)) {
      throw new ConfigurationException(
          "--out=" + wanted + " is a file: choose a directory that is missing or empty");
    }
    Files.createDirectories(wanted);
    try (Stream<Path> entries = Files.list(wanted)) {
      if (entries.findAny().isPresent()) {
        throw new ConfigurationException(
            "--out=" + wanted + " is not empty: choose another directory, or remove that run");
      }
    }
    return new RunDirectory(wanted);
  }

  /**
   * Makes the directory of one rank below that of its run. A rank that is started again gets
   * another one beside that of its predecessor.
   *
   * @param run the run's directory
   * @param name the rank's
   * @return the directory, with an empty log
   * @throws ConfigurationException when a rank has finished the run
   * @throws IOException when it cannot be made
   */
  static RunDirectory ofRank(Path run, String name) throws IOException {
    if (Files.exists(run) && !Files.isDirectory(run)) {
      throw new ConfigurationException(
          "--out=" + run + " is a file: choose a directory that is missing or empty");
    }
    Files.createDirectories(run);
    try (Stream<Path> entries = Files.list(run)) {
      Optional<Path> result =
          entries.map(rank -> rank.resolve(RESULT)).filter(Files::exists).findAny();
      if (result.isPresent()) {
        throw new ConfigurationException(
            "--out="
                + run
                + " holds a run that has ended ("
                + result.get()
                + "): choose another directory, or remove that run");
      }
    }
    return new RunDirectory(fresh(run, name, "."));
  }

  private static Path parent() throws IOException {
    Path here = Path.of(PARENT);
    boolean writable =
        Files.isDirectory(here) ? Files.isWritable(here) : Files.isWritable(Path.of(""));
    Path parent = writable ? here : Path.of(System.getProperty("java.io.tmpdir")).resolve(PARENT);
    return Files.createDirectories(parent);
  }

  private static Path fresh(Path parent, String name, String separator) throws IOException {
    for (int number = 1; ; number++) {
      try {
        String numbered = number == 1 ? name : name + separator + number;
        return Files.createDirectory(parent.resolve(numbered));
      } catch (FileAlreadyExistsException taken) {
        if (number == MAX_RUNS_PER_SECOND) {
          throw taken;
        }
      }
    }
  }

  /** {@return where it is} */
  Path path() {
    return path;
  }

  /**
   * Adds a line to the log, if that is possible.
   *
   * @param line without a line break
   */
  synchronized void log(String line) {
    try {
      log.write(line);
      log.newLine();
      log.flush();
    } catch (IOException failure) {
      complain("train.log", failure);
    }
  }

  /**
   * Writes an object as {@link #write} does, if that is possible.
   *
   * @param name the file's name
   * @param object what it holds
   */
  synchronized void tryWrite(String name, Map<String, ?> object) {
    try {
      replace(name, Json.indented(object));
    } catch (IOException failure) {
      complain(name, failure);
    }
  }

  /**
   * Adds a line to a file that is not kept open, if that is possible.
   *
   * @param name the file's name
   * @param line without a line break
   * @return whether it was added whole; otherwise the file may end with a part of it
   */
  synchronized boolean tryAppend(String name, String line) {
    try {
      Files.writeString(
          path.resolve(name), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      return true;
    } catch (IOException failure) {
      complain(name, failure);
      return false;
    }
  }

  /**
   * Writes a file of lines, if that is possible. Whoever reads it meanwhile sees the old one or the
   * new one whole.
   *
   * @param name the file's name
   * @param lines without line breaks
   * @return whether it was written
   */
  synchronized boolean tryWriteLines(String name, List<String> lines) {
    try {
      replace(name, lines.isEmpty() ? "" : String.join("\n", lines) + "\n");
      return true;
    } catch (IOException failure) {
      complain(name, failure);
      return false;
    }
  }

  private void complain(String name, IOException failure) {
    if (!complained) {
      complained = true;
      complaint = notWritten(name, failure) + "; the run goes on without";
    }
  }

  /**
   * Returns what a person should be told, once.
   *
   * @return why something could not be written, the first time that this happened
   */
  synchronized Optional<String> complaint() {
    Optional<String> told = Optional.ofNullable(complaint);
    complaint = null;
    return told;
  }

  private String notWritten(String name, IOException failure) {
    return "writing %s failed (%s): make room or make it writable"
        .formatted(path.resolve(name), failure.getMessage());
  }

  /**
   * Writes an object as a file for people and programs. Whoever reads it meanwhile sees the old one
   * or the new one whole.
   *
   * @param name the file's name
   * @param object what it holds
   * @throws StarlingException when that is impossible
   */
  void write(String name, Map<String, ?> object) {
    try {
      replace(name, Json.indented(object));
    } catch (IOException failure) {
      throw new StarlingException(notWritten(name, failure), failure);
    }
  }

  private void replace(String name, String text) throws IOException {
    Path fresh = path.resolve(name + ".new");
    try {
      Files.writeString(fresh, text);
      Files.move(fresh, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      // There only when the disk took half of it, or the name.
      Files.deleteIfExists(fresh);
    }
  }

  /**
   * Writes the averaged model.
   *
   * @param model the model
   * @param parameters its parameters
   * @param metadata what a reader may want to know
   */
  void writeModel(Model model, MemorySegment parameters, Map<String, String> metadata) {
    List<Safetensors.Tensor> tensors =
        model.tensors().stream()
            .map(tensor -> new Safetensors.Tensor(tensor.name(), tensor.shape()))
            .toList();
    Safetensors.write(path.resolve("model.safetensors"), tensors, parameters, metadata);
  }

  @Override
  public synchronized void close() {
    try {
      log.close();
    } catch (IOException failure) {
      complain("train.log", failure);
    }
  }
}

package dev.starling.cli.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The processes of a run, as the kernel shows them. Belongs to the test's thread. */
final class WorkerProcesses {
  /**
   * A worker's process.
   *
   * @param handle the process
   * @param rank its rank
   * @param incarnation which process of the rank it is
   */
  record Worker(ProcessHandle handle, int rank, int incarnation) {}

  /** By their names: the directory looks otherwise from another mount namespace. */
  private static final Pattern REGION = Pattern.compile("/starling-[0-9a-f]+-(\\d+\\.\\d+|board)");

  private final Process supervisor;

  WorkerProcesses(Process supervisor) {
    this.supervisor = supervisor;
  }

  /** Those who have begun to run Starling; a process that is just being made is left out. */
  List<Worker> list() {
    return supervisor.children().map(WorkerProcesses::of).flatMap(Optional::stream).toList();
  }

  Optional<Worker> newest(int rank) {
    return list().stream()
        .filter(worker -> worker.rank == rank)
        .max(Comparator.comparingInt(Worker::incarnation));
  }

  private static Optional<Worker> of(ProcessHandle handle) {
    List<String> command = command(handle.pid());
    int rank = command.indexOf("--as-rank");
    int incarnation = command.indexOf("--incarnation");
    return rank < 0 || incarnation < 0
        ? Optional.empty()
        : Optional.of(
            new Worker(
                handle,
                Integer.parseInt(command.get(rank + 1)),
                Integer.parseInt(command.get(incarnation + 1))));
  }

  private static List<String> command(long pid) {
    try {
      return List.of(Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"));
    } catch (IOException ended) {
      return List.of();
    }
  }

  /** Sends a signal; a process that has ended meanwhile is no failure. */
  static void signal(String name, long pid) throws IOException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid))
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
        .onExit()
        .join();
  }

  /** How many descriptors a process has open, 0 when it has ended. */
  static int openFiles(long pid) {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return (int) files.count();
    } catch (IOException ended) {
      return 0;
    }
  }

  /** How many regions and boards a process has mapped, 0 when it has ended. */
  static int mapped(long pid) {
    try (Stream<String> maps = Files.lines(Path.of("/proc/" + pid + "/maps"))) {
      return (int) maps.filter(line -> REGION.matcher(line).find()).count();
    } catch (IOException | UncheckedIOException ended) {
      return 0;
    }
  }

  /** Processes whose command line names a path. */
  static List<String> naming(Path path) {
    return ProcessHandle.allProcesses()
        .map(process -> String.join(" ", command(process.pid())))
        .filter(command -> command.contains(path.toString()))
        .filter(command -> command.contains("dev.starling.cli.Starling"))
        .toList();
  }
}

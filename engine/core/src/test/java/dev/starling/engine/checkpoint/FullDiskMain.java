package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Writes a checkpoint of 4 MB to the directory named by its argument, and says what came of it. */
public final class FullDiskMain {
  private FullDiskMain() {}

  /** Prints the failure and how many files there are afterwards. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    RankCheckpoint description =
        new RankCheckpoint("j", 0, 1, 1, 1, List.of(1L), List.of(1_000_000L), 1, Map.of());
    try (Arena arena = Arena.ofConfined()) {
      CheckpointFiles.write(
          directory.resolve("rank-0.1.safetensors"),
          description,
          List.of(),
          arena.allocate(4_000_000),
          List.of());
      System.out.println("it was written");
    } catch (StarlingException failure) {
      System.out.println(failure.getMessage());
    }
    try (Stream<Path> files = Files.list(directory)) {
      System.out.println(files.count() + " files");
    }
  }
}

package dev.starling.cli.checkpoint;

import dev.starling.engine.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file that a command is to write. */
final class OutputFile {
  private OutputFile() {}

  /**
   * Checks before any work is done that a file can be written, over no other one.
   *
   * @param file what {@code --out} says
   * @return the file
   * @throws ConfigurationException when it is there, or its directory cannot take it
   */
  static Path require(Path file) {
    if (Files.isDirectory(file)) {
      throw new ConfigurationException(
          "--out=" + file + " is a directory: name a file in it, for instance model.safetensors");
    }
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new ConfigurationException(
          "--out=" + file + " exists: choose another name, or remove it first");
    }
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory) || !Files.isWritable(directory)) {
      throw new ConfigurationException(
          "--out=%s cannot be written, its directory %s is missing or not writable: choose another"
              .formatted(file, directory));
    }
    return file;
  }
}

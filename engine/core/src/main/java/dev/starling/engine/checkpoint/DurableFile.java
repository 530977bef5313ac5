package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A file that is there whole, and on disk, or not at all.
 *
 * <pre>
 *   .NAME.PID.tmp   written, fsync      a crash leaves at most this
 *        | rename
 *        v
 *   NAME            fsync of the directory
 * </pre>
 */
final class DurableFile {
  /** How the name of an unfinished file ends. */
  static final String UNFINISHED = ".tmp";

  /** Small enough for a cache, so that checksum and write read the memory once. */
  private static final long CHUNK_BYTES = 1L << 20;

  /** What goes into a file. */
  @FunctionalInterface
  interface Content {
    /**
     * Writes all of it.
     *
     * @param output where to
     * @throws IOException when the file does not take it
     */
    void writeTo(Output output) throws IOException;
  }

  /** The file while it is written, with the checksum of what it holds so far. */
  static final class Output {
    private final FileChannel channel;
    private final CRC32C crc = new CRC32C();
    private long lengthBytes;

    private Output(FileChannel channel) {
      this.channel = channel;
    }

    /** Appends what remains in the buffer. */
    void write(ByteBuffer bytes) throws IOException {
      crc.update(bytes.duplicate());
      lengthBytes += bytes.remaining();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    /** Appends a range of memory. */
    void write(MemorySegment segment, long offsetBytes, long rangeBytes) throws IOException {
      for (long at = 0; at < rangeBytes; at += CHUNK_BYTES) {
        write(
            segment
                .asSlice(offsetBytes + at, Math.min(CHUNK_BYTES, rangeBytes - at))
                .asByteBuffer());
      }
    }
  }

  /**
   * What a file holds.
   *
   * @param lengthBytes its length
   * @param crc32c the checksum of all of it
   */
  record Sum(long lengthBytes, int crc32c) {}

  private DurableFile() {}

  /**
   * Writes a file, over an older one of that name. On failure what was written is removed and the
   * older file is untouched.
   *
   * @param file where
   * @param what what it is, as a failure names it
   * @param content what goes into it
   * @return what it holds
   * @throws StarlingException when it cannot be written
   */
  static Sum write(Path file, String what, Content content) {
    Path absolute = file.toAbsolutePath();
    Path temporary =
        absolute.resolveSibling(
            "." + absolute.getFileName() + "." + ProcessHandle.current().pid() + UNFINISHED);
    try {
      Sum sum = writeTemporary(temporary, content);
      Files.move(
          temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      synchronise(absolute.getParent());
      return sum;
    } catch (IOException failure) {
      StarlingException told =
          new StarlingException(
              "writing "
                  + what
                  + " to "
                  + file
                  + " failed ("
                  + failure
                  + "): free space there or choose another directory",
              failure);
      remove(temporary, told);
      throw told;
    } catch (Throwable failure) {
      remove(temporary, failure);
      throw failure;
    }
  }

  private static Sum writeTemporary(Path temporary, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      Output output = new Output(channel);
      content.writeTo(output);
      channel.force(true);
      return new Sum(output.lengthBytes, (int) output.crc.getValue());
    }
  }

  private static void remove(Path temporary, Throwable failure) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException whileRemoving) {
      failure.addSuppressed(whileRemoving);
    }
  }

  /**
   * Reads a file from beginning to end.
   *
   * @param file the file
   * @return what it holds
   * @throws IOException when it cannot be read
   */
  static Sum sum(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      // A read error is an exception here; behind a mapping it would be a fault.
      ByteBuffer chunk = ByteBuffer.allocateDirect((int) CHUNK_BYTES);
      CRC32C crc = new CRC32C();
      long lengthBytes = 0;
      while (channel.read(chunk.clear()) >= 0) {
        lengthBytes += chunk.flip().remaining();
        crc.update(chunk);
      }
      return new Sum(lengthBytes, (int) crc.getValue());
    }
  }

  /**
   * Makes what happened to the names in a directory durable: fsync(2) on it.
   *
   * @param directory the directory
   * @throws IOException when the file system refuses
   */
  static void synchronise(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}

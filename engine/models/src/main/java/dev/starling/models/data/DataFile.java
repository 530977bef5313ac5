package dev.starling.models.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A data file read from front to back, plain or compressed by gzip (told by its first bytes, not
 * its name), that knows where it is and turns whatever goes wrong into a {@link
 * DataFormatException}. One thread; must be closed.
 */
final class DataFile implements AutoCloseable {
  /**
   * Deflate turns at most 258 bytes into two bits (RFC 1951), so a file cannot expand further than
   * this.
   */
  static final long MAX_EXPANSION = 1032;

  /** Bytes of heap per pixel while a set is loaded: the byte itself and its float32. */
  private static final long HEAP_PER_BYTE = 1 + Float.BYTES;

  private static final int GZIP_MAGIC = 0x1F8B;

  private final Path path;
  private final InputStream in;
  private final long fileBytes;
  private final boolean compressed;
  private long offset;

  private DataFile(Path path, InputStream in, long fileBytes, boolean compressed) {
    this.path = path;
    this.in = in;
    this.fileBytes = fileBytes;
    this.compressed = compressed;
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @return the open file, at byte 0
   * @throws DataFormatException if it is missing, unreadable, a directory, or starts like gzip and
   *     is not
   * @throws IOException if reading fails
   */
  static DataFile open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new DataFormatException(path, 0, "this is a directory where a data file belongs");
    }
    InputStream raw = null;
    boolean opened = false;
    try {
      raw = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
      raw.mark(2);
      boolean compressed = ((raw.read() << 8) | raw.read()) == GZIP_MAGIC;
      raw.reset();
      InputStream in = compressed ? new GZIPInputStream(raw, 1 << 16) : raw;
      DataFile file = new DataFile(path, in, Files.size(path), compressed);
      opened = true;
      return file;
    } catch (NoSuchFileException e) {
      throw located(path, 0, "the file does not exist; put it there or name another directory", e);
    } catch (AccessDeniedException e) {
      throw located(path, 0, "the file may not be read; give yourself read permission", e);
    } catch (EOFException | ZipException e) {
      throw located(path, 0, "the gzip header is damaged; download the file again", e);
    } finally {
      if (!opened && raw != null) {
        raw.close();
      }
    }
  }

  private static DataFormatException located(
      Path path, long offset, String problem, Exception cause) {
    DataFormatException located = new DataFormatException(path, offset, problem);
    located.initCause(cause);
    return located;
  }

  /**
   * Makes an exception about this file.
   *
   * @param at byte at fault
   * @param problem what is wrong and what to do
   * @return the exception, to be thrown by the caller
   */
  DataFormatException wrong(long at, String problem) {
    return new DataFormatException(path, at, problem);
  }

  /** {@return bytes read so far, after decompression} */
  long offset() {
    return offset;
  }

  /**
   * Size of a file that may not be compressed.
   *
   * @return its size in bytes
   * @throws DataFormatException if it is compressed
   */
  long plainBytes() throws DataFormatException {
    if (compressed) {
      throw wrong(0, "the file is compressed by gzip; unpack it with gunzip first");
    }
    return fileBytes;
  }

  /**
   * Reads a big-endian 32-bit number.
   *
   * @return the number, unsigned
   * @throws IOException if the file ends before
   */
  long readUnsignedInt() throws IOException {
    byte[] bytes = new byte[4];
    readFully(bytes, 0, 4);
    return (bytes[0] & 0xFFL) << 24
        | (bytes[1] & 0xFFL) << 16
        | (bytes[2] & 0xFFL) << 8
        | (bytes[3] & 0xFFL);
  }

  /**
   * Reads exactly so many bytes.
   *
   * @param to receives them
   * @param from first index written
   * @param length number of bytes
   * @throws DataFormatException if the file ends before or its compressed stream is damaged
   * @throws IOException if reading fails
   */
  void readFully(byte[] to, int from, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int n = read(to, from + done, length - done);
      if (n < 0) {
        throw wrong(
            offset,
            "the file ends here but %d more bytes belong to it; it is truncated, download it again"
                .formatted(length - done));
      }
      done += n;
    }
  }

  private int read(byte[] to, int from, int length) throws IOException {
    try {
      int n = in.read(to, from, length);
      offset += Math.max(n, 0);
      return n;
    } catch (EOFException e) {
      throw located(path, offset, "the compressed data ends too early; download the file again", e);
    } catch (ZipException e) {
      throw located(
          path,
          offset,
          "the compressed data is damaged (" + e.getMessage() + "); download the file again",
          e);
    }
  }

  /**
   * Checks that a size the header names can be true before memory is allocated for it.
   *
   * @param following bytes that should follow the present offset, at least 0
   * @param maxHeapBytes most heap that may be used
   * @throws DataFormatException if the file is too short or too long for it, a gzip file of this
   *     size cannot hold it, or neither an array nor the heap can
   */
  void checkFollowing(long following, long maxHeapBytes) throws IOException {
    long total = offset + following;
    if (compressed ? total / MAX_EXPANSION > fileBytes : total > fileBytes) {
      throw wrong(
          compressed ? offset : fileBytes,
          ("the header promises %d bytes but the file has only %d%s; "
                  + "it is truncated or its header is wrong, download it again")
              .formatted(total, fileBytes, compressed ? " compressed" : ""));
    }
    if (!compressed && total < fileBytes) {
      throw wrong(
          total,
          "%d bytes follow the %d that the header promises; the file is damaged, download it again"
              .formatted(fileBytes - total, total));
    }
    checkHeap(following, maxHeapBytes);
  }

  /**
   * Checks that an array and the heap can hold a set.
   *
   * @param bytes pixels, at least 0
   * @param maxHeapBytes most heap that may be used
   * @throws DataFormatException if not
   */
  void checkHeap(long bytes, long maxHeapBytes) throws DataFormatException {
    if (bytes > Integer.MAX_VALUE - 8) {
      throw wrong(
          offset,
          "%d bytes of data are more than the %d supported; use a smaller set"
              .formatted(bytes, Integer.MAX_VALUE - 8));
    }
    if (bytes * HEAP_PER_BYTE > maxHeapBytes) {
      throw wrong(
          offset,
          "loading needs %d MiB of heap but the JVM may use %d MiB; start it with a larger -Xmx"
              .formatted((bytes * HEAP_PER_BYTE >> 20) + 1, maxHeapBytes >> 20));
    }
  }

  /**
   * Checks that nothing follows.
   *
   * @throws DataFormatException if something does
   * @throws IOException if reading fails
   */
  void expectEnd() throws IOException {
    long end = offset;
    if (read(new byte[1], 0, 1) > 0) {
      throw wrong(
          end,
          "more data follows where the header says the file ends; the file is damaged, download it"
              + " again");
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

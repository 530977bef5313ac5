package dev.starling.models.data;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A data file that cannot be used: missing, truncated, too long, of another format, or with
 * impossible contents.
 */
public final class DataFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** The file that is wrong. */
  private final String file;

  /** Where it is wrong, in bytes from its start. */
  private final long offset;

  /**
   * Makes an exception whose message is {@code FILE, byte OFFSET: PROBLEM} on one line.
   *
   * @param file the file or directory at fault
   * @param offset byte at which the problem shows, counted after decompression; 0 when the whole
   *     file is meant
   * @param problem what was found and what to do, one clause
   */
  public DataFormatException(Path file, long offset, String problem) {
    super(file + ", byte " + offset + ": " + problem);
    this.file = file.toString();
    this.offset = offset;
  }

  /**
   * The file at fault.
   *
   * @return its path
   */
  public String file() {
    return file;
  }

  /**
   * Byte at which the problem shows, counted after decompression.
   *
   * @return at least 0
   */
  public long offset() {
    return offset;
  }
}

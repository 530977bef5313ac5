package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.LogRecord;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Walks the documents of one segment file, also while it is written. Nothing in the file is
 * trusted: every offset is checked against the file's length before it is touched. Belongs to one
 * thread at a time.
 */
final class SegmentReader implements AutoCloseable {
  /** Where a walk stands. */
  enum State {
    /** On a document, or before the first one. */
    WITHIN,
    /** At the place where the next document will be. */
    OPEN,
    /** At the end mark. */
    ENDED,
    /** At something that cannot be read, see {@link #damage()}. */
    DAMAGED
  }

  static final int HEADER_BYTES = 4;

  /** More than Chronicle writes before a segment's first record: its header and index. */
  static final int PREAMBLE_BYTES = 1 << 13;

  private static final int NOT_COMPLETE = 0x8000_0000;
  private static final int METADATA = 0x4000_0000;
  private static final int END_MARK = NOT_COMPLETE | METADATA;
  private static final int LENGTH_MASK = 0x3fff_ffff;
  private static final int SCAN_BYTES = 1 << 16;
  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle HEADER = WORD.varHandle();
  private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[SCAN_BYTES]);

  private final Path path;
  private final FileChannel channel;
  private Arena arena;
  private MemorySegment mapped = MemorySegment.NULL;
  private long offset;
  private int header;
  private long documentOffset;
  private long documentBytes;
  private State state = State.WITHIN;
  private String damage;

  private SegmentReader(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Opens a segment before its first document.
   *
   * @throws IOException when the file cannot be opened
   */
  static SegmentReader open(Path path) throws IOException {
    return new SegmentReader(path, FileChannel.open(path, StandardOpenOption.READ));
  }

  /**
   * Goes to the next document that is not Chronicle's own. At an open end it may be asked again.
   *
   * @return whether there is one; {@link #state()} says why not
   */
  boolean next() {
    if (state == State.ENDED || state == State.DAMAGED) {
      return false;
    }
    try {
      while (readHeader()) {
        boolean metadata = (header & METADATA) != 0;
        long end = offset + HEADER_BYTES + (header & LENGTH_MASK);
        if (!isPlausible(metadata, end)) {
          return false;
        }
        documentOffset = offset;
        documentBytes = header & LENGTH_MASK;
        offset = end + 3 & -4;
        if (!metadata) {
          state = State.WITHIN;
          return true;
        }
      }
    } catch (IOException failure) {
      damaged(offset, "it cannot be read (" + failure + ")");
    } catch (InternalError fault) {
      damaged(
          offset, "the file became shorter or its disk failed while it was read (" + fault + ")");
    }
    return false;
  }

  /** Reads the header at the offset; false when no document begins there. */
  private boolean readHeader() throws IOException {
    if (!reaches(offset + HEADER_BYTES)) {
      if (offset == 0 && mapped.byteSize() == 0) {
        state = State.OPEN;
      } else {
        damaged(offset, "the file ends after " + mapped.byteSize() + " bytes without an end mark");
      }
      return false;
    }
    header = (int) HEADER.getAcquire(mapped, offset);
    if (header == 0 || header == NOT_COMPLETE) {
      state = State.OPEN;
      return false;
    }
    if (header == END_MARK) {
      state = State.ENDED;
      return false;
    }
    return true;
  }

  private boolean isPlausible(boolean metadata, long end) throws IOException {
    String what = "the header %08x ".formatted(header);
    if (header < 0 || (header & LENGTH_MASK) == 0) {
      return damaged(offset, what + "means nothing here");
    }
    if (offset == 0 && !metadata) {
      return damaged(offset, what + "is not that of a segment");
    }
    if (!metadata && (header & LENGTH_MASK) > LogRecord.MAX_LENGTH_BYTES) {
      return damaged(offset, what + "tells of a record longer than records can be");
    }
    if (!reaches(end)) {
      return damaged(
          offset, what + "tells of bytes up to " + end + " but the file has " + mapped.byteSize());
    }
    return true;
  }

  /** Tells whether the file goes that far; maps it anew when it has grown. */
  private boolean reaches(long end) throws IOException {
    if (end <= mapped.byteSize()) {
      return true;
    }
    long size = channel.size();
    if (size > mapped.byteSize()) {
      Arena fresh = Arena.ofShared();
      try {
        mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, fresh);
      } catch (Throwable failure) {
        fresh.close();
        throw failure;
      }
      unmap();
      arena = fresh;
    }
    return end <= mapped.byteSize();
  }

  private boolean damaged(long at, String why) {
    state = State.DAMAGED;
    damage = path + " at " + at + " is damaged: " + why;
    return false;
  }

  /**
   * Looks at the open end for bytes that nobody may have written there: all but the beginnings of
   * the one record that a writer was about to append.
   *
   * @param sequence the number of that record, or -1 when it is not known
   * @return whether documents were appended meanwhile, so that {@link #next()} goes on; otherwise
   *     the state says whether the end is one
   */
  boolean hasGrown(long sequence) {
    if (state != State.OPEN) {
      return false;
    }
    try {
      long foreign = firstForeignByte(sequence);
      if (foreign >= 0) {
        // The first look may have met a writer in the middle of the record's head.
        foreign = firstForeignByte(sequence);
      }
      // The header is read after the bytes behind it, which are written last. What was an empty
      // file
      // when next() looked may be a whole segment by now.
      if (reaches(offset + HEADER_BYTES) && (int) HEADER.getAcquire(mapped, offset) != header) {
        return true;
      }
      if (foreign >= 0) {
        damaged(
            offset,
            "there is a hole, nothing was written here but bytes follow at "
                + foreign
                + ", as after a loss of power");
      }
    } catch (IOException failure) {
      damaged(offset, "it cannot be read (" + failure + ")");
    } catch (InternalError fault) {
      damaged(offset, "the file became shorter while it was read (" + fault + ")");
    }
    return false;
  }

  /** Reads, and does not map: reading a mapped hole takes space in tmpfs. */
  private long firstForeignByte(long sequence) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(SCAN_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (offset == 0) {
      return firstNonZero(channel, buffer, PREAMBLE_BYTES);
    }
    long at = offset + HEADER_BYTES;
    channel.read(buffer, at);
    if (buffer.position() >= LogRecord.HEADER_BYTES) {
      MemorySegment head = MemorySegment.ofBuffer(buffer.flip());
      int body = LogRecord.bodyLengthBytes(head);
      if ((sequence < 0 || LogRecord.sequence(head) == sequence)
          && body >= 0
          && LogRecord.lengthBytes(body) <= LogRecord.MAX_LENGTH_BYTES) {
        at += LogRecord.lengthBytes(body);
      }
    }
    return firstNonZero(channel, buffer, at);
  }

  /** Finds the first byte from an offset on that is not zero; -1 when there is none. */
  static long firstNonZero(FileChannel channel, ByteBuffer buffer, long from) throws IOException {
    for (long at = from; ; ) {
      int length = channel.read(buffer.clear(), at);
      if (length <= 0) {
        return -1;
      }
      MemorySegment read = MemorySegment.ofBuffer(buffer.flip());
      long mismatch = MemorySegment.mismatch(read, 0, length, ZEROS, 0, length);
      if (mismatch >= 0) {
        return at + mismatch;
      }
      at += length;
    }
  }

  /** Returns the document's bytes, without its header; valid until the next step. */
  MemorySegment document() {
    return mapped.asSlice(documentOffset + HEADER_BYTES, documentBytes);
  }

  /** Returns where the document's header lies. */
  long documentOffset() {
    return documentOffset;
  }

  /** Returns where the walk stands: behind the document, or at what ended it. */
  long offset() {
    return offset;
  }

  State state() {
    return state;
  }

  /** Returns what is wrong with the file, or null. */
  String damage() {
    return damage;
  }

  /** Returns what was found of the file when it was last looked at. */
  MemorySegment mapped() {
    return mapped;
  }

  private void unmap() {
    if (arena != null) {
      arena.close();
      arena = null;
    }
  }

  /** Unmaps and closes the file. A second call does nothing. */
  @Override
  public void close() {
    unmap();
    mapped = MemorySegment.NULL;
    try {
      channel.close();
    } catch (IOException failure) {
      throw new StarlingException(
          "closing " + path + " failed (" + failure + "): check the disk", failure);
    }
  }
}

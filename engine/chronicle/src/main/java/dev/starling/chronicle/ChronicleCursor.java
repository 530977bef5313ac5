package dev.starling.chronicle;

import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.NavigableSet;

/**
 * Reads a log's segments one after the other, without Chronicle. Records are slices of the mapped
 * file: nothing is copied. At the end of a log that is still written, {@link #next()} may be asked
 * again.
 *
 * <p>Belongs to one thread at a time.
 */
public final class ChronicleCursor implements LogCursor {
  private static final long UNKNOWN = -1;

  private final Path directory;
  private SegmentReader reader;
  private Path file;
  private int segment;
  private long sequence = UNKNOWN;
  private MemorySegment record;
  private String damage;
  private boolean closed;

  ChronicleCursor(Path directory, int firstSegment) {
    this.directory = directory;
    segment = firstSegment;
    if (firstSegment == 0) {
      sequence = 0;
    }
    file = SegmentFiles.segment(directory, segment);
  }

  @Override
  public boolean next() {
    record = null;
    if (closed) {
      throw new IllegalStateException("the cursor of " + directory + " is closed");
    }
    while (damage == null && (reader != null || openSegment())) {
      if (reader.next()) {
        return check(reader.document());
      }
      if (!goesOn()) {
        return false;
      }
    }
    return false;
  }

  private boolean check(MemorySegment found) {
    if (sequence == UNKNOWN && found.byteSize() >= LogRecord.HEADER_BYTES) {
      sequence = LogRecord.sequence(found);
    }
    String wrong = wrong(found);
    if (wrong != null) {
      damage = position() + " is damaged: " + wrong;
      return false;
    }
    sequence++;
    record = found;
    return true;
  }

  private String wrong(MemorySegment found) {
    try {
      return LogRecord.damage(found, sequence);
    } catch (InternalError fault) {
      return "the file became shorter or its disk failed while it was read (" + fault + ")";
    }
  }

  /** After the last document found in a segment: whether there may be another one somewhere. */
  private boolean goesOn() {
    switch (reader.state()) {
      case DAMAGED -> damage = reader.damage();
      case ENDED -> {
        return nextSegment();
      }
      case OPEN -> {
        boolean followed = isFollowed();
        if (reader.hasGrown(sequence)) {
          return true;
        }
        damage = reader.damage();
        if (damage == null && followed) {
          damage =
              file
                  + " at "
                  + reader.offset()
                  + " is damaged: it stops without an end mark although a later segment is there";
        }
      }
      case WITHIN -> throw new AssertionError("a reader stopped within " + file);
    }
    return false;
  }

  private boolean isFollowed() {
    return SegmentFiles.segments(directory).higher(segment) != null;
  }

  private boolean nextSegment() {
    Integer later = SegmentFiles.segments(directory).higher(segment);
    if (later == null) {
      return false;
    }
    if (later != segment + 1) {
      damage = SegmentFiles.segment(directory, segment + 1) + " is missing: " + later + " is there";
      return false;
    }
    reader.close();
    reader = null;
    segment = later;
    file = SegmentFiles.segment(directory, segment);
    return true;
  }

  private boolean openSegment() {
    NavigableSet<Integer> segments = SegmentFiles.segments(directory);
    if (!segments.contains(segment)) {
      // The one after the last is the next to be written; nothing is wrong yet.
      int next = segments.isEmpty() ? segment : segments.last() + 1;
      if (segment != next) {
        damage = file + " is missing: the log has segments " + segments;
      }
      return false;
    }
    try {
      reader = SegmentReader.open(file);
      return true;
    } catch (IOException failure) {
      damage = file + " cannot be opened (" + failure + ")";
      return false;
    }
  }

  @Override
  public MemorySegment record() {
    return record;
  }

  @Override
  public String position() {
    return file + " at " + (reader == null ? 0 : reader.documentOffset());
  }

  @Override
  public int segment() {
    return segment;
  }

  @Override
  public String damage() {
    return damage;
  }

  @Override
  public void close() {
    closed = true;
    record = null;
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }
}

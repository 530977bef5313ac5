package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.LogFullException;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.LogSink;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A log in a Chronicle Queue, in a directory of its own that is written once: by this object. See
 * the package for the files.
 *
 * <p>Belongs to one thread at a time, except {@link #dropBefore}. A daemon reserves the disk ahead
 * of the records, seals segments that ended and forces the written one to disk, see {@link
 * ChronicleLogContext#forceIntervalMs}; when it fails the next {@link #append} says so, and every
 * later one.
 *
 * <p>Appending allocates nothing on the heap, and copies once: into the mapped file.
 */
public final class ChronicleLog implements LogSink {
  /** What stays free of budget and disk until {@link #useReserve}, for the last records. */
  public static final int RESERVE_BYTES = 1 << 16;

  /** What a segment has of the disk before anything is written to it. */
  private static final int FIRST_BYTES = SegmentReader.PREAMBLE_BYTES + RESERVE_BYTES;

  private static final int DOCUMENT_OVERHEAD_BYTES = 8;
  private static final int END_BYTES = 16;
  private static final int METADATA_BYTES = 1 << 17;
  private static final int NONE = -1;

  private final Path directory;
  private final ChronicleLogContext context;
  private final ChronicleWriter writer;
  private final SegmentKeeper keeper;
  private final int maxLengthBytes;
  private final ConcurrentSkipListMap<Integer, Long> endedBytes = new ConcurrentSkipListMap<>();
  private final AtomicLong allEndedBytes = new AtomicLong();
  private ReservedFile file;
  private int writtenSegment = NONE;
  private long positionBytes = SegmentReader.PREAMBLE_BYTES;
  private long reserveBytes = RESERVE_BYTES;
  private long askedBytes;
  private Throwable broken;
  private boolean closed;

  private ChronicleLog(
      Path directory, ChronicleLogContext context, ReservedFile file, ChronicleWriter writer) {
    this.directory = directory;
    this.context = context;
    this.file = file;
    this.writer = writer;
    maxLengthBytes = Math.min(LogRecord.MAX_LENGTH_BYTES, context.blockBytes() / 4);
    keeper = new SegmentKeeper(directory, context.forceIntervalMs());
  }

  /**
   * Begins a log.
   *
   * @param directory where; created when it is not there, and no log may be in it
   * @param context the options
   * @return the log, owned by the caller
   * @throws dev.starling.engine.ConfigurationException when an option is out of its range
   * @throws LogFullException when the disk has no room for its first segment
   * @throws StarlingException when the log cannot be created there
   */
  public static ChronicleLog create(Path directory, ChronicleLogContext context) {
    context.conclude();
    createDirectory(directory);
    Path metadata = directory.resolve("metadata.cq4t");
    ReservedFile.create(metadata, METADATA_BYTES).close();
    Path prepared = SegmentFiles.prepared(directory, 0);
    ReservedFile first = null;
    try {
      first = ReservedFile.create(prepared, FIRST_BYTES);
      ChronicleWriter writer = ChronicleWriter.open(directory, context.blockBytes());
      return new ChronicleLog(directory, context, first, writer);
    } catch (Throwable failure) {
      if (first != null) {
        first.close();
        remove(prepared, failure);
      }
      remove(metadata, failure);
      throw failure;
    }
  }

  private static void remove(Path file, Throwable cause) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failure) {
      cause.addSuppressed(failure);
    }
  }

  private static void createDirectory(Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException failure) {
      throw new StarlingException(
          "creating the directory "
              + directory
              + " of a log failed ("
              + failure
              + "): name one that can be written",
          failure);
    }
  }

  @Override
  public void append(
      MemorySegment head,
      long headLengthBytes,
      MemorySegment payload,
      long payloadOffset,
      long payloadLengthBytes) {
    requireUsable();
    requireRecord(head, headLengthBytes, payload, payloadOffset, payloadLengthBytes);
    long lengthBytes = headLengthBytes + payloadLengthBytes;
    admit(lengthBytes);
    int segment = writer.segment();
    try {
      positionBytes =
          writer.write(head, headLengthBytes, payload, payloadOffset, payloadLengthBytes);
    } catch (RuntimeException failure) {
      broken = failure;
      throw new StarlingException(
          "appending "
              + lengthBytes
              + " bytes to the log "
              + directory
              + " failed ("
              + failure
              + "): check the disk; nothing more is written there",
          failure);
    } catch (InternalError fault) {
      broken = fault;
      throw new LogFullException(
          "appending "
              + lengthBytes
              + " bytes to the log "
              + directory
              + " failed ("
              + fault
              + "): its disk is full or broken; nothing more is written there",
          fault);
    }
    if (segment != writtenSegment) {
      begun(segment);
    }
  }

  private void begun(int segment) {
    int previous = writtenSegment;
    writtenSegment = segment;
    keeper.writing(segment);
    if (previous != NONE) {
      keeper.seal(previous);
    }
  }

  private void requireUsable() {
    if (closed) {
      throw new IllegalStateException("the log " + directory + " is closed");
    }
    if (broken != null) {
      throw new StarlingException(
          "the log " + directory + " has failed before (" + broken + "): check the disk", broken);
    }
    StarlingException kept = keeper.failure();
    if (kept != null) {
      throw new StarlingException(kept.getMessage(), kept);
    }
  }

  private void requireRecord(
      MemorySegment head,
      long headLengthBytes,
      MemorySegment payload,
      long payloadOffset,
      long payloadLengthBytes) {
    Objects.checkFromIndexSize(0, headLengthBytes, head.byteSize());
    if (payloadLengthBytes != 0) {
      Objects.checkFromIndexSize(payloadOffset, payloadLengthBytes, payload.byteSize());
    }
    long lengthBytes = headLengthBytes + payloadLengthBytes;
    if (headLengthBytes < LogRecord.HEADER_BYTES
        || lengthBytes > maxLengthBytes
        || lengthBytes % 8 != 0) {
      throw new IllegalArgumentException(
          "a record of "
              + lengthBytes
              + " bytes does not fit into the log "
              + directory
              + ": use a multiple of 8 from "
              + LogRecord.HEADER_BYTES
              + " to "
              + maxLengthBytes
              + ", a quarter of the block");
    }
  }

  /** Finds room for a record in budget and disk, or throws with nothing written. */
  private void admit(long lengthBytes) {
    long end = positionBytes + DOCUMENT_OVERHEAD_BYTES + lengthBytes + END_BYTES;
    requireBudget(end);
    long wanted = end + reserveBytes;
    if (!file.tryReserve(wanted)) {
      throw new LogFullException(file.full(wanted));
    }
    long ahead = Math.max(context.reserveBytes(), lengthBytes);
    if (askedBytes < wanted + ahead) {
      askedBytes = wanted + 2 * ahead;
      keeper.reserve(file, withinBudget(askedBytes));
    }
  }

  private void requireBudget(long endBytes) {
    if (isOverBudget(endBytes)) {
      throw new LogFullException(
          "the log "
              + directory
              + " has "
              + (allEndedBytes.get() + positionBytes)
              + " of its budget of "
              + context.budgetBytes()
              + " bytes, too much for another record: raise the budget, or take checkpoints more"
              + " often so that old segments can go");
    }
  }

  private boolean isOverBudget(long endBytes) {
    return context.budgetBytes() > 0
        && allEndedBytes.get() + endBytes + reserveBytes > context.budgetBytes();
  }

  /** How far to reserve at most when that much is wished for. */
  private long withinBudget(long endBytes) {
    return context.budgetBytes() == 0
        ? endBytes
        : Math.min(endBytes, context.budgetBytes() - allEndedBytes.get());
  }

  /**
   * Gives the records that follow {@link #RESERVE_BYTES}, which were kept free of budget and disk.
   */
  @Override
  public void useReserve() {
    reserveBytes = 0;
  }

  @Override
  public boolean isSegmentFull() {
    return positionBytes >= context.segmentBytes();
  }

  @Override
  public void roll() {
    requireUsable();
    int ending = writer.segment();
    if (writtenSegment != ending) {
      return;
    }
    requireBudget(positionBytes + END_BYTES + SegmentReader.PREAMBLE_BYTES);
    ReservedFile next =
        ReservedFile.create(SegmentFiles.prepared(directory, ending + 1), FIRST_BYTES);
    file.close();
    file = next;
    endedBytes.put(ending, positionBytes + END_BYTES);
    allEndedBytes.addAndGet(positionBytes + END_BYTES);
    positionBytes = SegmentReader.PREAMBLE_BYTES;
    askedBytes = 0;
    writer.segment(ending + 1);
  }

  @Override
  public int segment() {
    return writer.segment();
  }

  @Override
  public long dropBefore(int segment) {
    long freed = 0;
    try {
      for (Map.Entry<Integer, Long> ended : endedBytes.headMap(segment).entrySet()) {
        keeper.drop(ended.getKey());
        if (endedBytes.remove(ended.getKey()) != null) {
          allEndedBytes.addAndGet(-ended.getValue());
          freed += ended.getValue();
        }
      }
    } catch (IOException failure) {
      throw new StarlingException(
          "dropping a segment of the log "
              + directory
              + " failed ("
              + failure
              + "): check the disk",
          failure);
    }
    return freed;
  }

  /**
   * Ends the log and seals its last segment. A second call does nothing.
   *
   * @throws StarlingException when that fails; every record is in its file all the same
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (SegmentKeeper keeping = keeper) {
      file.close();
      writer.close();
      if (broken == null && writtenSegment != NONE) {
        keeping.seal(writtenSegment);
      }
      if (writer.segment() != writtenSegment) {
        Files.deleteIfExists(SegmentFiles.prepared(directory, writer.segment()));
      }
    } catch (IOException failure) {
      throw new StarlingException(
          "closing the log " + directory + " failed (" + failure + "): check the disk", failure);
    }
  }
}

package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.bytes.PointerBytesStore;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * The Chronicle Queue under a log, and the one appender to it. Bytes go from their place off the
 * heap straight into the mapped file. Belongs to one thread at a time.
 */
final class ChronicleWriter implements AutoCloseable {
  private final SegmentCycle cycle;
  private final ChronicleQueue queue;
  private final ExcerptAppender appender;
  private final PointerBytesStore source;

  static {
    quiet();
  }

  private ChronicleWriter(SegmentCycle cycle, ChronicleQueue queue) {
    this.cycle = cycle;
    this.queue = queue;
    appender = queue.createAppender();
    appender.singleThreadedCheckDisabled(true);
    source = BytesStore.nativePointer();
    source.singleThreadedCheckDisabled(true);
  }

  /** Before the first class of Chronicle is initialised: nothing is reported, printed, watched. */
  private static void quiet() {
    System.setProperty("chronicle.analytics.disable", "true");
    System.setProperty("chronicle.announcer.disable", "true");
    System.setProperty("chronicle.disk.monitor.disable", "true");
  }

  static ChronicleWriter open(Path directory, int blockBytes) {
    SegmentCycle cycle = new SegmentCycle();
    ChronicleQueue queue = null;
    try {
      queue = builder(directory, blockBytes, cycle).build();
      return new ChronicleWriter(cycle, queue);
    } catch (RuntimeException | LinkageError | AssertionError failure) {
      if (queue != null) {
        queue.close();
      }
      throw new StarlingException(
          "opening the log "
              + directory
              + " failed ("
              + failure
              + "): start the JVM with the flags that Starling's launcher uses (starling.jvm.flags"
              + " in its pom.xml) and check the disk",
          failure);
    }
  }

  /** How any queue of a log is opened. */
  static SingleChronicleQueueBuilder builder(Path directory, int blockBytes, SegmentCycle cycle) {
    return SingleChronicleQueueBuilder.binary(directory)
        .rollCycle(cycle)
        .epoch(SegmentCycle.EPOCH_MS)
        .timeProvider(cycle)
        .blockSize(blockBytes)
        .checkInterrupts(false);
  }

  /**
   * Writes one document of two parts.
   *
   * @return the offset in the file behind the document
   */
  long write(
      MemorySegment head,
      long headLengthBytes,
      MemorySegment payload,
      long payloadOffset,
      long payloadLengthBytes) {
    DocumentContext document = appender.writingDocument();
    boolean whole = false;
    try {
      Bytes<?> bytes = document.wire().bytes();
      long begin = bytes.writePosition();
      put(bytes, head.address(), headLengthBytes);
      if (payloadLengthBytes > 0) {
        put(bytes, payload.address() + payloadOffset, payloadLengthBytes);
      }
      whole = true;
      return begin + headLengthBytes + payloadLengthBytes;
    } finally {
      if (!whole) {
        document.rollbackOnClose();
      }
      document.close();
    }
  }

  private void put(Bytes<?> bytes, long address, long lengthBytes) {
    source.set(address, lengthBytes);
    bytes.write(source, 0L, lengthBytes);
  }

  /** Has the next document begin a segment. */
  void segment(int segment) {
    cycle.segment(segment);
  }

  int segment() {
    return cycle.segment();
  }

  @Override
  public void close() {
    appender.close();
    queue.close();
  }
}

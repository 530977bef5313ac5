package dev.starling.engine.log;

import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * Writes the events of one worker as records, see {@link LogRecord}. Belongs to the communication
 * agent; allocates nothing in steady state.
 */
public final class UpdateLog implements Journal {
  /** What happens when a record cannot be written. */
  public enum OnFailure {
    /** The worker stops before the event takes place: no replica has an update without a record. */
    STOP,
    /** The worker goes on without a log; replay ends where the log does. */
    CONTINUE
  }

  /** Reason of END: the worker left. */
  public static final int CLOSED = 0;

  /** Reason of END: the log is full, or could not be written. */
  public static final int FAILED = 1;

  private static final int HEAD_BYTES = LogRecord.HEADER_BYTES + 64;
  private static final int NO_STRIPE = -1;

  private final LogSink sink;
  private final String runText;
  private final OnFailure onFailure;
  private final Consumer<String> onLost;
  private final PrivateMemory memory;
  private final MemorySegment head;
  private final ByteBuffer headBytes;
  private final Long2ObjectHashMap<ByteBuffer> payloadBytes = new Long2ObjectHashMap<>();
  private final CRC32C crc = new CRC32C();
  private final long epochNs =
      Math.multiplyExact(System.currentTimeMillis(), 1_000_000L) - System.nanoTime();
  private final NavigableMap<Long, Integer> cutSegments = new ConcurrentSkipListMap<>();
  private long sequence;
  private boolean lost;
  private boolean closed;

  /**
   * Opens the log of one worker: writes its RUN record.
   *
   * @param sink where the records go; the log closes it
   * @param runText what the log belongs to, lines of key=value; see {@link RunText}
   * @param stripes stripes of the model
   * @param onFailure what happens when a record cannot be written
   * @param onLost is told once, from the agent, when the log goes on no longer
   */
  public UpdateLog(
      LogSink sink, String runText, int stripes, OnFailure onFailure, Consumer<String> onLost) {
    this.sink = sink;
    this.runText = runText;
    this.onFailure = onFailure;
    this.onLost = onLost;
    byte[] text = runText.getBytes(StandardCharsets.UTF_8);
    long length =
        Math.max(LogRecord.lengthBytes(text.length), HEAD_BYTES + (long) stripes * Long.BYTES);
    memory = PrivateMemory.allocate("the head of a log record", length);
    head = memory.segment();
    headBytes = head.asByteBuffer();
    try {
      run(0);
    } catch (Throwable failure) {
      memory.close();
      throw failure;
    }
  }

  private void run(int flags) {
    byte[] text = runText.getBytes(StandardCharsets.UTF_8);
    begin(RecordKind.RUN, flags, NO_STRIPE);
    head.asSlice(LogRecord.HEADER_BYTES).fill((byte) 0);
    MemorySegment.copy(text, 0, head, ValueLayout.JAVA_BYTE, LogRecord.HEADER_BYTES, text.length);
    append(text.length);
  }

  @Override
  public void restored(Origin origin) {
    begin(RecordKind.RESTORE, 0, NO_STRIPE);
    putLong(0, origin.set());
    putInt(8, origin.rank());
    putInt(12, origin.incarnation());
    putLong(16, origin.cut());
    putLong(24, origin.optimizerStep());
    putVersions(32, origin.versions());
    append(32 + (long) origin.versions().length * Long.BYTES);
  }

  @Override
  public void gradient(
      long optimizerStep,
      int count,
      long oldestReadVersion,
      float learningRate,
      float scale,
      GradientPayload payload,
      long payloadLengthBytes) {
    rollWhenFull();
    begin(RecordKind.GRADIENT, 0, NO_STRIPE);
    putLong(0, optimizerStep);
    putLong(8, oldestReadVersion);
    putInt(16, count);
    head.set(LogRecord.FLOAT, LogRecord.HEADER_BYTES + 20, learningRate);
    head.set(LogRecord.FLOAT, LogRecord.HEADER_BYTES + 24, scale);
    putInt(28, payload.code());
    putLong(32, payloadLengthBytes);
    append(40);
  }

  @Override
  public void fragment(MemorySegment payload, long offsetBytes, long lengthBytes) {
    for (long done = 0; done < lengthBytes; ) {
      long length = Math.min(LogRecord.MAX_FRAGMENT_BYTES, lengthBytes - done);
      fragmentRecord(payload, offsetBytes + done, length);
      done += length;
    }
  }

  /** The last bytes of a payload that is no multiple of 8 long travel in a record of their own. */
  private void fragmentRecord(MemorySegment payload, long offsetBytes, long lengthBytes) {
    long whole = lengthBytes & -8;
    if (whole > 0) {
      begin(RecordKind.FRAGMENT, 0, NO_STRIPE);
      putLong(0, offsetBytes);
      append(8, payload, offsetBytes, whole);
    }
    if (whole < lengthBytes) {
      begin(RecordKind.FRAGMENT, 0, NO_STRIPE);
      putLong(0, offsetBytes + whole);
      putLong(8, 0);
      MemorySegment.copy(
          payload, offsetBytes + whole, head, LogRecord.HEADER_BYTES + 8, lengthBytes - whole);
      append(8 + lengthBytes - whole);
    }
  }

  @Override
  public void rejected(long count, long submission, long badIndex) {
    begin(RecordKind.REJECT, 0, NO_STRIPE);
    putLong(0, count);
    putLong(8, submission);
    putLong(16, badIndex);
    append(24);
  }

  @Override
  public void step(int stripe, long version) {
    begin(RecordKind.STEP, 0, stripe);
    putLong(0, version);
    append(8);
  }

  @Override
  public void intent(
      int stripe,
      long version,
      int peer,
      int peerIncarnation,
      long peerVersion,
      boolean withUpdate) {
    begin(RecordKind.INTENT, withUpdate ? LogRecord.WITH_UPDATE : 0, stripe);
    putLong(0, version);
    putLong(8, peerVersion);
    putInt(16, peer);
    putInt(20, peerIncarnation);
    append(24);
  }

  @Override
  public void commit(int stripe, long version) {
    begin(RecordKind.COMMIT, 0, stripe);
    putLong(0, version);
    append(8);
  }

  @Override
  public void torn(int stripe, int peer, boolean mayBePublished) {
    begin(RecordKind.TORN, mayBePublished ? LogRecord.UNCERTAIN : 0, stripe);
    putLong(0, peer);
    append(8);
  }

  @Override
  public void fence(int stripe, int peer, long version) {
    begin(RecordKind.FENCE, 0, stripe);
    putLong(0, version);
    putLong(8, peer);
    append(16);
  }

  @Override
  public void fenced(int stripe, int peer, boolean broken) {
    begin(RecordKind.FENCED, broken ? LogRecord.BROKEN : 0, stripe);
    putLong(0, peer);
    append(8);
  }

  @Override
  public void cut(long set) {
    // What replay from this set needs begins with a segment: all earlier ones can be dropped.
    roll();
    cutSegments.put(set, sink.segment());
    begin(RecordKind.CUT, 0, NO_STRIPE);
    putLong(0, set);
    append(8);
  }

  @Override
  public void checkpoint(long set, long optimizerStep, long[] versions) {
    begin(RecordKind.CHECKPOINT, 0, NO_STRIPE);
    putLong(0, set);
    putLong(8, optimizerStep);
    putVersions(16, versions);
    append(16 + (long) versions.length * Long.BYTES);
  }

  /**
   * Removes the segments that replay from a checkpoint set does not need. Any thread may call.
   *
   * @param set the set, complete
   * @return the bytes that this gave back, 0 when the log was not cut for the set
   */
  public long dropBefore(long set) {
    Integer segment = cutSegments.get(set);
    if (segment == null) {
      return 0;
    }
    cutSegments.headMap(set).clear();
    return sink.dropBefore(segment);
  }

  /** Ends a segment between two updates, so that a payload lies in one. */
  private void rollWhenFull() {
    if (!lost && sink.isSegmentFull()) {
      roll();
    }
  }

  private void roll() {
    if (lost) {
      return;
    }
    try {
      sink.roll();
    } catch (StarlingException failure) {
      lose(failure);
      return;
    }
    run(LogRecord.CONTINUED);
  }

  private void begin(RecordKind kind, int flags, int stripe) {
    head.set(ValueLayout.JAVA_BYTE, LogRecord.KIND_OFFSET, (byte) kind.code());
    head.set(ValueLayout.JAVA_BYTE, LogRecord.FLAGS_OFFSET, (byte) flags);
    head.set(ValueLayout.JAVA_SHORT, LogRecord.ZERO_OFFSET, (short) 0);
    head.set(LogRecord.LONG, LogRecord.TIME_OFFSET, epochNs + System.nanoTime());
    head.set(LogRecord.INT, LogRecord.STRIPE_OFFSET, stripe);
  }

  private void putLong(long offset, long value) {
    head.set(LogRecord.LONG, LogRecord.HEADER_BYTES + offset, value);
  }

  private void putInt(long offset, int value) {
    head.set(LogRecord.INT, LogRecord.HEADER_BYTES + offset, value);
  }

  private void putVersions(long offset, long[] versions) {
    for (int stripe = 0; stripe < versions.length; stripe++) {
      putLong(offset + (long) stripe * Long.BYTES, versions[stripe]);
    }
  }

  private void append(long bodyLengthBytes) {
    append(bodyLengthBytes, null, 0, 0);
  }

  private void append(
      long headBodyBytes, MemorySegment payload, long payloadOffset, long payloadLength) {
    if (lost) {
      return;
    }
    long headLength = LogRecord.lengthBytes(headBodyBytes);
    seal(headBodyBytes, payload, payloadOffset, payloadLength);
    try {
      sink.append(head, headLength, payload, payloadOffset, payloadLength);
      sequence++;
    } catch (StarlingException failure) {
      lose(failure);
    }
  }

  /** Completes the head: length, place in the log, checksum. */
  private void seal(
      long headBodyBytes, MemorySegment payload, long payloadOffset, long payloadLength) {
    long headLength = LogRecord.lengthBytes(headBodyBytes);
    putInt(
        LogRecord.BODY_LENGTH_OFFSET - LogRecord.HEADER_BYTES,
        (int) (headBodyBytes + payloadLength));
    head.set(LogRecord.LONG, LogRecord.SEQUENCE_OFFSET, sequence);
    for (long pad = LogRecord.HEADER_BYTES + headBodyBytes; pad < headLength; pad++) {
      head.set(ValueLayout.JAVA_BYTE, pad, (byte) 0);
    }
    crc.reset();
    crc.update(headBytes.limit((int) headLength).position(LogRecord.KIND_OFFSET));
    if (payload != null) {
      crc.update(view(payload, payloadOffset, (int) payloadLength));
    }
    head.set(LogRecord.INT, 0, (int) crc.getValue());
  }

  /** Views are kept: the buffers that gradients come in are few and always the same. */
  private ByteBuffer view(MemorySegment payload, long offset, int length) {
    long address = payload.address() + offset;
    ByteBuffer view = payloadBytes.get(address);
    if (view == null || view.capacity() != length) {
      view = payload.asSlice(offset, length).asByteBuffer();
      payloadBytes.put(address, view);
    }
    return view.clear();
  }

  private void lose(StarlingException failure) {
    lost = true;
    if (onFailure == OnFailure.STOP) {
      throw failure;
    }
    onLost.accept(failure.getMessage() + "; training goes on without the log");
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      begin(RecordKind.END, 0, NO_STRIPE);
      putLong(0, lost ? FAILED : CLOSED);
      if (lost) {
        endLost();
      } else {
        append(8);
      }
    } finally {
      try {
        sink.close();
      } finally {
        payloadBytes.clear();
        memory.close();
      }
    }
  }

  /** The sink keeps room for a last record; where even that fails, the log ends as a killed one. */
  private void endLost() {
    sink.useReserve();
    seal(8, null, 0, 0);
    try {
      sink.append(head, LogRecord.lengthBytes(8), null, 0, 0);
    } catch (StarlingException failure) {
      onLost.accept("the log has no END record: " + failure.getMessage());
    }
  }
}

package dev.starling.engine.log;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The layout of a record, format {@link #FORMAT}. All numbers are little endian; a record begins at
 * a multiple of 4 in its file, so nothing in it is aligned.
 *
 * <pre>
 *    0            4      5       6      8          16           24       28          32
 *   +------------+------+-------+------+----------+------------+--------+-----------+------...------+-----+
 *   | CRC-32C of | kind | flags | zero | sequence | wall time, | stripe | length of | body          | pad |
 *   | all after  | u8   | u8    | u16  | i64      | ns i64     | or -1  | body i32  |               | to 8|
 *   +------------+------+-------+------+----------+------------+--------+-----------+------...------+-----+
 *
 *   RUN         text, UTF-8, lines key=value                      flag CONTINUED unless first in the log
 *   RESTORE     +0 set or -1 (i64)   +8 rank or -1 (i32)  +12 its incarnation (i32)
 *               +16 newest set before (i64)  +24 optimizer step (i64)
 *               +32 its versions, one i64 for each stripe
 *   GRADIENT    +0 optimizer step (i64)  +8 oldest read version (i64)  +16 count (i32)
 *               +20 learning rate (f32)  +24 scale (f32)  +28 payload (i32)  +32 length of payload (i64)
 *   FRAGMENT    +0 offset in the payload (i64)  +8 its bytes
 *   STEP        +0 version (i64)
 *   INTENT      +0 version (i64)  +8 peer's version, low 28 bits (i64)  +16 peer (i32)
 *               +20 its incarnation (i32)                         flag WITH_UPDATE
 *   COMMIT      +0 version (i64)
 *   TORN        +0 peer (i64)                                     flag UNCERTAIN
 *   FENCE       +0 version, low 28 bits (i64)  +8 peer (i64)
 *   FENCED      +0 peer (i64)                                     flag BROKEN
 *   CUT         +0 set (i64)
 *   CHECKPOINT  +0 set (i64)  +8 optimizer step (i64)  +16 versions, one i64 for each stripe
 *   REJECT      +0 how many (i64)  +8 last submission (i64)  +16 bad index, -1 for too late (i64)
 *   BASE        +0 version (i64)  +8 length of payload (i64); FRAGMENT records follow
 *   END         +0 reason (i64)
 * </pre>
 *
 * <p>The fragments of a payload follow their GRADIENT or BASE at once, in order and without gaps.
 * Sequence numbers count the records of a log from 0. FORMAT.md beside this file has all of the
 * format: files, the order of records, and how a state is rebuilt from them.
 */
public final class LogRecord {
  /** The version of the format; RUN names it. */
  public static final int FORMAT = 1;

  /** Longest record, header included: longer ones are not contiguous for a reader. */
  public static final int MAX_LENGTH_BYTES = 16 << 20;

  /** Length of the header. */
  public static final int HEADER_BYTES = 32;

  /** Longest piece of a payload in one record. */
  public static final int MAX_FRAGMENT_BYTES = MAX_LENGTH_BYTES - 4096;

  /** Flag of RUN: the log began in an earlier segment. */
  public static final int CONTINUED = 1;

  /** Flag of INTENT: the pending update is part of the exchange. */
  public static final int WITH_UPDATE = 1;

  /** Flag of TORN: the exchange may have been published on the peer's side. */
  public static final int UNCERTAIN = 1;

  /** Flag of FENCED: the lock was broken. */
  public static final int BROKEN = 1;

  static final int KIND_OFFSET = 4;
  static final int FLAGS_OFFSET = 5;
  static final int ZERO_OFFSET = 6;
  static final int SEQUENCE_OFFSET = 8;
  static final int TIME_OFFSET = 16;
  static final int STRIPE_OFFSET = 24;
  static final int BODY_LENGTH_OFFSET = 28;

  /** A 4-byte integer of a record. */
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** An 8-byte integer of a record. */
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A 4-byte float of a record. */
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LogRecord() {}

  /**
   * Returns the length of a record with a body.
   *
   * @param bodyLengthBytes the body
   * @return header, body and padding
   */
  public static long lengthBytes(long bodyLengthBytes) {
    return HEADER_BYTES + (bodyLengthBytes + 7 & -8);
  }

  /**
   * Returns a record's kind.
   *
   * @param record the record
   * @return the kind, or null when the code means nothing
   */
  public static RecordKind kind(MemorySegment record) {
    return RecordKind.of(record.get(ValueLayout.JAVA_BYTE, KIND_OFFSET) & 0xff);
  }

  /**
   * Tells whether a flag is set.
   *
   * @param record the record
   * @param flag the flag's bit
   * @return whether it is set
   */
  public static boolean has(MemorySegment record, int flag) {
    return (record.get(ValueLayout.JAVA_BYTE, FLAGS_OFFSET) & flag) != 0;
  }

  /**
   * Returns a record's place in its log.
   *
   * @param record the record
   * @return counted from 0
   */
  public static long sequence(MemorySegment record) {
    return record.get(LONG, SEQUENCE_OFFSET);
  }

  /**
   * Returns when a record was written.
   *
   * @param record the record
   * @return wall time in ns since 1970
   */
  public static long timeNs(MemorySegment record) {
    return record.get(LONG, TIME_OFFSET);
  }

  /**
   * Returns the stripe that a record is about.
   *
   * @param record the record
   * @return the stripe, or -1
   */
  public static int stripe(MemorySegment record) {
    return record.get(INT, STRIPE_OFFSET);
  }

  /**
   * Returns the length of a record's body.
   *
   * @param record the record
   * @return in bytes, without padding
   */
  public static int bodyLengthBytes(MemorySegment record) {
    return record.get(INT, BODY_LENGTH_OFFSET);
  }

  /**
   * Reads an 8-byte integer of the body.
   *
   * @param record the record
   * @param offset its offset in the body
   * @return the value
   */
  public static long bodyLong(MemorySegment record, long offset) {
    return record.get(LONG, HEADER_BYTES + offset);
  }

  /**
   * Reads a 4-byte integer of the body.
   *
   * @param record the record
   * @param offset its offset in the body
   * @return the value
   */
  public static int bodyInt(MemorySegment record, long offset) {
    return record.get(INT, HEADER_BYTES + offset);
  }

  /**
   * Reads a float of the body.
   *
   * @param record the record
   * @param offset its offset in the body
   * @return the value
   */
  public static float bodyFloat(MemorySegment record, long offset) {
    return record.get(FLOAT, HEADER_BYTES + offset);
  }

  /**
   * Checks a record as a reader finds it.
   *
   * @param record all its bytes, as many as the file says that it has
   * @param sequence the place in the log that it must have
   * @return what is wrong with it, or null
   */
  public static String damage(MemorySegment record, long sequence) {
    if (record.byteSize() < HEADER_BYTES) {
      return "it has " + record.byteSize() + " bytes, fewer than a header";
    }
    int body = bodyLengthBytes(record);
    if (body < 0 || lengthBytes(body) != record.byteSize()) {
      return "it has "
          + record.byteSize()
          + " bytes but its header tells of a body of "
          + body
          + " bytes";
    }
    int stored = record.get(INT, 0);
    int computed = checksum(record);
    if (stored != computed) {
      return "its checksum is %08x but its content gives %08x".formatted(stored, computed);
    }
    if (kind(record) == null) {
      return "its kind " + record.get(ValueLayout.JAVA_BYTE, KIND_OFFSET) + " means nothing here";
    }
    if (sequence(record) != sequence) {
      return "its sequence number is " + sequence(record) + " where " + sequence + " comes next";
    }
    return null;
  }

  private static int checksum(MemorySegment record) {
    CRC32C crc = new CRC32C();
    crc.update(record.asSlice(KIND_OFFSET).asByteBuffer());
    return (int) crc.getValue();
  }
}

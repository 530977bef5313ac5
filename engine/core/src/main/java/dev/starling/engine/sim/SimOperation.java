package dev.starling.engine.sim;

import java.lang.foreign.MemorySegment;

/** One posted operation: it takes effect, in parts if it is long, and then completes. */
final class SimOperation {
  /** What the operation does next. */
  enum Stage {
    READ_WORD,
    READ,
    WRITE,
    SWAP,
    /** A failed swap that has yet to store what it found. */
    STORE_BACK,
    COMPLETE,
    /** Nobody waits for it any more. */
    CANCELLED
  }

  Stage stage;
  long offset;
  MemorySegment local;
  long localOffset;
  long lengthBytes;
  long expected;
  long desired;
  long tag;
  long value;
  long postedNs;
  boolean succeeded = true;
  CrashPoint.Moment delivered;

  boolean isPending() {
    return stage != Stage.COMPLETE && stage != Stage.CANCELLED;
  }
}

package dev.starling.engine.replay;

import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.lang.foreign.MemorySegment;

/** What must hold for a record by itself before its fields are read. */
final class RecordRules {
  private RecordRules() {}

  /** {@return what is wrong with a record of a model with so many stripes, or null} */
  static String wrong(MemorySegment record, int stripes) {
    RecordKind kind = LogRecord.kind(record);
    int length = LogRecord.bodyLengthBytes(record);
    if (length < bodyBytes(kind)) {
      return "is a %s of %d bytes that has %d at least".formatted(kind, length, bodyBytes(kind));
    }
    int stripe = LogRecord.stripe(record);
    return isAboutStripe(kind) && (stripe < 0 || stripe >= stripes)
        ? "names stripe " + stripe + " of a model with " + stripes
        : null;
  }

  /** All fields that a kind always has. */
  private static int bodyBytes(RecordKind kind) {
    return switch (kind) {
      case RUN -> 0;
      case FRAGMENT, STEP, COMMIT, TORN, FENCED, CUT, END -> 8;
      case FENCE, CHECKPOINT, BASE -> 16;
      case INTENT, REJECT -> 24;
      case RESTORE -> 32;
      case GRADIENT -> 40;
    };
  }

  private static boolean isAboutStripe(RecordKind kind) {
    return switch (kind) {
      case STEP, INTENT, COMMIT, TORN, FENCE, FENCED -> true;
      default -> false;
    };
  }
}

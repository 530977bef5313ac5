package dev.starling.engine.replay;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.Origin;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.log.RunText;
import dev.starling.engine.log.UpdateLog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * Reads one log up to its next gradient: the events of each stripe, in order. The gradient's values
 * are read when the chain is ready for them.
 */
final class ChainReader implements AutoCloseable {
  /** Takes the values of a gradient, piece by piece. */
  interface GradientTarget {
    void begin(MemorySegment record);

    void fragment(MemorySegment record, long offsetBytes, long lengthBytes);

    void complete();

    void checkpoint(long set, long optimizerStep, long[] versions);
  }

  private static final long NONE = -1;

  private final ChainId id;
  private final LogCursor cursor;
  private final RunText run;
  private final ArrayDeque<StripeEvent>[] queues;
  private final StripeEvent[] openExchange;
  private final StripeEvent[] openFence;
  private final int stripes;
  private Origin origin;
  private long records;
  private long bytes;
  private long updateEvents;
  private long optimizerStep = NONE;
  private boolean held;
  private boolean duringCut;
  private boolean copying;
  private boolean atGradient;
  private boolean ended;
  private boolean closedWell;
  private boolean brokenOff;
  private String lastPosition = "";
  private long lastTimeNs;
  private long payloadLength;
  private long payloadRead = NONE;
  private String damage;

  @SuppressWarnings({"unchecked", "rawtypes"})
  ChainReader(ChainId id, LogCursor cursor) {
    this.id = id;
    this.cursor = cursor;
    boolean any = next();
    if (!any || LogRecord.kind(cursor.record()) != RecordKind.RUN) {
      run = null;
      stripes = 0;
      queues = new ArrayDeque[0];
      openExchange = new StripeEvent[0];
      openFence = new StripeEvent[0];
      ended = true;
      if (any) {
        damage = "the log of " + id + " does not begin with a RUN record";
      }
      return;
    }
    run = RunText.parse(cursor.position(), text(cursor.record()));
    stripes = run.layout(cursor.position()).stripes();
    queues = new ArrayDeque[stripes];
    for (int stripe = 0; stripe < stripes; stripe++) {
      queues[stripe] = new ArrayDeque<>();
    }
    openExchange = new StripeEvent[stripes];
    openFence = new StripeEvent[stripes];
  }

  private static String text(MemorySegment record) {
    byte[] bytes =
        record
            .asSlice(LogRecord.HEADER_BYTES, LogRecord.bodyLengthBytes(record))
            .toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  ChainId id() {
    return id;
  }

  /**
   * Returns what the log belongs to.
   *
   * @return null when it has no first record: it is damaged, or its writer was killed before it
   */
  RunText run() {
    return run;
  }

  /** {@return whether there is nothing more to read} */
  boolean isEnded() {
    return ended;
  }

  /** {@return whether the log ends with its worker, in good order} */
  boolean isClosedWell() {
    return closedWell;
  }

  /** {@return whether the log says that it could not go on where it ends} */
  boolean isBrokenOff() {
    return brokenOff;
  }

  /** {@return what is wrong with the log, or null} */
  String damage() {
    return damage;
  }

  long records() {
    return records;
  }

  long bytes() {
    return bytes;
  }

  /** {@return where the last record lies} */
  String lastPosition() {
    return lastPosition;
  }

  long lastTimeNs() {
    return lastTimeNs;
  }

  ArrayDeque<StripeEvent> queue(int stripe) {
    return queues[stripe];
  }

  /** An event of a stripe has been applied or dropped. */
  void done(int stripe) {
    StripeEvent event = queues[stripe].remove();
    if (event.usesUpdate()) {
      updateEvents--;
    }
  }

  /** {@return whether a gradient was begun whose values never came} */
  boolean hasHalfGradient() {
    return ended && payloadRead != NONE;
  }

  /**
   * Reads the first event record of a log: its RESTORE.
   *
   * @return the origin, or null when the log begins later
   */
  Origin readOrigin() {
    if (ended || !next()) {
      return null;
    }
    MemorySegment record = cursor.record();
    if (LogRecord.kind(record) == RecordKind.RESTORE) {
      origin =
          new Origin(
              LogRecord.bodyLong(record, 0),
              LogRecord.bodyInt(record, 8),
              LogRecord.bodyInt(record, 12),
              LogRecord.bodyLong(record, 16),
              LogRecord.bodyLong(record, 24),
              versions(record, 32));
    } else if (LogRecord.kind(record) == RecordKind.END) {
      // Its worker could not be made: it never had a replica.
      endOfLog(record);
      ended = true;
    } else {
      held = true;
    }
    return origin;
  }

  /** Skips everything before the cut of a set; no when the log has none. */
  boolean skipToCut(long set) {
    while (advance()) {
      MemorySegment record = cursor.record();
      if (LogRecord.kind(record) == RecordKind.CUT && LogRecord.bodyLong(record, 0) == set) {
        duringCut = true;
        copying = true;
        return true;
      }
    }
    return false;
  }

  /**
   * Reads on: events go to their queues, up to the next gradient. A gradient's values are read when
   * no event is left that uses the update before it.
   *
   * @return whether anything was read
   */
  boolean read(GradientTarget target) {
    boolean any = false;
    while (!ended) {
      if (atGradient) {
        if (updateEvents > 0) {
          return any;
        }
        atGradient = false;
        payloadRead = 0;
        target.begin(cursor.record());
        completeIfWhole(target);
      }
      if (!advance()) {
        return any;
      }
      any = true;
      accept(cursor.record(), target);
    }
    return any;
  }

  private void completeIfWhole(GradientTarget target) {
    if (payloadRead == payloadLength) {
      payloadRead = NONE;
      target.complete();
    }
  }

  private boolean advance() {
    if (held) {
      held = false;
      return true;
    }
    return next();
  }

  private boolean next() {
    if (damage != null || !cursor.next()) {
      ended = true;
      damage = damage == null ? cursor.damage() : damage;
      return false;
    }
    records++;
    bytes += cursor.record().byteSize();
    lastPosition = cursor.position();
    lastTimeNs = LogRecord.timeNs(cursor.record());
    String wrong = RecordRules.wrong(cursor.record(), stripes);
    if (wrong != null) {
      damaged(wrong);
    }
    return wrong == null;
  }

  private void accept(MemorySegment record, GradientTarget target) {
    RecordKind kind = LogRecord.kind(record);
    int stripe = LogRecord.stripe(record);
    String disorder = disorder(kind, record, stripe);
    if (disorder != null) {
      damaged(disorder);
      return;
    }
    switch (kind) {
      case GRADIENT -> {
        atGradient = true;
        optimizerStep = LogRecord.bodyLong(record, 0);
        payloadLength = LogRecord.bodyLong(record, 32);
        if (GradientPayload.of(LogRecord.bodyInt(record, 28)) == null) {
          damaged("has values of an unknown kind");
        }
      }
      case FRAGMENT -> fragment(record, target);
      case STEP -> add(stripe, StripeEvent.step(lastPosition, lastTimeNs, version(record)));
      case INTENT -> {
        openExchange[stripe] =
            StripeEvent.exchange(
                lastPosition,
                lastTimeNs,
                version(record),
                new ChainId(LogRecord.bodyInt(record, 16), LogRecord.bodyInt(record, 20)),
                LogRecord.bodyLong(record, 8),
                LogRecord.has(record, LogRecord.WITH_UPDATE));
        add(stripe, openExchange[stripe]);
      }
      case COMMIT -> end(openExchange, stripe, StripeEvent.Ending.DONE);
      case TORN ->
          end(
              openExchange,
              stripe,
              LogRecord.has(record, LogRecord.UNCERTAIN)
                  ? StripeEvent.Ending.UNCERTAIN
                  : StripeEvent.Ending.NOT);
      case FENCE -> {
        openFence[stripe] = StripeEvent.fence(lastPosition, lastTimeNs, version(record), duringCut);
        add(stripe, openFence[stripe]);
      }
      case FENCED ->
          end(
              openFence,
              stripe,
              LogRecord.has(record, LogRecord.BROKEN)
                  ? StripeEvent.Ending.DONE
                  : StripeEvent.Ending.NOT);
      case CUT -> copying = true;
      case CHECKPOINT -> {
        duringCut = false;
        copying = false;
        target.checkpoint(
            LogRecord.bodyLong(record, 0), LogRecord.bodyLong(record, 8), versions(record, 16));
      }
      case END -> endOfLog(record);
      case RUN, RESTORE, REJECT, BASE -> {}
    }
  }

  private void endOfLog(MemorySegment record) {
    closedWell = LogRecord.bodyLong(record, 0) == UpdateLog.CLOSED;
    brokenOff = !closedWell;
  }

  /** {@return what says that records before this one are missing, or null} */
  private String disorder(RecordKind kind, MemorySegment record, int stripe) {
    return switch (kind) {
      case GRADIENT -> gradientDisorder(LogRecord.bodyLong(record, 0));
      case STEP -> updateDisorder(stripe);
      case INTENT ->
          openExchange[stripe] != null || LogRecord.has(record, LogRecord.WITH_UPDATE)
              ? updateDisorder(stripe)
              : null;
      case FENCE ->
          openFence[stripe] == null ? null : "breaks a lock before it tells of the one before";
      case CUT ->
          copying
              ? "begins a checkpoint before the one before it is complete"
              : underWay("begins a checkpoint");
      case CHECKPOINT -> copying ? null : "ends a checkpoint that was not begun";
      default -> null;
    };
  }

  private String gradientDisorder(long step) {
    if (optimizerStep != NONE && step != optimizerStep + 1) {
      return "is optimizer step " + step + " where " + (optimizerStep + 1) + " comes next";
    }
    return underWay("begins a gradient");
  }

  /** A gradient or a checkpoint begins when everything of the gradient before it is published. */
  private String underWay(String what) {
    if (payloadRead != NONE) {
      return what + " while the values of the gradient before are not complete";
    }
    for (StripeEvent open : openExchange) {
      if (open != null) {
        return what + " while nothing tells how the exchange at " + open.position + " ended";
      }
    }
    return null;
  }

  private String updateDisorder(int stripe) {
    if (openExchange[stripe] != null) {
      return "comes where nothing tells how the exchange at "
          + openExchange[stripe].position
          + " ended";
    }
    if (optimizerStep == NONE) {
      return "uses a gradient before there is one";
    }
    return payloadRead == NONE ? null : "uses a gradient whose values are not complete";
  }

  private void add(int stripe, StripeEvent event) {
    if (event.usesUpdate()) {
      updateEvents++;
    }
    queues[stripe].add(event);
  }

  /** A torn exchange hands its update on to the step that follows. */
  private void end(StripeEvent[] open, int stripe, StripeEvent.Ending ending) {
    if (open[stripe] == null) {
      damaged("ends what was not begun");
      return;
    }
    open[stripe].ending = ending;
    open[stripe] = null;
  }

  private void fragment(MemorySegment record, GradientTarget target) {
    long offset = LogRecord.bodyLong(record, 0);
    long length = (long) LogRecord.bodyLengthBytes(record) - Long.BYTES;
    if (payloadRead == NONE || offset != payloadRead || length > payloadLength - payloadRead) {
      damaged("has values at " + offset + " where " + Math.max(0, payloadRead) + " come next");
      return;
    }
    target.fragment(record, offset, length);
    payloadRead += length;
    completeIfWhole(target);
  }

  private long[] versions(MemorySegment record, long offset) {
    long[] versions = new long[stripes];
    if (LogRecord.bodyLengthBytes(record) < offset + (long) stripes * Long.BYTES) {
      damaged("has fewer versions than the model has stripes");
      return versions;
    }
    for (int stripe = 0; stripe < stripes; stripe++) {
      versions[stripe] = LogRecord.bodyLong(record, offset + (long) stripe * Long.BYTES);
    }
    return versions;
  }

  private void damaged(String how) {
    damage = "the record of " + id + " at " + lastPosition + " " + how + ": the log is damaged";
    ended = true;
  }

  private static long version(MemorySegment record) {
    return LogRecord.bodyLong(record, 0);
  }

  /**
   * Refuses a log of another model.
   *
   * @param key what must agree
   * @param expected its value in the other logs
   */
  void requireSame(String key, String expected) {
    if (!expected.equals(run.get(key))) {
      throw new StarlingException(
          "the log of "
              + id
              + " has "
              + key
              + "="
              + run.get(key)
              + " but another one of the run has "
              + expected
              + ": do not mix the logs of different runs");
    }
  }

  @Override
  public void close() {
    cursor.close();
  }
}

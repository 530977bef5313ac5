package dev.starling.cli.log;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.Origin;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.log.UpdateLog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gives what stands in a record its names. Payloads are left out. */
final class RecordFields {
  private static final int SHOWN_VERSIONS = 8;
  private static final String RUN = "run";

  private RecordFields() {}

  /**
   * Describes a record for programs.
   *
   * @param scan a scan that stands on it
   * @return the header's fields and the body's, as {@link LogRecord} has them
   */
  static Map<String, Object> json(LogScan scan) {
    MemorySegment record = scan.record();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rank", scan.log().rank());
    json.put("incarnation", scan.log().incarnation());
    json.put("sequence", LogRecord.sequence(record));
    json.put("segment", scan.segment());
    json.put("time", Times.exact(scan.timeNs()));
    json.put("kind", scan.kind().name());
    json.putAll(body(scan.kind(), record));
    return json;
  }

  /**
   * Describes a record for people.
   *
   * @param scan a scan that stands on it
   * @return one line, without a line break
   */
  static String line(LogScan scan) {
    MemorySegment record = scan.record();
    StringBuilder line = new StringBuilder();
    line.append(Times.exact(scan.timeNs())).append("  ");
    pad(line, scan.log().rank() + "." + scan.log().incarnation(), 7);
    pad(line, "#" + LogRecord.sequence(record), 10);
    pad(line, scan.kind().name(), 11);
    append(line, body(scan.kind(), record));
    return line.toString().stripTrailing();
  }

  private static void pad(StringBuilder line, String text, int columns) {
    line.append(text).append(" ".repeat(Math.max(1, columns - text.length())));
  }

  private static void append(StringBuilder line, Map<String, ?> fields) {
    fields.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> inner) {
            inner.forEach((name, text) -> field(line, name, text));
          } else if (value instanceof List<?> list && list.size() > SHOWN_VERSIONS) {
            field(line, key, list.subList(0, SHOWN_VERSIONS) + "... of " + list.size());
          } else if (value != null) {
            field(line, key, value);
          }
        });
  }

  private static void field(StringBuilder line, Object key, Object value) {
    line.append(key).append('=').append(value.toString().replace(", ", ",")).append(' ');
  }

  private static Map<String, Object> body(RecordKind kind, MemorySegment record) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (LogRecord.stripe(record) >= 0) {
      fields.put("stripe", LogRecord.stripe(record));
    }
    switch (kind) {
      case RUN -> run(fields, record);
      case RESTORE -> restore(fields, record);
      case GRADIENT -> gradient(fields, record);
      case FRAGMENT -> {
        fields.put("offsetBytes", LogRecord.bodyLong(record, 0));
        fields.put("lengthBytes", (long) LogRecord.bodyLengthBytes(record) - Long.BYTES);
      }
      case STEP, COMMIT -> fields.put("version", LogRecord.bodyLong(record, 0));
      case INTENT -> {
        fields.put("version", LogRecord.bodyLong(record, 0));
        fields.put("peer", LogRecord.bodyInt(record, 16));
        fields.put("peerIncarnation", LogRecord.bodyInt(record, 20));
        fields.put("peerVersionLow28", LogRecord.bodyLong(record, 8));
        fields.put("withUpdate", LogRecord.has(record, LogRecord.WITH_UPDATE));
      }
      case TORN -> {
        fields.put("peer", LogRecord.bodyLong(record, 0));
        fields.put("mayBePublished", LogRecord.has(record, LogRecord.UNCERTAIN));
      }
      case FENCE -> {
        fields.put("versionLow28", LogRecord.bodyLong(record, 0));
        fields.put("peer", LogRecord.bodyLong(record, 8));
      }
      case FENCED -> {
        fields.put("peer", LogRecord.bodyLong(record, 0));
        fields.put("broken", LogRecord.has(record, LogRecord.BROKEN));
      }
      case CUT -> fields.put("set", LogRecord.bodyLong(record, 0));
      case CHECKPOINT -> {
        fields.put("set", LogRecord.bodyLong(record, 0));
        fields.put("optimizerStep", LogRecord.bodyLong(record, 8));
        fields.put("versions", versions(record, 16));
      }
      case REJECT -> reject(fields, record);
      case BASE -> {
        fields.put("version", LogRecord.bodyLong(record, 0));
        fields.put("payloadBytes", LogRecord.bodyLong(record, 8));
      }
      case END ->
          fields.put(
              "reason",
              LogRecord.bodyLong(record, 0) == UpdateLog.CLOSED ? "closed" : "full-or-failed");
    }
    return fields;
  }

  private static void run(Map<String, Object> fields, MemorySegment record) {
    Map<String, String> values = new LinkedHashMap<>();
    byte[] text =
        record
            .asSlice(LogRecord.HEADER_BYTES, LogRecord.bodyLengthBytes(record))
            .toArray(ValueLayout.JAVA_BYTE);
    for (String line : new String(text, StandardCharsets.UTF_8).lines().toList()) {
      int equals = line.indexOf('=');
      String key = equals < 0 ? line : line.substring(0, equals);
      values.put(printable(key), printable(equals < 0 ? "" : line.substring(equals + 1)));
    }
    fields.put("continued", LogRecord.has(record, LogRecord.CONTINUED));
    fields.put(RUN, values);
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  private static void restore(Map<String, Object> fields, MemorySegment record) {
    fields.put("set", known(LogRecord.bodyLong(record, 0)));
    fields.put("originRank", known(LogRecord.bodyInt(record, 8)));
    fields.put("originIncarnation", LogRecord.bodyInt(record, 12));
    fields.put("newestSet", known(LogRecord.bodyLong(record, 16)));
    fields.put("optimizerStep", LogRecord.bodyLong(record, 24));
    fields.put("originVersions", versions(record, 32));
  }

  private static Long known(long value) {
    return value == Origin.NONE ? null : (Long) value;
  }

  private static void gradient(Map<String, Object> fields, MemorySegment record) {
    GradientPayload payload = GradientPayload.of(LogRecord.bodyInt(record, 28));
    fields.put("optimizerStep", LogRecord.bodyLong(record, 0));
    fields.put("oldestReadVersion", LogRecord.bodyLong(record, 8));
    fields.put("count", LogRecord.bodyInt(record, 16));
    fields.put("learningRate", finite(LogRecord.bodyFloat(record, 20)));
    fields.put("scale", finite(LogRecord.bodyFloat(record, 24)));
    fields.put("payload", payload == null ? "unknown" : payload.toString());
    fields.put("payloadBytes", LogRecord.bodyLong(record, 32));
  }

  private static Float finite(float value) {
    return Float.isFinite(value) ? (Float) value : null;
  }

  private static void reject(Map<String, Object> fields, MemorySegment record) {
    long badIndex = LogRecord.bodyLong(record, 16);
    fields.put("count", LogRecord.bodyLong(record, 0));
    fields.put("lastSubmission", LogRecord.bodyLong(record, 8));
    fields.put("reason", badIndex < 0 ? "too-stale" : "not-finite");
    fields.put("badIndex", badIndex < 0 ? null : badIndex);
  }

  /**
   * Reads the versions at the end of a RESTORE or CHECKPOINT.
   *
   * @param record the record
   * @param offset where they begin in the body
   * @return one for each stripe
   */
  static List<Long> versions(MemorySegment record, long offset) {
    List<Long> versions = new ArrayList<>();
    for (long at = offset; at + Long.BYTES <= LogRecord.bodyLengthBytes(record); at += Long.BYTES) {
      versions.add(LogRecord.bodyLong(record, at));
    }
    return versions;
  }
}

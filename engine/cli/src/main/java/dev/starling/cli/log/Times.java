package dev.starling.cli.log;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Wall times of records, as people write them. */
final class Times {
  private static final long NS_PER_S = 1_000_000_000L;
  private static final DateTimeFormatter TO_NS = format("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'");
  private static final DateTimeFormatter TO_MS = format("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'");

  private Times() {}

  private static DateTimeFormatter format(String pattern) {
    return DateTimeFormatter.ofPattern(pattern).withZone(ZoneOffset.UTC);
  }

  /** {@return an instant of ns since 1970} */
  static Instant instant(long timeNs) {
    return Instant.ofEpochSecond(0, timeNs);
  }

  /** {@return a time to the nanosecond, in a form that options take} */
  static String exact(long timeNs) {
    return TO_NS.format(instant(timeNs));
  }

  /** {@return a time to the millisecond} */
  static String brief(long timeNs) {
    return TO_MS.format(instant(timeNs));
  }

  /** {@return ns since 1970, the nearest that 64 bits hold} */
  static long ns(Instant time) {
    long seconds = time.getEpochSecond();
    long limit = Long.MAX_VALUE / NS_PER_S;
    if (seconds >= limit) {
      return Long.MAX_VALUE;
    }
    return seconds <= -limit ? Long.MIN_VALUE : seconds * NS_PER_S + time.getNano();
  }
}

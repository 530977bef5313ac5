package dev.starling.engine.sim;

import java.util.SplittableRandom;

/**
 * Where in its work a worker dies: at an operation of a kind when it is posted, takes effect or is
 * delivered, or at a record of its log, before or after it is written.
 */
final class CrashPoint {
  /** A step that a worker can die at. */
  enum Moment {
    SWAP_POSTED,
    SWAP_EFFECTIVE,
    SWAP_DELIVERED,
    WRITE_POSTED,
    WRITE_EFFECTIVE,
    WRITE_DELIVERED,
    READ_POSTED,
    READ_EFFECTIVE,
    READ_DELIVERED,
    BEFORE_RECORD,
    AFTER_RECORD
  }

  private final Moment moment;
  private long left;

  private CrashPoint(Moment moment, long left) {
    this.moment = moment;
    this.left = left;
  }

  static CrashPoint draw(SplittableRandom random, int steps) {
    Moment[] moments = Moment.values();
    Moment moment = moments[random.nextInt(moments.length)];
    boolean isWrite = moment.name().startsWith("WRITE");
    return new CrashPoint(moment, 1 + random.nextInt((isWrite ? 2 : 8) * steps));
  }

  /** Counts a step. */
  boolean isHit(Moment passed) {
    return passed == moment && --left == 0;
  }
}

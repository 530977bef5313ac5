package dev.starling.engine.replay;

/** What a log says of one stripe at one point. */
final class StripeEvent {
  /** What happened. */
  enum Kind {
    STEP,
    EXCHANGE,
    FENCE
  }

  /** How it ended, as far as the log tells. */
  enum Ending {
    /** The log ends before it tells. */
    OPEN,
    /** Published: on both sides, or the lock was broken. */
    DONE,
    /** Not published on the own side, and not on the partner's. */
    NOT,
    /** Not published on the own side, and perhaps on the partner's. */
    UNCERTAIN
  }

  final Kind kind;
  final String position;
  final long timeNs;
  final ChainId peer;
  final boolean withUpdate;
  Ending ending;

  /** Whether it lies between a cut and the copies of it, where some stripes are copied already. */
  final boolean duringCut;

  /** Full for a step or an exchange; the low 28 bits for a fence. */
  final long version;

  /** The low 28 bits. */
  final long peerVersion;

  private StripeEvent(
      Kind kind,
      String position,
      long timeNs,
      long version,
      ChainId peer,
      long peerVersion,
      boolean withUpdate,
      boolean duringCut,
      Ending ending) {
    this.kind = kind;
    this.position = position;
    this.timeNs = timeNs;
    this.version = version;
    this.peer = peer;
    this.peerVersion = peerVersion;
    this.withUpdate = withUpdate;
    this.duringCut = duringCut;
    this.ending = ending;
  }

  static StripeEvent step(String position, long timeNs, long version) {
    return new StripeEvent(Kind.STEP, position, timeNs, version, null, 0, true, false, Ending.DONE);
  }

  static StripeEvent exchange(
      String position,
      long timeNs,
      long version,
      ChainId peer,
      long peerVersion,
      boolean withUpdate) {
    return new StripeEvent(
        Kind.EXCHANGE,
        position,
        timeNs,
        version,
        peer,
        peerVersion,
        withUpdate,
        false,
        Ending.OPEN);
  }

  static StripeEvent fence(String position, long timeNs, long version, boolean duringCut) {
    return new StripeEvent(
        Kind.FENCE, position, timeNs, version, null, 0, false, duringCut, Ending.OPEN);
  }

  /** Whether it needs the update of the gradient before it. */
  boolean usesUpdate() {
    return withUpdate;
  }
}

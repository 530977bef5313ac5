package dev.starling.engine.rendezvous;

/** Why a peer does not accept a connection, for the program; a sentence for people goes with it. */
final class Refusal {
  /** It will never be accepted like this. */
  static final int FINAL = 1;

  /** The rank seems to be alive still; ask again until it would be known to be dead. */
  static final int ALIVE_STILL = 2;

  /** Whoever was asked is not a member itself. */
  static final int NO_MEMBER = 3;

  /** Whoever was meant is not there any more. */
  static final int GONE = 4;

  /** Whoever asks was declared dead, or replaced. */
  static final int EXPELLED = 5;

  private Refusal() {}
}

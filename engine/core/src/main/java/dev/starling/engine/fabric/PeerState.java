package dev.starling.engine.fabric;

/** What is known of a peer. */
public enum PeerState {
  /** The peer takes part. */
  ALIVE,
  /** The peer left in good order: no exchange with it starts any more. */
  CLOSED,
  /** The peer's owner is dead, or its connection is in error. */
  DEAD
}

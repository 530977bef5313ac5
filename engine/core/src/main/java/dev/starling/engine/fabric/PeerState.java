package dev.starling.engine.fabric;

/** What is known of a peer. */
public enum PeerState {
  /** The peer takes part. */
  ALIVE,
  /** The peer left in good order: no exchange with it starts any more. */
  CLOSED,
  /**
   * The connection is in error, because the peer fenced it for instance, and nobody knows the peer
   * to be dead: connect anew.
   */
  BROKEN,
  /** The peer's owner is dead. */
  DEAD
}

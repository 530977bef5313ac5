package dev.starling.engine.worker;

import dev.starling.engine.fabric.PeerState;

/**
 * Is told when a worker connects to a neighbour and when it loses one. Called by communication
 * agents, between two steps of their duty cycle, and for those who have joined already by the
 * thread that sets the worker up: it must return quickly and must not throw.
 */
@FunctionalInterface
public interface PeerListener {
  /** Tells nobody. */
  PeerListener NONE = (rank, peer, incarnation, state) -> {};

  /**
   * A neighbour was connected or lost.
   *
   * @param rank the worker that noticed
   * @param peer the neighbour
   * @param incarnation which incarnation of it
   * @param state {@link PeerState#ALIVE} connected, {@link PeerState#CLOSED} left in good order,
   *     {@link PeerState#DEAD} died
   */
  void onPeer(int rank, int peer, int incarnation, PeerState state);
}

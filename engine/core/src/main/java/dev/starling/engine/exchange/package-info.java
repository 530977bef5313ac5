/**
 * The pairwise averaging of one stripe as a state machine that never waits, the choice of partners,
 * and the home's breaking of locks whose holder died or hangs.
 *
 * <pre>
 *   try-lock own -> try-lock peer -> stream chunks -> publish peer -> publish own -> EXCHANGED
 *        |               |                                |
 *        v               v busy                           v word moved, or uncertain
 *     OWN_BUSY     release own unchanged            solo step into the own target plane
 *                     NO_PARTNER                       publish own -> TORN
 * </pre>
 *
 * <p>Threads: everything here belongs to the communication agent of one worker.
 *
 * <p>Invariants: holding is never combined with waiting, so no cycle of waits exists on any graph;
 * I4 an exchange is visible on both replicas, on neither, or is counted as torn; I7 an update is
 * published exactly once; only the home breaks a lock on its stripes.
 */
package dev.starling.engine.exchange;

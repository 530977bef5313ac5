/**
 * The public face of the engine: a job of workers, the snapshot that a worker computes on, the
 * gradient that it hands in, and the communication agent that does the rest.
 *
 * <pre>
 *   compute thread (yours)                     communication agent (one per worker)
 *   snapshot()  ---- pin current plane ---->
 *   compute into gradient()
 *   submit()    ---- [ mailbox ] ----------->  take, advance the optimizer,
 *                                              average with a neighbour or step alone, publish
 * </pre>
 *
 * <p>An agent may follow another {@link dev.starling.engine.worker.Algorithm} than AD-PSGD, to be
 * compared with. Where it is synchronous, {@code snapshot()} waits for the round of the last
 * gradient, and a worker that is lost ends the job; what follows holds for AD-PSGD.
 *
 * <p>Threads: {@link dev.starling.engine.worker.Worker} belongs to one compute thread; the agent
 * runs on a thread of the engine's. The compute thread never waits for the agent and neither waits
 * for a peer (I6).
 *
 * <p>Invariants: I7 every gradient that is submitted is applied exactly once, still pending, or was
 * refused and counted; I8 every wait has a bound.
 */
package dev.starling.engine.worker;

/**
 * The engine in a deterministic world: one thread, virtual time, and a fabric on which every
 * operation takes effect and completes at a moment drawn from a seed. The exchange machine, the
 * agents, the lock guard, the snapshots and the mailbox are the production code.
 *
 * <pre>
 *   Simulation: draws who moves next
 *     agent.doWork() | a step of a compute thread | a piece of a posted operation
 *           |                    |                             |
 *           v                    v                             v
 *     InvariantChecker: every swap, every write of a plane, every journal event
 * </pre>
 *
 * <p>Faults: a worker that dies, and whose successor may join, and die in turn, before its peers
 * have noticed the first death; a worker that is paused for longer than the hold limit and then
 * goes on; operations whose completion is uncertain; gradients that are not finite.
 *
 * <p>A seed determines a run; {@link dev.starling.engine.sim.SimReport#traceHash} proves it. What a
 * simulation on one thread cannot show is the memory model: stress tests on real threads do that.
 */
package dev.starling.engine.sim;

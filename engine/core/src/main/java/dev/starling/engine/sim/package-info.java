/**
 * The engine in a deterministic world: one thread, virtual time, and a fabric on which every
 * operation takes effect and completes at a moment drawn from a seed. The exchange machine, the
 * agents, the lock guard, the snapshots, the mailbox, the log codec and the replay are the
 * production code.
 *
 * <pre>
 *   Agenda: what happens next, in virtual time
 *     agent.doWork() | an action of a compute side | a part of a posted operation | an incident
 *           |                    |                             |                       |
 *           v                    v                             v                       v
 *     InvariantChecker: every swap, every write of a plane, every journal event  (I1 to I5, P2, P3)
 *     Bounds:           every lock that a peer holds, every gradient that waits    (I6, I8, P1)
 *     Accounts:         every gradient, and the sum of the replicas                (I5, I7, P4)
 *     SimLogs:          replay of all logs gives the bits of all replicas          (P5, P7)
 *     SimFabric:        every connection and registration is closed                (P6)
 * </pre>
 *
 * <p>A {@link dev.starling.engine.sim.Scenario} says what is simulated and which {@link
 * dev.starling.engine.sim.Fault}s happen; most are drawn from the seed alone. Workers die at any
 * moment of time, and at any step of an exchange, also in the middle of a call of the agent ({@link
 * dev.starling.engine.sim.CrashPoint}). The compute side is interrupted by the others inside a pin,
 * before it is stored and before it is confirmed.
 *
 * <p>A scenario determines a run; {@link dev.starling.engine.sim.SimReport#traceHash} proves it.
 * That the simulator finds mistakes is proved by planting them ({@link
 * dev.starling.engine.sim.Mutant}). What one thread cannot show is the memory model: stress tests
 * on real threads do that.
 *
 * <p>The same world without faults and checks, at sizes that nobody has: {@link
 * dev.starling.engine.sim.ScaleSimulation} trains a small problem on hundreds of workers whose
 * compute times and network are a model, and measures epoch time, staleness and how far the
 * replicas are apart.
 *
 * <pre>
 *   ScaleSimulation: an epoch's end, the end of the run
 *     ScaleRank:    when one worker's agent and compute side act    ScaleCompute: its gradients
 *     NetworkModel: how long gradients, messages and transfers take ScaleProblem: samples, loss
 *     ScaleGauge:   models and counters of all workers              SimFabric: the same as above
 * </pre>
 *
 * <p>Everything here belongs to the thread that calls {@link dev.starling.engine.sim.Simulation} or
 * {@link dev.starling.engine.sim.ScaleSimulation}.
 */
package dev.starling.engine.sim;

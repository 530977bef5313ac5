/**
 * What of this machine would stop or slow a run, found out before one begins.
 *
 * <pre>
 *   HealthCheck.examine(Workload) --> Finding: OK       what is as it should be
 *     found by ServiceLoader                   NOTE     what a run can do without, and its cure
 *                                              PROBLEM  what stops a run, and its cure
 * </pre>
 *
 * <p>The engine owns the interface; modules on the class path bring checks of what they need, and
 * {@code starling doctor} prints the findings of all.
 *
 * <p>Threads: the caller's. Invariants: a check changes nothing on the machine, leaves nothing
 * open, and ends; what cannot be found out is a finding, not an exception.
 */
package dev.starling.engine.health;

/**
 * Chaos on real processes: {@code starling train --processes} under kills, pauses, full shared
 * memory, full disks and starvation of processors, ended by {@code starling verify}.
 *
 * <p>A {@link dev.starling.cli.chaos.ChaosPlan} is drawn from a seed; a {@link
 * dev.starling.cli.chaos.ChaosRun} carries one run of it out, on the thread of the test. A {@link
 * dev.starling.cli.chaos.ProgressWatch} looks on from a thread of its own. What both counted comes
 * together in a {@link dev.starling.cli.chaos.ChaosReport}.
 *
 * <p>Invariants: the machine's own shared memory and disks are never filled, only file systems of
 * the test; whatever the test starts, stops or mounts ends with it.
 */
package dev.starling.cli.chaos;

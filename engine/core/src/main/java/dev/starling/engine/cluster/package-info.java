/**
 * How the processes of one job on one host find each other: a board in shared memory that says who
 * has joined, how far everyone is, and what the coordinator wants.
 *
 * <pre>
 *  board (one file per job, owned by the coordinator's file lock)
 *  +----------------------+------------+-----------------+------------------------------+
 *  | magic, version, job, | phase (4)  | work left (8)   | one 128-byte record per rank |
 *  | workers              | alone      | alone           | written by that rank         |
 *  +----------------------+------------+-----------------+------------------------------+
 *
 *  phase:  GATHERING --> RUNNING --> STOPPING --> RELEASED        (the coordinator)
 *  rank:   ABSENT --> JOINED --> FINISHED --> LEFT                (the rank; ABSENT again when lost)
 * </pre>
 *
 * <p>Threads: a board may be used from any thread, except for {@code isCoordinatorAlive}, which one
 * thread at a time may ask. Every field has one writer, the work left is changed by atomic
 * addition.
 *
 * <p>Invariants: nobody waits on the board without asking whether the coordinator lives; a rank is
 * announced only when its region can be connected to; a coordinator starts a rank again only after
 * the process of its last incarnation has ended.
 */
package dev.starling.engine.cluster;

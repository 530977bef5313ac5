/**
 * How a worker reaches its peers' memory: one-sided reads, writes and compare-and-swap, with
 * completions to poll.
 *
 * <pre>
 *   home                                   peer
 *   Fabric.expose(replica) --descriptor--> Fabric.connect(descriptor) = Remote
 *                                          Remote.readWord / read / write / compareAndSwap (tag)
 *                                          Remote.poll -> (tag, succeeded, value)
 * </pre>
 *
 * <p>Threads: a {@link dev.starling.engine.fabric.Remote} belongs to one communication agent;
 * nothing here blocks.
 *
 * <p>Invariants: every posted operation completes exactly once, in bounded time, with success or
 * not; an operation that did not succeed may or may not have taken effect (<em>uncertain</em>).
 * Offsets are relative to the region, so a fabric may map ranges of it to memory registrations of
 * its own.
 */
package dev.starling.engine.fabric;

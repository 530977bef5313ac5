/**
 * What the engine tells a log about a replica: every event that changes it, in the order in which
 * it changes.
 *
 * <p>Threads: the communication agent calls, between two steps of its duty cycle; an implementation
 * neither blocks nor keeps the segments it is given.
 *
 * <p>Invariants: a gradient is told before the update that uses it; an intent before either side of
 * the exchange is published; a fence before the lock is broken. FORMAT.md in this directory
 * specifies the format; {@link dev.starling.engine.log.LogRecord} is its layout.
 */
package dev.starling.engine.log;

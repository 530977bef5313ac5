/**
 * {@code starling log}: what the update logs of a run hold.
 *
 * <pre>
 *   RUN/log/0.0/ 0.1/ 1.0/ ...      one log for each life of a rank
 *            |     |    |
 *         LogScan  ...  ...         one record after the other, checked
 *            |     |    |
 *            +-----+----+--- ls     one line for each log
 *            |     |    +--- stat   one report
 *            +--merged by time--- dump
 * </pre>
 *
 * <p>Runs on the caller's thread and reads only; a log may be written meanwhile, and is then read
 * up to where it ended when it was looked at. Chronicle itself is not needed for that, nor any flag
 * of the JVM. Invariant: nothing in a log is used before it was checked; what cannot be read is
 * named with its file and offset, and what lies before it is shown all the same.
 */
package dev.starling.cli.log;

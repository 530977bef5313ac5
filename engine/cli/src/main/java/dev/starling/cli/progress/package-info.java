/**
 * Lines that are redrawn in place while something takes long.
 *
 * <pre>
 *   log stat  42 % [=================                       ] 0:00:07 left
 * </pre>
 *
 * <p>Threads: the one that works counts; a daemon of the library draws, four times a second.
 * Invariant: nothing is drawn where no person watches.
 */
package dev.starling.cli.progress;

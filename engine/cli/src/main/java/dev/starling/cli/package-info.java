/**
 * The command line: {@code starling demo}, {@code train}, {@code topology}, {@code log}, {@code
 * checkpoint}, {@code doctor}, and what other modules add through {@link
 * dev.starling.cli.SubCommandProvider}.
 *
 * <pre>
 *   stdout   what was asked for: the report, or with --json one JSON object as the last line
 *   stderr   progress and errors, each error one sentence
 *   exit     0 done   1 failed   2 asked for something impossible   130 / 143 stopped by SIGINT / SIGTERM
 * </pre>
 *
 * <p>Threads: a command runs on the thread that calls it; the threads of a training run are listed
 * in {@link dev.starling.cli.train}. Invariant: no failure prints a stack trace unless {@code
 * --verbose} asks for it.
 */
package dev.starling.cli;

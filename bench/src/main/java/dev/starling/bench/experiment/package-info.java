/**
 * {@code starling experiment}: what the paper claims, and what follows from it, as measurements of
 * this engine.
 *
 * <pre>
 *   ExperimentCommand.plan --RunSpec--> RunLauncher --RunOutcome--> row --> rows.jsonl, one line a run
 *                                       (a JVM each, one at a time)  '----> summaries, table, report.html
 * </pre>
 *
 * <p>Threads: everything runs on the thread of the command; a run is a process of its own.
 *
 * <p>Invariants: a run that fails is a row with its sentence and lets the command end with exit
 * code 1; a number that a busy machine spoilt is marked invalid and never left out; numbers from
 * the paper that nobody verified are printed with that word.
 */
package dev.starling.bench.experiment;

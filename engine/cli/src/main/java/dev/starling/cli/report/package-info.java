/**
 * {@code starling report}: one page that shows a whole run, see {@link dev.starling.cli.page}.
 *
 * <pre>
 *   RUN/ or RUN/rank-R/   config.json --.
 *                         result.json --+--> RunFiles --> RunPage --> RUN/report.html
 *                         stat.json ----+                   |- Summary  Curves  Throughput
 *                         history.jsonl '                   '- Meetings (log/) Environment
 * </pre>
 *
 * <p>Runs on the caller's thread and only reads, also while the run goes on: every file is replaced
 * whole or read up to its last complete line. Invariant: whatever of a run is missing, the page is
 * made; a section without data says in one sentence what is missing and what would give it.
 */
package dev.starling.cli.report;

/**
 * {@code starling checkpoint}: what the checkpoint sets of a run hold, and models out of them.
 *
 * <pre>
 *   RUN/checkpoints/000012/rank-0.0.safetensors  rank-1.0.safetensors  manifest.json
 *                               |                     |                     |
 *                               |                     |                     +--- ls
 *                               +---------------------|--- export, one rank
 *                               +---------------------+--- average, all ranks
 *                               +---------------------+--- diff, with others
 * </pre>
 *
 * <p>Runs on the caller's thread; sets are read only. Invariants: no value leaves a checkpoint file
 * before all its checksums were found right; a file is written whole or not at all, and never over
 * another one.
 */
package dev.starling.cli.checkpoint;

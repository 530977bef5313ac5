/**
 * {@code starling sim}: searches for violated invariants in simulated runs, and repeats and shrinks
 * the run of a seed. {@code starling sim scale}: trains on a cluster that is only a model.
 *
 * <p>Opens nothing; simulations run on all processors, everything else on the caller's thread.
 */
package dev.starling.cli.sim;

package dev.starling.engine.sim;

/**
 * How things stand at the end of an epoch.
 *
 * @param epoch which, from 1
 * @param endNs when it ended, in virtual time since the run began
 * @param loss mean cross-entropy of the average model on samples that nobody trains with, in nats
 * @param accuracy the part of these samples that it names correctly, 0 to 1
 * @param consensusDistance mean over the workers of the distance between their model and the
 *     average, divided by the square root of the number of parameters
 * @param stalenessMean mean staleness of the gradients applied in the epoch, in versions
 */
public record ScaleEpoch(
    int epoch,
    long endNs,
    double loss,
    double accuracy,
    double consensusDistance,
    double stalenessMean) {}

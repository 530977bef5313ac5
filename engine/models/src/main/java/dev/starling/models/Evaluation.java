package dev.starling.models;

/**
 * What a model achieves on a data set.
 *
 * @param accuracy share of samples whose largest logit is that of their label, 0 to 1; a sample
 *     whose logits are not all finite counts as wrong
 * @param loss mean cross-entropy in nats; NaN when any logit is not finite
 * @param count number of samples
 */
public record Evaluation(double accuracy, double loss, int count) {}

package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How the workers of a job come to one model. All run the same compute threads, optimizers and
 * kernels over the same fabric; they differ in what an agent does with a gradient.
 *
 * <p>A gradient moves the average of all replicas by {@code learningRate / workers} in each of
 * them, so that equal numbers of gradients at equal learning rates are comparable.
 */
public enum Algorithm {
  /**
   * Asynchronous decentralised parallel SGD: each worker averages with one neighbour at a time
   * (Lian et al., ICML 2018). The engine's own; the others are what it is measured against.
   */
  AD_PSGD("ad-psgd", false),
  /**
   * AllReduce-SGD: in each round the gradients of all workers are averaged around a ring, by
   * reduce-scatter and all-gather, and every worker takes the same step.
   */
  ALLREDUCE("allreduce", true),
  /**
   * D-PSGD: in each round every worker takes a weighted mean of its own model and those of its
   * neighbours, and a step of its own (Lian et al., NIPS 2017). The weights are Metropolis's,
   * {@code 1 / (1 + the larger degree)}, which are doubly stochastic on every graph.
   */
  D_PSGD("d-psgd", true),
  /**
   * A-PSGD: an asynchronous parameter server. The model is cut into shards with a home each; a
   * worker applies its update to each shard at its home, under the shard's lock, and takes the
   * result along.
   */
  A_PSGD("a-psgd", false);

  private final String optionName;
  private final boolean synchronous;

  Algorithm(String optionName, boolean synchronous) {
    this.optionName = optionName;
    this.synchronous = synchronous;
  }

  /**
   * Returns the name that options use.
   *
   * @return for instance {@code ad-psgd}
   */
  public String optionName() {
    return optionName;
  }

  /**
   * Tells whether the workers go through common rounds, so that a compute thread waits for the
   * slowest.
   *
   * @return whether it has rounds
   */
  public boolean isSynchronous() {
    return synchronous;
  }

  /**
   * Tells whether the job ends when one worker is lost. Only AD-PSGD goes on without it.
   *
   * @return whether every worker is needed
   */
  public boolean needsEveryWorker() {
    return this != AD_PSGD;
  }

  /**
   * Finds an algorithm by its option name.
   *
   * @param name the name
   * @return the algorithm
   * @throws ConfigurationException when there is none, with all names
   */
  public static Algorithm parse(String name) {
    for (Algorithm algorithm : values()) {
      if (algorithm.optionName.equals(name)) {
        return algorithm;
      }
    }
    throw new ConfigurationException(
        "there is no algorithm '"
            + name
            + "': choose one of "
            + Arrays.stream(values()).map(Algorithm::optionName).collect(Collectors.joining(", ")));
  }

  @Override
  public String toString() {
    return optionName;
  }
}

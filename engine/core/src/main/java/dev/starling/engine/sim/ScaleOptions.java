package dev.starling.engine.sim;

import dev.starling.engine.ConfigurationException;

/**
 * The options of a simulation at scale. Set what differs from the defaults; {@link
 * ScaleSimulation#run} concludes them, after that they are read-only. Every run with equal options
 * is the same run.
 *
 * <p>Belongs to the thread that sets the simulation up.
 */
public final class ScaleOptions {
  /** The most workers that a run has. */
  public static final int MAX_WORKERS = 4096;

  private ScaleAlgorithm algorithm = ScaleAlgorithm.AD_PSGD;
  private int workers = 16;
  private String topology = "exponential";
  private int epochs = 4;
  private int stepsPerEpoch = 40;
  private double maxSeconds = 0;
  private double computeMs = 100;
  private double computeSpread = 0.1;
  private double slowFactor = 1;
  private double latencyUs = 2;
  private double gigabits = 100;
  private long parameters = 25_000_000;
  private int batch = 16;
  private double learningRate = 0.2;
  private long seed = 1;
  private boolean concluded;

  /** Creates options with every one at its default. */
  public ScaleOptions() {}

  /**
   * Checks every option against its range and fixes them.
   *
   * @return this
   * @throws ConfigurationException names the option, its value and its range
   */
  public ScaleOptions conclude() {
    ConfigurationException.requireRange("workers", workers, 2, MAX_WORKERS);
    ConfigurationException.requireRange("epochs", epochs, 1, 10_000);
    ConfigurationException.requireRange("steps per epoch", stepsPerEpoch, 1, 1_000_000);
    ConfigurationException.requireRange("seconds", maxSeconds, 0, 1e6);
    ConfigurationException.requireRange("compute time in ms", computeMs, 0.01, 1e6);
    ConfigurationException.requireRange("spread of the compute time", computeSpread, 0, 2);
    ConfigurationException.requireRange("slow factor", slowFactor, 1, 1e6);
    ConfigurationException.requireRange("latency in us", latencyUs, 0, 1e6);
    ConfigurationException.requireRange("bandwidth in Gbit/s", gigabits, 0.001, 1e6);
    ConfigurationException.requireRange(
        "parameters", parameters, ScaleProblem.PARAMETERS, 1_000_000_000_000L);
    ConfigurationException.requireRange("batch", batch, 1, 4096);
    ConfigurationException.requireRange("learning rate", learningRate, 1e-6, 10);
    concluded = true;
    return this;
  }

  private void requireOpen() {
    if (concluded) {
      throw new IllegalStateException(
          "the options belong to a run already: make new ones for each run");
    }
  }

  /**
   * Sets whose communication pattern is simulated. Default {@link ScaleAlgorithm#AD_PSGD}.
   *
   * @param value the algorithm
   * @return this
   */
  public ScaleOptions algorithm(ScaleAlgorithm value) {
    requireOpen();
    algorithm = value;
    return this;
  }

  /**
   * Returns whose communication pattern is simulated.
   *
   * @return the algorithm
   */
  public ScaleAlgorithm algorithm() {
    return algorithm;
  }

  /**
   * Sets the number of workers. Default 16, range 2 to 4096.
   *
   * @param value workers
   * @return this
   */
  public ScaleOptions workers(int value) {
    requireOpen();
    workers = value;
    return this;
  }

  /**
   * Returns the number of workers.
   *
   * @return workers
   */
  public int workers() {
    return workers;
  }

  /**
   * Sets the graph, as {@link dev.starling.engine.topology.Topology#parse} takes it. Default
   * exponential.
   *
   * @param value its specification
   * @return this
   */
  public ScaleOptions topology(String value) {
    requireOpen();
    topology = value;
    return this;
  }

  /**
   * Returns the graph.
   *
   * @return its specification
   */
  public String topology() {
    return topology;
  }

  /**
   * Sets how many epochs are run. Gradients of all workers together count. Default 4, range 1 to
   * 10,000.
   *
   * @param value epochs
   * @return this
   */
  public ScaleOptions epochs(int value) {
    requireOpen();
    epochs = value;
    return this;
  }

  /**
   * Returns how many epochs are run.
   *
   * @return epochs
   */
  public int epochs() {
    return epochs;
  }

  /**
   * Sets how many gradients an epoch has, for each worker on average. Default 40, range 1 to
   * 1,000,000.
   *
   * @param value gradients per worker
   * @return this
   */
  public ScaleOptions stepsPerEpoch(int value) {
    requireOpen();
    stepsPerEpoch = value;
    return this;
  }

  /**
   * Returns how many gradients an epoch has, for each worker on average.
   *
   * @return gradients per worker
   */
  public int stepsPerEpoch() {
    return stepsPerEpoch;
  }

  /**
   * Sets after how much virtual time the run ends, whatever epoch it is in; 0 for no limit. Default
   * 0, range 0 to 1e6.
   *
   * @param value virtual seconds, 0 for no limit
   * @return this
   */
  public ScaleOptions maxSeconds(double value) {
    requireOpen();
    maxSeconds = value;
    return this;
  }

  /**
   * Returns after how much virtual time the run ends.
   *
   * @return virtual seconds, 0 for no limit
   */
  public double maxSeconds() {
    return maxSeconds;
  }

  /**
   * Sets how long a gradient takes on the mean. Default 100, range 0.01 to 1e6.
   *
   * @param value ms
   * @return this
   */
  public ScaleOptions computeMs(double value) {
    requireOpen();
    computeMs = value;
    return this;
  }

  /**
   * Returns how long a gradient takes on the mean.
   *
   * @return ms
   */
  public double computeMs() {
    return computeMs;
  }

  /**
   * Sets how much that time varies: the standard deviation of its logarithm. Default 0.1, range 0
   * to 2.
   *
   * @param value the standard deviation of the logarithm
   * @return this
   */
  public ScaleOptions computeSpread(double value) {
    requireOpen();
    computeSpread = value;
    return this;
  }

  /**
   * Returns how much that time varies.
   *
   * @return the standard deviation of the logarithm
   */
  public double computeSpread() {
    return computeSpread;
  }

  /**
   * Sets how much longer than others' the gradients of the last rank take. Default 1, range 1 to
   * 1e6.
   *
   * @param value the factor, 1 when no worker is slow
   * @return this
   */
  public ScaleOptions slowFactor(double value) {
    requireOpen();
    slowFactor = value;
    return this;
  }

  /**
   * Returns how much longer than others' the gradients of the last rank take.
   *
   * @return the factor, 1 when no worker is slow
   */
  public double slowFactor() {
    return slowFactor;
  }

  /**
   * Sets how long a message is under way from one worker to another, apart from its length. Default
   * 2, range 0 to 1e6.
   *
   * @param value us, one way
   * @return this
   */
  public ScaleOptions latencyUs(double value) {
    requireOpen();
    latencyUs = value;
    return this;
  }

  /**
   * Returns how long a message is under way from one worker to another, apart from its length.
   *
   * @return us, one way
   */
  public double latencyUs() {
    return latencyUs;
  }

  /**
   * Sets how much every worker can send, and at the same time receive. Default 100, range 0.001 to
   * 1e6.
   *
   * @param value Gbit/s each way
   * @return this
   */
  public ScaleOptions gigabits(double value) {
    requireOpen();
    gigabits = value;
    return this;
  }

  /**
   * Returns how much every worker can send, and at the same time receive.
   *
   * @return Gbit/s each way
   */
  public double gigabits() {
    return gigabits;
  }

  /**
   * Sets how long the model is on the network; the model that is trained is {@link ScaleProblem}'s.
   * Default 25,000,000, range 290 to 1e12.
   *
   * @param value float32 parameters
   * @return this
   */
  public ScaleOptions parameters(long value) {
    requireOpen();
    parameters = value;
    return this;
  }

  /**
   * Returns how long the model is on the network.
   *
   * @return float32 parameters
   */
  public long parameters() {
    return parameters;
  }

  /**
   * Sets how many samples a gradient is computed on. Default 16, range 1 to 4096.
   *
   * @param value samples
   * @return this
   */
  public ScaleOptions batch(int value) {
    requireOpen();
    batch = value;
    return this;
  }

  /**
   * Returns how many samples a gradient is computed on.
   *
   * @return samples
   */
  public int batch() {
    return batch;
  }

  /**
   * Sets the learning rate, of plain SGD. Default 0.2, range 1e-6 to 10.
   *
   * @param value the rate
   * @return this
   */
  public ScaleOptions learningRate(double value) {
    requireOpen();
    learningRate = value;
    return this;
  }

  /**
   * Returns the learning rate, of plain SGD.
   *
   * @return the rate
   */
  public double learningRate() {
    return learningRate;
  }

  /**
   * Sets what determines samples, compute times and partners. Default 1.
   *
   * @param value any number
   * @return this
   */
  public ScaleOptions seed(long value) {
    requireOpen();
    seed = value;
    return this;
  }

  /**
   * Returns what determines samples, compute times and partners.
   *
   * @return any number
   */
  public long seed() {
    return seed;
  }

  /** {@return the rank that a slow factor slows: the last one} */
  int slowRank() {
    return workers - 1;
  }

  /** {@return every option with its value, as the command line takes them} */
  @Override
  public String toString() {
    return "--algorithm "
        + algorithm.optionName()
        + " --workers "
        + workers
        + " --topology "
        + topology
        + " --epochs "
        + epochs
        + " --steps "
        + stepsPerEpoch
        + " --seconds "
        + maxSeconds
        + " --compute-ms "
        + computeMs
        + " --compute-spread "
        + computeSpread
        + " --slow-factor "
        + slowFactor
        + " --latency-us "
        + latencyUs
        + " --gbit "
        + gigabits
        + " --parameters "
        + parameters
        + " --batch "
        + batch
        + " --learning-rate "
        + learningRate
        + " --seed "
        + seed;
  }
}

package dev.starling.engine.sim;

import java.util.SplittableRandom;

/**
 * How long things take on a cluster: gradients a time with a log-normal spread, messages a latency
 * and, where data moves, its share of the two network cards that it passes.
 *
 * <p>A card sends and receives at its bandwidth at the same time, each direction one transfer after
 * the other in the order in which they were posted; a transfer arrives while it is still being
 * sent. The network between the cards is never the bottleneck. Words pass by what is queued, as
 * they do on queue pairs of their own.
 *
 * <p>What is not in the model: the time in which a processor or GPU averages (the kernels are
 * faster than the network), the slow start of a connection, and congestion in switches.
 */
final class NetworkModel implements Pace {
  private static final long AGENT_NS = 500;
  private static final long OWN_WORD_NS = 500;
  private static final double NS_PER_MS = 1e6;
  private static final int DRAWS = 200;

  private final ScaleOptions options;
  private final Agenda agenda;
  private final long latencyNs;
  private final double nsPerByte;
  private final SplittableRandom[] randoms;
  private final long[] sendsFromNs;
  private final long[] receivesFromNs;

  /**
   * Makes the model of one run.
   *
   * @param options concluded
   * @param agenda the time
   */
  NetworkModel(ScaleOptions options, Agenda agenda) {
    this.options = options;
    this.agenda = agenda;
    latencyNs = (long) (options.latencyUs() * 1e3);
    // What is trained stands for a model of another length.
    double nsPerModelByte = 8 / options.gigabits();
    nsPerByte = nsPerModelByte * options.parameters() / ScaleProblem.PARAMETERS;
    randoms = new SplittableRandom[options.workers()];
    SplittableRandom random = new SplittableRandom(options.seed() ^ 0x632be59bd9b4e019L);
    for (int rank = 0; rank < randoms.length; rank++) {
      randoms[rank] = random.split();
    }
    sendsFromNs = new long[options.workers()];
    receivesFromNs = new long[options.workers()];
  }

  @Override
  public long agentNs(int rank) {
    return AGENT_NS;
  }

  @Override
  public long computeNs(int rank) {
    double factor = rank == options.slowRank() ? options.slowFactor() : 1;
    return Math.max(1, (long) (factor * computeNs(randoms[rank])));
  }

  private double computeNs(SplittableRandom random) {
    double spread = options.computeSpread();
    double exponent = spread * ScaleProblem.gaussian(random) - spread * spread / 2;
    return options.computeMs() * NS_PER_MS * StrictMath.exp(exponent);
  }

  @Override
  public long partBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public long operationNs(int from, int to, long lengthBytes) {
    if (from == to) {
      return OWN_WORD_NS;
    }
    if (lengthBytes == 0) {
      return latencyNs;
    }
    long durationNs = Math.max(1, (long) (lengthBytes * nsPerByte));
    long sentAtNs = Math.max(agenda.nowNs(), sendsFromNs[from]);
    sendsFromNs[from] = sentAtNs + durationNs;
    long receivedAtNs = Math.max(sentAtNs, receivesFromNs[to]);
    receivesFromNs[to] = receivedAtNs + durationNs;
    return receivedAtNs + durationNs - agenda.nowNs() + latencyNs;
  }

  /** {@return how long one model passes a card, in ns} */
  double modelNs() {
    return nsPerByte * ScaleProblem.PARAMETERS * Float.BYTES;
  }

  /** {@return how long the mean gradient takes on a worker that is not slow, in ns} */
  double meanComputeNs() {
    return options.computeMs() * NS_PER_MS;
  }

  /**
   * Returns how long an epoch takes where communication is free and nobody waits: all workers
   * compute all the time.
   *
   * @return ns
   */
  double idealEpochNs() {
    double speed = options.workers() - 1 + 1 / options.slowFactor();
    return meanComputeNs() * options.stepsPerEpoch() * options.workers() / speed;
  }

  /**
   * Returns how long an epoch takes with a ring all-reduce after every gradient, by formula: the
   * slowest worker, then 2 (n - 1) messages of an n-th of the model each. Nothing is overlapped.
   *
   * @return ns
   */
  double ringAllReduceEpochNs() {
    double n = options.workers();
    double messagesNs = 2 * (n - 1) * (modelNs() / n + latencyNs);
    return options.stepsPerEpoch() * (slowestComputeNs() + messagesNs);
  }

  private double slowestComputeNs() {
    SplittableRandom random = new SplittableRandom(options.seed());
    double sum = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      double slowest = options.slowFactor() * computeNs(random);
      for (int rank = 1; rank < options.workers(); rank++) {
        slowest = Math.max(slowest, computeNs(random));
      }
      sum += slowest;
    }
    return sum / DRAWS;
  }
}

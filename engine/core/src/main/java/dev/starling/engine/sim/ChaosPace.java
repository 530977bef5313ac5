package dev.starling.engine.sim;

import java.util.SplittableRandom;

/**
 * Durations that are drawn: exponential, so that any order of what is under way is possible, with
 * slow links and a few operations that take very long.
 */
final class ChaosPace implements Pace {
  private static final int THOUSAND = 1000;
  private static final double AGENT_NS = 10_000;
  private static final double COMPUTE_NS = 60_000;
  private static final double OPERATION_NS = 4_000;
  private static final int MAX_SLOWNESS = 50;

  private final SplittableRandom random;
  private final int delayed;
  private final long maxDelayNs;
  private final int[][] slowness;
  private final FaultCounts counts;

  ChaosPace(Scenario scenario, SplittableRandom random, FaultCounts counts, long maxDelayNs) {
    this.random = random;
    this.counts = counts;
    this.maxDelayNs = maxDelayNs;
    delayed = scenario.amount(Fault.DELAY);
    int workers = scenario.workers();
    slowness = new int[workers][workers];
    for (int i = 0; i < scenario.amount(Fault.SLOW_LINK); i++) {
      int a = random.nextInt(workers);
      // Also a worker's way to its own memory, so that peers come first in races with its home.
      int b = random.nextInt(workers);
      slowness[a][b] = 2 + random.nextInt(MAX_SLOWNESS - 1);
      slowness[b][a] = slowness[a][b];
      counts.add(Fault.SLOW_LINK);
    }
  }

  @Override
  public long agentNs(int rank) {
    return exponential(AGENT_NS);
  }

  @Override
  public long computeNs(int rank) {
    return exponential(COMPUTE_NS);
  }

  @Override
  public long operationNs(int from, int to, long lengthBytes) {
    if (delayed > 0 && random.nextInt(THOUSAND) < delayed) {
      counts.add(Fault.DELAY);
      return random.nextLong(maxDelayNs);
    }
    return exponential(OPERATION_NS) * Math.max(1, slowness[from][to]);
  }

  private long exponential(double meanNs) {
    return 1 + (long) (-meanNs * StrictMath.log(1 - random.nextDouble()));
  }
}

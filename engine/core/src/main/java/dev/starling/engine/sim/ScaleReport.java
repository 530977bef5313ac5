package dev.starling.engine.sim;

import java.util.List;

/**
 * How a simulation at scale went. Times are virtual; rates are per virtual second.
 *
 * @param options what was simulated
 * @param epochs those that ended
 * @param virtualNs how long the run took, without what was applied after its end
 * @param idealEpochNs an epoch where communication is free and nobody waits
 * @param ringAllReduceEpochNs an epoch with a ring all-reduce after every gradient, by a formula
 *     and not simulated: 2 (n - 1) / n model lengths over the bandwidth, 2 (n - 1) latencies, and
 *     the slowest worker
 * @param gradients gradients applied
 * @param exchanges exchanges that both sides published
 * @param aloneShare the part of updates that found no partner, 0 to 1, of workers that initiate
 * @param initiators how many workers initiate
 * @param mergedShare the part of gradients added to one that still waited, 0 to 1
 * @param stalenessMean mean staleness of applied gradients, in versions
 * @param stalenessMax the largest, in versions
 * @param stalenessMaxOfOthers the largest without the slowed worker's, in versions
 * @param busyPeers attempts that found the partner held
 * @param busyOwn attempts that found the own stripe held
 * @param faults locks broken and exchanges torn: 0, unless a transfer takes longer than a lock may
 *     be held
 * @param gradientsOfOthers mean number of gradients that a worker that is not slowed handed in
 * @param gradientsOfSlowed gradients that the last rank handed in
 * @param exchangesOfSlowed exchanges of the last rank, begun by either side
 * @param events how many events were simulated
 * @param traceHash equal for equal runs
 */
public record ScaleReport(
    ScaleOptions options,
    List<ScaleEpoch> epochs,
    long virtualNs,
    double idealEpochNs,
    double ringAllReduceEpochNs,
    long gradients,
    long exchanges,
    double aloneShare,
    int initiators,
    double mergedShare,
    double stalenessMean,
    long stalenessMax,
    long stalenessMaxOfOthers,
    long busyPeers,
    long busyOwn,
    long faults,
    double gradientsOfOthers,
    long gradientsOfSlowed,
    long exchangesOfSlowed,
    long events,
    long traceHash) {
  /**
   * Returns the mean duration of an epoch.
   *
   * @return ns; NaN when none ended
   */
  public double epochNs() {
    return epochs.isEmpty() ? Double.NaN : (double) epochs.getLast().endNs() / epochs.size();
  }

  /**
   * Returns how close an epoch comes to one in which communication is free and nobody waits.
   *
   * @return the ideal time divided by the time, NaN when no epoch ended
   */
  public double efficiency() {
    return idealEpochNs / epochNs();
  }

  /**
   * Returns the rate of exchanges.
   *
   * @return exchanges of the whole job per second
   */
  public double exchangesPerSecond() {
    return exchanges / (virtualNs / 1e9);
  }

  /**
   * Returns how fast a worker that is not slowed computes.
   *
   * @return gradients per second
   */
  public double gradientsPerSecondOfOthers() {
    return gradientsOfOthers / (virtualNs / 1e9);
  }
}

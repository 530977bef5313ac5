package dev.starling.chronicle;

import java.util.List;

/**
 * What verifying a run found.
 *
 * @param ranks ranks that have logs
 * @param chains logs that were replayed: one for each life of a rank
 * @param records records that were read
 * @param gradients gradients that were turned into updates
 * @param fromSet the checkpoint set that replay began at
 * @param setsCompared checkpoint sets whose states were reached and compared
 * @param stripesCompared stripes of them that have the same bits
 * @param differences what differs, is damaged or is missing, the first one first; empty when the
 *     run is proven
 * @param tails what the ends of logs of killed writers leave open
 * @param settled what they left open and other logs settled
 * @param seconds how long it took
 */
public record VerifyReport(
    int ranks,
    int chains,
    long records,
    long gradients,
    long fromSet,
    int setsCompared,
    long stripesCompared,
    List<String> differences,
    List<String> tails,
    List<String> settled,
    double seconds) {
  /**
   * Tells whether the run is proven.
   *
   * @return whether everything that was saved follows, bit for bit, from what was logged
   */
  public boolean ok() {
    return differences.isEmpty();
  }
}

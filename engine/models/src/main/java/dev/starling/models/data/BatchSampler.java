package dev.starling.models.data;

import java.util.SplittableRandom;

/**
 * One worker's endless stream of batches: every epoch visits each of its rows once, in a new random
 * order.
 *
 * <p>The stream depends on seed and worker alone. Workers either draw from the whole set, each in
 * its own order, or from disjoint shards (rows {@code worker, worker + workers, ...}) whose sizes
 * differ by at most one. The last batch of an epoch is smaller when the batch size does not divide
 * the number of rows; no batch spans two epochs.
 *
 * <p>Belongs to one thread; {@link #next} allocates nothing.
 */
public final class BatchSampler {
  private final int[] order;
  private final Batch batch;
  private final SplittableRandom random;
  private int position;
  private long epochs;
  private long samples;

  private BatchSampler(Dataset data, int batchSize, long seed, int first, int stride) {
    batch = new Batch(data, batchSize);
    order = new int[(data.count() - first + stride - 1) / stride];
    for (int i = 0; i < order.length; i++) {
      order[i] = first + i * stride;
    }
    random = new SplittableRandom(seed);
    shuffle();
  }

  /**
   * A stream over all rows.
   *
   * @param data the data set
   * @param batchSize rows per batch, at least 1
   * @param seed seed of the job
   * @param worker number of the worker, at least 0; workers of one job draw in different orders
   * @return a new stream
   * @throws IllegalArgumentException if the batch size is not positive or the worker is negative
   */
  public static BatchSampler whole(Dataset data, int batchSize, long seed, int worker) {
    checkWorker(worker, Integer.MAX_VALUE);
    return new BatchSampler(data, batchSize, streamSeed(seed, worker), 0, 1);
  }

  /**
   * A stream over one worker's shard.
   *
   * @param data the data set
   * @param batchSize rows per batch, at least 1
   * @param seed seed of the job
   * @param worker number of the worker, 0 to {@code workers - 1}
   * @param workers number of shards, at most the number of rows
   * @return a new stream
   * @throws IllegalArgumentException if an argument is out of range
   */
  public static BatchSampler shard(
      Dataset data, int batchSize, long seed, int worker, int workers) {
    if (workers < 1 || workers > data.count()) {
      throw new IllegalArgumentException(
          "data set %s with %d samples cannot be cut into %d shards; use 1 to %d workers"
              .formatted(data.name(), data.count(), workers, data.count()));
    }
    checkWorker(worker, workers);
    return new BatchSampler(data, batchSize, streamSeed(seed, worker), worker, workers);
  }

  private static void checkWorker(int worker, int workers) {
    if (worker < 0 || worker >= workers) {
      throw new IllegalArgumentException(
          "worker " + worker + " does not exist; use 0 to " + (workers - 1));
    }
  }

  private static long streamSeed(long seed, int worker) {
    long mixed = seed + 0x9E3779B97F4A7C15L * (worker + 1L);
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  /**
   * Fills the sampler's batch with the next rows.
   *
   * @return the same object every time, valid until the next call
   */
  public Batch next() {
    if (position == order.length) {
      position = 0;
      shuffle();
    }
    int size = Math.min(batch.capacity(), order.length - position);
    batch.clear();
    for (int i = 0; i < size; i++) {
      batch.add(order[position + i]);
    }
    position += size;
    samples += size;
    if (position == order.length) {
      epochs++;
    }
    return batch;
  }

  /**
   * Completed epochs: rises with the batch that holds the last row of an epoch.
   *
   * @return at least 0
   */
  public long epochs() {
    return epochs;
  }

  /**
   * Samples handed out.
   *
   * @return at least 0
   */
  public long samples() {
    return samples;
  }

  /**
   * Rows in one epoch of this stream.
   *
   * @return at least 1
   */
  public int rows() {
    return order.length;
  }

  /**
   * Batches in one epoch of this stream.
   *
   * @return at least 1
   */
  public int batchesPerEpoch() {
    return (order.length + batch.capacity() - 1) / batch.capacity();
  }

  private void shuffle() {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int row = order[i];
      order[i] = order[j];
      order[j] = row;
    }
  }
}

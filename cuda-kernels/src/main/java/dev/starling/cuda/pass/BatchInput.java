package dev.starling.cuda.pass;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaStream;
import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Brings the samples of a batch to the device: their features become the matrix {@code x}. Belongs
 * to the thread of its pass; allocates nothing as long as the data set stays the same.
 */
final class BatchInput {
  /** Data sets that a pass keeps on the device: one to train on and one to evaluate with, twice. */
  private static final int MOST_DATA_SETS = 4;

  private final CudaContext context;
  private final CudaStream stream;
  private final PinnedPool pinned;
  private final PassMemory memory;
  private final DenseShape shape;
  private final int maxBatch;
  private final long limitNs;
  private final MemorySegment indices;

  /** Features that this pass has used, in a ring, and where they are; null there: not uploaded. */
  private final float[][] known = new float[MOST_DATA_SETS][];

  private final DeviceSamples[] samples = new DeviceSamples[MOST_DATA_SETS];
  private int oldest;

  /** Rows of a batch, for a data set that is not on the device; null until needed. */
  private MemorySegment rows;

  /** Takes the pinned memory. */
  BatchInput(
      CudaContext context,
      CudaStream stream,
      PinnedPool pinned,
      PassMemory memory,
      DenseShape shape,
      int maxBatch,
      long limitNs) {
    this.context = context;
    this.stream = stream;
    this.pinned = pinned;
    this.memory = memory;
    this.shape = shape;
    this.maxBatch = maxBatch;
    this.limitNs = limitNs;
    indices = pinned.allocate("indices of a batch", PassMemory.indexBytes(maxBatch));
  }

  /** Submits the batch; returns where its features are to be gathered from, 0 if x holds them. */
  long send(Batch batch) {
    int size = batch.size();
    Dataset data = batch.data();
    for (int b = 0; b < size; b++) {
      put(b, size, data, batch.row(b));
    }
    return send(data, size);
  }

  /** Submits consecutive rows; returns as {@link #send(Batch)}. */
  long send(Dataset data, int from, int size) {
    for (int b = 0; b < size; b++) {
      put(b, size, data, from + b);
    }
    return send(data, size);
  }

  /** Address of the labels of the batch that was sent. */
  long labels(int size) {
    return memory.indices() + (long) Integer.BYTES * size;
  }

  private void put(int b, int size, Dataset data, int row) {
    indices.setAtIndex(ValueLayout.JAVA_INT, b, data.featureOffset(row));
    indices.setAtIndex(ValueLayout.JAVA_INT, (long) size + b, data.label(row));
  }

  private long send(Dataset data, int size) {
    DeviceSamples uploaded = uploaded(data.features());
    stream.copyToDevice(memory.indices(), indices, 0, PassMemory.indexBytes(size));
    if (uploaded != null) {
      return uploaded.address();
    }
    sendRows(data.features(), size);
    return 0;
  }

  private void sendRows(float[] features, int size) {
    long rowBytes = (long) shape.inputs() * Float.BYTES;
    if (rows == null) {
      rows = pinned.allocate("rows of a batch", rowBytes * maxBatch);
    }
    for (int b = 0; b < size; b++) {
      int from = indices.getAtIndex(ValueLayout.JAVA_INT, b);
      MemorySegment.copy(
          features, from, rows, ValueLayout.JAVA_FLOAT, b * rowBytes, shape.inputs());
    }
    stream.copyToDevice(memory.x(), rows, 0, rowBytes * size);
  }

  private DeviceSamples uploaded(float[] features) {
    for (int i = 0; i < MOST_DATA_SETS; i++) {
      if (known[i] == features) {
        return samples[i];
      }
    }
    release(oldest);
    samples[oldest] = DeviceSamples.acquire(context, features, limitNs);
    known[oldest] = features;
    DeviceSamples added = samples[oldest];
    oldest = (oldest + 1) % MOST_DATA_SETS;
    return added;
  }

  private void release(int index) {
    DeviceSamples past = samples[index];
    samples[index] = null;
    known[index] = null;
    if (past != null) {
      past.release();
    }
  }

  /** Gives the data sets back; the device no longer works on them. */
  void releaseAll() {
    for (int i = 0; i < MOST_DATA_SETS; i++) {
      release(i);
    }
  }
}

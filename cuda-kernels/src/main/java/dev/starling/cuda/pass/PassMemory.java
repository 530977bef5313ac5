package dev.starling.cuda.pass;

import dev.starling.cuda.CudaContext;

/**
 * A pass's block of the device's memory, taken at once and freed with the context.
 *
 * <pre>
 *  | parameters | gradient | x | z of each layer | dz, two of the widest | indices | results |
 *
 *  indices  | row of each sample in the features | label of each sample |          4 bytes each
 *  results  | mark, 8 bytes | terms of each sample's loss, 3 doubles | hit of each sample, 4 bytes |
 * </pre>
 *
 * <p>Indices are packed: with a smaller batch the labels follow its rows at once. Every part starts
 * at a multiple of {@value #ALIGNMENT} bytes. All addresses are the device's.
 */
final class PassMemory {
  /** Where the terms start in the results. */
  static final int TERMS = Long.BYTES;

  /** Bytes of a sample's loss terms. */
  static final int TERM_BYTES = 3 * Double.BYTES;

  private static final long ALIGNMENT = 256;

  private final int maxBatch;
  private final long start;
  private final long gradient;
  private final long x;
  private final long[] z;
  private final long[] dz = new long[2];
  private final long indices;
  private final long results;

  /**
   * Takes the memory.
   *
   * @throws dev.starling.cuda.CudaException if the device has too little
   */
  PassMemory(CudaContext context, DenseShape shape, int maxBatch) {
    this.maxBatch = maxBatch;
    z = new long[shape.layers()];
    gradient = aligned(shape.lengthBytes());
    x = gradient + aligned(shape.lengthBytes());
    long end = x + matrixBytes(shape.inputs());
    for (int layer = 0; layer < z.length; layer++) {
      z[layer] = end;
      end += matrixBytes(shape.out(layer));
    }
    for (int i = 0; i < dz.length; i++) {
      dz[i] = end;
      end += matrixBytes(shape.maxOut());
    }
    indices = end;
    results = end + aligned(indexBytes(maxBatch));
    start = context.allocate("workspace of a pass", results + resultBytes()).address();
  }

  private static long aligned(long lengthBytes) {
    return (lengthBytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** At most 2^31 samples of 2^20 floats: far below what a long holds. */
  private long matrixBytes(int width) {
    return aligned((long) maxBatch * width * Float.BYTES);
  }

  static long indexBytes(int batch) {
    return 2L * Integer.BYTES * batch;
  }

  long resultBytes() {
    return hits() + (long) Integer.BYTES * maxBatch;
  }

  /** Bytes of the mark and the terms of a batch, which lie together. */
  static long termBytes(int batch) {
    return TERMS + (long) TERM_BYTES * batch;
  }

  /** Where the hits start in the results. */
  long hits() {
    return termBytes(maxBatch);
  }

  long parameters() {
    return start;
  }

  long gradient() {
    return start + gradient;
  }

  long x() {
    return start + x;
  }

  long z(int layer) {
    return start + z[layer];
  }

  /** Two layers next to each other have different ones. */
  long dz(int layer) {
    return start + dz[layer & 1];
  }

  long indices() {
    return start + indices;
  }

  long results() {
    return start + results;
  }
}

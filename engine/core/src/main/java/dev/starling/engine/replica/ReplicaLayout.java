package dev.starling.engine.replica;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.metrics.PairingTable;
import java.util.Arrays;

/**
 * Where everything lies in a replica's region, computed from the shape of the model and the number
 * of workers. Two workers with equal {@link #shapeHash()} have equal layouts. Immutable.
 */
public final class ReplicaLayout {
  /** Planes that every stripe has from the start. */
  public static final int PLANES = 3;

  /** Gradient buffers of a region that shares them. */
  public static final int GRADIENTS = 3;

  /** Offset of the counters section, {@link dev.starling.engine.metrics.Counters}. */
  public static final long COUNTERS_OFFSET = RegionHeader.LENGTH_BYTES;

  /** Length of the counters section. */
  public static final long COUNTERS_BYTES = 8192;

  /** Offset of the attachments, {@link AttachmentTable}. */
  public static final long ATTACHMENTS_OFFSET = COUNTERS_OFFSET + COUNTERS_BYTES;

  /** Default length of a stripe in bytes. */
  public static final long DEFAULT_STRIPE_BYTES = 64L << 20;

  /** Alignment of every plane: a cache line. */
  public static final long PLANE_ALIGNMENT = 64;

  /** Alignment of planes that are at least as long: a huge page. */
  public static final long HUGE_ALIGNMENT = 2L << 20;

  /** The largest number of parameters of one replica. */
  public static final long MAX_PARAMETERS = 1L << 40;

  private static final long PAGE_BYTES = 4096;
  private static final int STRIPE_RECORD_BYTES = 32;
  private static final int MAX_STRIPES = 1 << 20;

  private final int workers;
  private final long parameterCount;
  private final long[] stripeStart;
  private final long[] planesOffset;
  private final long[] planeStride;
  private final long[] reserveOffset;
  private final boolean hasHomes;
  private final long gradientsOffset;
  private final long gradientStride;
  private final long pairingsOffset;
  private final long controlOffset;
  private final long reservedBytes;
  private final long lengthBytes;

  private ReplicaLayout(
      int workers, long[] stripeStart, boolean sharesGradients, boolean hasHomes) {
    this.hasHomes = hasHomes;
    this.workers = workers;
    this.stripeStart = stripeStart;
    int stripes = stripeStart.length - 1;
    parameterCount = stripeStart[stripes];
    planesOffset = new long[stripes];
    planeStride = new long[stripes];
    reserveOffset = new long[stripes];
    pairingsOffset = pairingsOffset(workers);
    long stripeTable = pairingsOffset + (long) workers * PairingTable.RECORD_BYTES;
    controlOffset = align(stripeTable + (long) stripes * STRIPE_RECORD_BYTES, PAGE_BYTES);
    long offset = align(controlOffset + (long) stripes * ControlLine.LENGTH_BYTES, PAGE_BYTES);
    for (int stripe = 0; stripe < stripes; stripe++) {
      long alignment = planeAlignment(stripe);
      offset = align(offset, alignment);
      planesOffset[stripe] = offset;
      planeStride[stripe] = align(stripeLengthBytes(stripe), alignment);
      offset += PLANES * planeStride[stripe];
    }
    gradientsOffset = align(offset, HUGE_ALIGNMENT);
    gradientStride = sharesGradients ? align(parameterCount * Float.BYTES, PLANE_ALIGNMENT) : 0;
    if (sharesGradients) {
      offset = gradientsOffset + GRADIENTS * gradientStride;
    }
    offset = align(offset, PAGE_BYTES);
    reservedBytes = offset;
    for (int stripe = 0; stripe < stripes; stripe++) {
      offset = align(offset, planeAlignment(stripe));
      reserveOffset[stripe] = offset;
      offset += planeStride[stripe];
    }
    lengthBytes = align(offset, PAGE_BYTES);
  }

  /**
   * Lays out a replica with stripes of equal length (the last may be shorter).
   *
   * @param workers how many workers the job has
   * @param parameterCount float32 parameters of the model
   * @param stripeBytes the length of a stripe in bytes
   * @return the layout
   * @throws ConfigurationException when a number is absurd
   */
  public static ReplicaLayout of(int workers, long parameterCount, long stripeBytes) {
    ConfigurationException.requireRange("workers", workers, 1, LockWord.MAX_RANK);
    ConfigurationException.requireRange("parameters", parameterCount, 1, MAX_PARAMETERS);
    ConfigurationException.requireRange(
        "stripe length in bytes", stripeBytes, PLANE_ALIGNMENT, 1L << 40);
    long stripeFloats = stripeBytes / Float.BYTES;
    long stripes = (parameterCount + stripeFloats - 1) / stripeFloats;
    ConfigurationException.requireRange(
        "stripes of the model (parameters / stripe length)", stripes, 1, MAX_STRIPES);
    long[] start = new long[(int) stripes + 1];
    for (int i = 0; i <= stripes; i++) {
      start[i] = Math.min(parameterCount, i * stripeFloats);
    }
    return new ReplicaLayout(workers, start, false, false);
  }

  /**
   * Lays out a replica with stripes of the given lengths, for instance one for each layer.
   *
   * @param workers how many workers the job has
   * @param stripeParameters parameters of each stripe
   * @return the layout
   * @throws ConfigurationException when a number is absurd
   */
  public static ReplicaLayout ofStripes(int workers, long... stripeParameters) {
    ConfigurationException.requireRange("workers", workers, 1, LockWord.MAX_RANK);
    ConfigurationException.requireRange(
        "stripes of the model", stripeParameters.length, 1, MAX_STRIPES);
    long[] start = new long[stripeParameters.length + 1];
    for (int i = 0; i < stripeParameters.length; i++) {
      ConfigurationException.requireRange(
          "parameters of stripe " + i, stripeParameters[i], 1, MAX_PARAMETERS);
      start[i + 1] = start[i] + stripeParameters[i];
    }
    ConfigurationException.requireRange(
        "parameters", start[stripeParameters.length], 1, MAX_PARAMETERS);
    return new ReplicaLayout(workers, start, false, false);
  }

  /**
   * Adds the worker's gradient buffers to the region, where peers reach them.
   *
   * @return a layout that is equal otherwise
   */
  public ReplicaLayout withSharedGradients() {
    return new ReplicaLayout(workers, stripeStart, true, false);
  }

  /**
   * Gives every stripe a home, the worker whose replica of it is the model; the others have copies.
   *
   * @return a layout that is equal otherwise
   */
  public ReplicaLayout withHomes() {
    return new ReplicaLayout(workers, stripeStart, false, true);
  }

  /**
   * Tells whether stripes have homes.
   *
   * @return false where all replicas count alike
   */
  public boolean hasHomes() {
    return hasHomes;
  }

  /**
   * Returns the worker whose replica of a stripe is the model, where stripes have homes.
   *
   * @param stripe the stripe
   * @return its rank
   */
  public int home(int stripe) {
    return stripe % workers;
  }

  /**
   * Tells whether the gradient buffers lie in the region.
   *
   * @return whether peers reach them
   */
  public boolean sharesGradients() {
    return gradientStride > 0;
  }

  /**
   * Returns where a gradient buffer lies, if they lie in the region.
   *
   * @param buffer 0 to 2
   * @return offset in the region
   */
  public long gradientOffset(int buffer) {
    return gradientsOffset + buffer * gradientStride;
  }

  /**
   * Returns the number of workers in the job.
   *
   * @return workers
   */
  public int workers() {
    return workers;
  }

  /**
   * Returns the rank in whose name readers that are no worker lock stripes: the one after the last
   * worker's. Homes watch their locks as they watch those of peers.
   *
   * @return the number of workers
   */
  public int readerRank() {
    return workers;
  }

  /**
   * Returns the number of float32 parameters.
   *
   * @return parameters of the whole model
   */
  public long parameterCount() {
    return parameterCount;
  }

  /**
   * Returns the number of stripes.
   *
   * @return stripes
   */
  public int stripes() {
    return planesOffset.length;
  }

  /**
   * Returns the index of a stripe's first parameter in the model.
   *
   * @param stripe the stripe
   * @return index of its first parameter
   */
  public long stripeStart(int stripe) {
    return stripeStart[stripe];
  }

  /**
   * Returns a stripe's length in parameters.
   *
   * @param stripe the stripe
   * @return its parameters
   */
  public long stripeParameters(int stripe) {
    return stripeStart[stripe + 1] - stripeStart[stripe];
  }

  /**
   * Returns a stripe's length in bytes.
   *
   * @param stripe the stripe
   * @return its bytes
   */
  public long stripeLengthBytes(int stripe) {
    return stripeParameters(stripe) * Float.BYTES;
  }

  /**
   * Returns where the table of pairings lies.
   *
   * @return offset in the region of {@link dev.starling.engine.metrics.PairingTable}
   */
  public long pairingsOffset() {
    return pairingsOffset;
  }

  /**
   * Returns where the table of pairings lies in every region of a job.
   *
   * @param workers how many workers the job has
   * @return offset in the region
   */
  public static long pairingsOffset(int workers) {
    return ATTACHMENTS_OFFSET + (workers + 1L) * AttachmentTable.RECORD_BYTES;
  }

  /**
   * Returns where a stripe's control line lies.
   *
   * @param stripe the stripe
   * @return offset in the region
   */
  public long lineOffset(int stripe) {
    return controlOffset + (long) stripe * ControlLine.LENGTH_BYTES;
  }

  /**
   * Returns where a plane of a stripe lies.
   *
   * @param stripe the stripe
   * @param plane 0 to 3
   * @return offset in the region
   */
  public long planeOffset(int stripe, int plane) {
    return plane < PLANES
        ? planesOffset[stripe] + plane * planeStride[stripe]
        : reserveOffset[stripe];
  }

  /**
   * Returns the distance between two planes of a stripe, which is also the space that its fourth
   * plane takes.
   *
   * @param stripe the stripe
   * @return bytes
   */
  public long planeStride(int stripe) {
    return planeStride[stripe];
  }

  /**
   * Returns how many bytes from the region's start need space from the beginning.
   *
   * @return bytes, without the fourth planes
   */
  public long reservedBytes() {
    return reservedBytes;
  }

  /**
   * Returns the region's length.
   *
   * @return bytes, with the address space of the fourth planes
   */
  public long lengthBytes() {
    return lengthBytes;
  }

  /**
   * Returns a fingerprint of the shape, written into the header and compared by every peer that
   * connects.
   *
   * @return equal for equal layouts
   */
  public long shapeHash() {
    long shape = 31L * Arrays.hashCode(stripeStart) + workers + (parameterCount << 20);
    long kind = sharesGradients() ? 1 : hasHomes ? 2 : 0;
    return shape ^ kind << 62;
  }

  private long planeAlignment(int stripe) {
    return stripeLengthBytes(stripe) < HUGE_ALIGNMENT ? PLANE_ALIGNMENT : HUGE_ALIGNMENT;
  }

  private static long align(long value, long alignment) {
    return (value + alignment - 1) / alignment * alignment;
  }
}

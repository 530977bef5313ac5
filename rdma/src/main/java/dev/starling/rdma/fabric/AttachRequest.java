package dev.starling.rdma.fabric;

import java.nio.ByteBuffer;

/**
 * What a worker asks a home for: that its queue pairs be connected to the home's replica. Travels
 * over the {@link dev.starling.engine.fabric.ControlChannel}, big endian.
 *
 * <pre>
 *   kind 1 | version 1 | home rank 4 | home incarnation 4 | rank 4 | incarnation 4 | job 8 | shape 8
 *   | direct 1 | endpoint (see {@link Endpoint})
 * </pre>
 *
 * @param homeRank whose replica
 * @param homeIncarnation which life of it
 * @param rank who asks, or the number of workers for a reader
 * @param incarnation its incarnation
 * @param jobId the job
 * @param shapeHash the layout that it expects
 * @param direct whether it maps the replica and writes data by store
 * @param endpoint its queue pairs
 */
record AttachRequest(
    int homeRank,
    int homeIncarnation,
    int rank,
    int incarnation,
    long jobId,
    long shapeHash,
    boolean direct,
    Endpoint endpoint) {
  /** The first byte of a request to attach. */
  static final byte KIND = 1;

  /** The first byte of a notice that a connection is not used any more. */
  static final byte KIND_DETACH = 2;

  static final byte VERSION = 1;

  private static final int HEAD_BYTES = 2 + 4 * Integer.BYTES + 2 * Long.BYTES + 1;

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + endpoint.lengthBytes());
    out.put(KIND).put(VERSION).putInt(homeRank).putInt(homeIncarnation);
    out.putInt(rank).putInt(incarnation).putLong(jobId).putLong(shapeHash);
    out.put((byte) (direct ? 1 : 0));
    endpoint.encode(out);
    return out.array();
  }

  /** Reads a request, whose first byte is {@link #KIND}. */
  static AttachRequest decode(ByteBuffer in) {
    in.get();
    byte version = in.get();
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "it speaks version " + version + " of the attach protocol, not " + VERSION);
    }
    return new AttachRequest(
        in.getInt(),
        in.getInt(),
        in.getInt(),
        in.getInt(),
        in.getLong(),
        in.getLong(),
        in.get() != 0,
        Endpoint.decode(in));
  }

  /** A notice that the connection of a rank with an epoch is not used any more. */
  static byte[] detach(int homeRank, int homeIncarnation, int rank, int epoch) {
    return ByteBuffer.allocate(1 + 4 * Integer.BYTES)
        .put(KIND_DETACH)
        .putInt(homeRank)
        .putInt(homeIncarnation)
        .putInt(rank)
        .putInt(epoch)
        .array();
  }
}

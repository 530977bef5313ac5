package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads a peer's current plane into local memory, or writes one of its free planes. */
final class TransferOperation extends Operation {
  /** The plane that is current in a replica that nobody has published to. */
  private static final int CURRENT_PLANE = 0;

  private static final int FREE_PLANE = 1;
  private static final byte WRITTEN = 0x3c;

  private final boolean write;
  private final long lengthBytes;
  private final Remote remote;
  private final Deliveries deliveries;
  private final MemorySegment buffer;
  private final long offset;
  private final long deliveredBefore;

  /**
   * Prepares reads or writes.
   *
   * @param write which
   * @param lengthBytes how much each moves
   * @param layout the peer's layout, of one stripe that is at least as long
   * @param remote the connection to the peer
   * @param deliveries of that connection
   * @param buffer local memory that the fabric knows
   */
  TransferOperation(
      boolean write,
      long lengthBytes,
      ReplicaLayout layout,
      Remote remote,
      Deliveries deliveries,
      MemorySegment buffer) {
    this.write = write;
    this.lengthBytes = lengthBytes;
    this.remote = remote;
    this.deliveries = deliveries;
    this.buffer = buffer;
    offset = layout.planeOffset(0, write ? FREE_PLANE : CURRENT_PLANE);
    deliveredBefore = deliveries.delivered();
    buffer.fill(write ? WRITTEN : 0);
  }

  private void begin() {
    if (write) {
      remote.write(offset, buffer, 0, lengthBytes, 0);
    } else {
      remote.read(offset, buffer, 0, lengthBytes, 0);
    }
  }

  @Override
  void latency(long iterations, Samples samples) {
    long done = deliveries.delivered();
    for (long i = 0; i < iterations; i++) {
      long beganNs = System.nanoTime();
      begin();
      deliveries.await(++done);
      samples.record(System.nanoTime() - beganNs);
    }
  }

  @Override
  void bandwidth(long iterations, int depth, Meter meter) {
    long base = deliveries.delivered();
    long begun = 0;
    long done = 0;
    meter.begin(iterations);
    while (done < iterations) {
      for (; begun < iterations && begun - done < depth; begun++) {
        begin();
      }
      deliveries.poll();
      done = deliveries.delivered() - base;
      meter.completed(done);
    }
    meter.end();
  }

  @Override
  long counted() {
    return deliveries.delivered() - deliveredBefore;
  }

  @Override
  void check() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment expected = arena.allocate(lengthBytes + Float.BYTES, Float.BYTES);
      if (write) {
        expected.fill(WRITTEN);
        buffer.fill((byte) 0);
        remote.read(offset, buffer, 0, lengthBytes, 0);
        deliveries.await(deliveries.delivered() + 1);
      } else {
        for (long at = 0; at < lengthBytes; at += Float.BYTES) {
          expected.set(ValueLayout.JAVA_FLOAT, at, Ends.PEERS);
        }
      }
      long differs = buffer.asSlice(0, lengthBytes).mismatch(expected.asSlice(0, lengthBytes));
      if (differs >= 0) {
        throw new StarlingException(
            "byte %d of %d is wrong after the %ss: report this fault of starling or of its fabric"
                .formatted(differs, lengthBytes, write ? "write" : "read"));
      }
    }
  }
}

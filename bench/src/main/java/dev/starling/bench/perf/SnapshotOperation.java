package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;

/** Pins the current plane of the own replica, copies it, and unpins it. */
final class SnapshotOperation extends Operation {
  private final Replica home;
  private final ReplicaLayout layout;
  private final MemorySegment buffer;
  private final int stripe;
  private final long lengthBytes;
  private long copies;

  /**
   * Prepares snapshots.
   *
   * @param home the replica
   * @param buffer takes the copy
   * @param stripe which stripe
   */
  SnapshotOperation(Replica home, MemorySegment buffer, int stripe) {
    this.home = home;
    this.buffer = buffer;
    this.stripe = stripe;
    layout = home.layout();
    lengthBytes = layout.stripeLengthBytes(stripe);
    buffer.fill((byte) 0);
  }

  private void snapshot() {
    long word = home.pin(stripe);
    long plane = layout.planeOffset(stripe, LockWord.current(word));
    MemorySegment.copy(home.segment(), plane, buffer, 0, lengthBytes);
    home.unpin(stripe);
    copies++;
  }

  @Override
  void latency(long iterations, Samples samples) {
    for (long i = 0; i < iterations; i++) {
      long beganNs = System.nanoTime();
      snapshot();
      samples.record(System.nanoTime() - beganNs);
    }
  }

  @Override
  void bandwidth(long iterations, int depth, Meter meter) {
    meter.begin(iterations);
    for (long done = 0; done < iterations; ) {
      snapshot();
      meter.completed(++done);
    }
    meter.end();
  }

  /** The engine does not count pins; what was copied is checked. */
  @Override
  long counted() {
    return copies;
  }

  @Override
  void check() {
    long plane = layout.planeOffset(stripe, LockWord.current(home.lockWord(stripe)));
    long differs =
        buffer.asSlice(0, lengthBytes).mismatch(home.segment().asSlice(plane, lengthBytes));
    boolean pinned = ControlLine.pinned(home.guardWord(stripe)) >= 0;
    if (differs >= 0 || pinned) {
      throw new StarlingException(
          "the snapshot of stripe %d differs at byte %d of %d (-1: nowhere) and is %s: report this fault of starling"
              .formatted(stripe, differs, lengthBytes, pinned ? "still pinned" : "not pinned"));
    }
  }
}

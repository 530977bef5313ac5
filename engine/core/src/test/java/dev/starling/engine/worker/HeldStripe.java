package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;

/** Holds the first stripe of a replica in the name of a peer, as a peer that hangs would. */
final class HeldStripe {
  private final Replica replica;
  private final int peer;
  private final int epoch;
  private final long offset;
  private long held;

  private HeldStripe(Replica replica, int peer) {
    this.replica = replica;
    this.peer = peer;
    int issued = AttachmentTable.epoch(AttachmentTable.attachment(replica.segment(), peer));
    epoch = issued == 0 ? AttachmentTable.issueEpoch(replica.segment(), peer, 0) : issued;
    offset = replica.layout().lineOffset(0) + ControlLine.LOCK_OFFSET;
    hold();
  }

  static HeldStripe of(Replica replica, int peer) {
    return new HeldStripe(replica, peer);
  }

  private void hold() {
    long word = replica.lockWord(0);
    int target = ControlLine.freePlane(word, replica.guardWord(0));
    held = LockWord.acquire(word, peer, epoch, target);
    swap(word, held);
  }

  private void swap(long from, long to) {
    assertEquals(from, ControlLine.compareAndSwap(replica.segment(), offset, from, to));
  }

  void release() {
    swap(held, LockWord.releaseUnchanged(held));
  }

  /** Publishes the content as it is and has the stripe again in one swap, which no peer can. */
  void publishAndHoldAgain() {
    long length = replica.layout().stripeLengthBytes(0);
    MemorySegment region = replica.segment();
    MemorySegment.copy(
        region,
        replica.layout().planeOffset(0, LockWord.current(held)),
        region,
        replica.layout().planeOffset(0, LockWord.target(held)),
        length);
    long published = LockWord.publish(held);
    int target = ControlLine.freePlane(published, replica.guardWord(0));
    long again = LockWord.acquire(published, peer, epoch, target);
    swap(held, again);
    held = again;
  }
}

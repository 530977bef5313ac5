package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;

/** Holds the first stripe of a replica in the name of a peer, as a peer that hangs would. */
final class HeldStripe {
  private final Replica replica;
  private final long offset;
  private final long held;

  private HeldStripe(Replica replica, long offset, long held) {
    this.replica = replica;
    this.offset = offset;
    this.held = held;
  }

  static HeldStripe of(Replica replica, int peer) {
    long offset = replica.layout().lineOffset(0) + ControlLine.LOCK_OFFSET;
    long word = replica.lockWord(0);
    int target = ControlLine.freePlane(word, replica.guardWord(0));
    long held = LockWord.acquire(word, peer, 1, target);
    assertEquals(word, ControlLine.compareAndSwap(replica.segment(), offset, word, held));
    return new HeldStripe(replica, offset, held);
  }

  void release() {
    assertEquals(
        held,
        ControlLine.compareAndSwap(
            replica.segment(), offset, held, LockWord.releaseUnchanged(held)));
  }
}

package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Copies a replica for evaluation or a checkpoint while training goes on: locks a stripe, copies
 * its current plane, releases it unchanged. Belongs to one thread, which waits, at most as long as
 * it was told; it is neither a compute thread nor an agent.
 */
public final class ReplicaReader implements AutoCloseable, CompletionHandler {
  private static final long PARK_NS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long COPY_BYTES = 1L << 30;

  private final Remote remote;
  private final ReplicaLayout layout;
  private long outstanding;
  private long value;
  private boolean succeeded;

  /**
   * Creates a reader.
   *
   * @param remote a connection to the replica made as {@link ReplicaLayout#readerRank()}, used by
   *     this reader alone; the reader closes it
   * @param layout the replica's layout
   */
  public ReplicaReader(Remote remote, ReplicaLayout layout) {
    this.remote = remote;
    this.layout = layout;
  }

  /**
   * Copies the whole replica, a stripe at a time.
   *
   * @param target at least as long as the model, float32
   * @param timeoutNs how long to wait for each stripe's lock
   * @throws StarlingException when a stripe stays locked, or the peer is lost
   */
  public void copyTo(MemorySegment target, long timeoutNs) {
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      copyStripe(stripe, target, layout.stripeStart(stripe) * Float.BYTES, timeoutNs);
    }
  }

  private void copyStripe(int stripe, MemorySegment target, long targetOffset, long timeoutNs) {
    long deadlineNs = System.nanoTime() + timeoutNs;
    while (!tryCopyStripe(stripe, target, targetOffset, deadlineNs, timeoutNs)) {
      if (System.nanoTime() - deadlineNs > 0) {
        throw new StarlingException(
            "stripe "
                + stripe
                + " of rank "
                + remote.rank()
                + " could not be copied within the hold limit of its lock: raise the hold limit");
      }
    }
  }

  /** Copies a stripe; what was copied counts only when the lock was still held at the end. */
  private boolean tryCopyStripe(
      int stripe, MemorySegment target, long targetOffset, long deadlineNs, long timeoutNs) {
    long lockOffset = layout.lineOffset(stripe) + ControlLine.LOCK_OFFSET;
    long word = lock(stripe, lockOffset, deadlineNs);
    try {
      long source = layout.planeOffset(stripe, LockWord.current(word));
      long length = layout.stripeLengthBytes(stripe);
      for (long done = 0; done < length; done += COPY_BYTES) {
        long part = Math.min(COPY_BYTES, length - done);
        outstanding = 1;
        remote.read(source + done, target, targetOffset + done, part, 0);
        await(stripe, deadlineNs);
      }
    } finally {
      outstanding = 1;
      remote.compareAndSwap(lockOffset, word, LockWord.releaseUnchanged(word), 0);
      await(stripe, deadlineNs + timeoutNs);
    }
    return value == word;
  }

  private long lock(int stripe, long lockOffset, long deadlineNs) {
    while (true) {
      outstanding = 1;
      remote.readWord(lockOffset, 0);
      await(stripe, deadlineNs);
      long word = value;
      if (LockWord.isFree(word)) {
        // A reader writes no plane; it names the current one as its target, so that a fence
        // quarantines nothing in use.
        long held =
            LockWord.acquire(word, layout.readerRank(), remote.epoch(), LockWord.current(word));
        outstanding = 1;
        remote.compareAndSwap(lockOffset, word, held, 0);
        await(stripe, deadlineNs);
        if (value == word) {
          return held;
        }
      }
      if (System.nanoTime() - deadlineNs > 0) {
        throw new StarlingException(
            "stripe "
                + stripe
                + " of rank "
                + remote.rank()
                + " stayed locked ("
                + LockWord.describe(word)
                + "): its holder hangs, look at that rank");
      }
      LockSupport.parkNanos(PARK_NS);
    }
  }

  private void await(int stripe, long deadlineNs) {
    succeeded = true;
    while (outstanding > 0 && remote.poll(this) == 0) {
      if (System.nanoTime() - deadlineNs > 0) {
        throw new StarlingException(
            "rank "
                + remote.rank()
                + " did not answer in time for stripe "
                + stripe
                + ": look at that rank");
      }
      LockSupport.parkNanos(PARK_NS);
    }
    if (!succeeded) {
      throw new StarlingException(
          "the connection to rank "
              + remote.rank()
              + " failed while stripe "
              + stripe
              + " was read: the peer is gone");
    }
  }

  @Override
  public void onCompletion(long tag, boolean ok, long found) {
    outstanding--;
    succeeded &= ok;
    value = found;
  }

  @Override
  public void close() {
    remote.close();
  }
}

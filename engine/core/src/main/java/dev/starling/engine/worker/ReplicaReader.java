package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Copies a replica for evaluation or a checkpoint while training goes on. Belongs to one thread,
 * which waits, at most as long as it was told; it is neither a compute thread nor an agent.
 *
 * <p>A free stripe is locked, its current plane copied, and released unchanged. A stripe that
 * somebody holds, perhaps for long, is copied without the lock: the current plane is not written
 * before another one has become current, so the copy is whole when the plane is still current after
 * it and at most a fence has raised the version.
 */
public final class ReplicaReader implements AutoCloseable, CompletionHandler {
  private static final long PARK_NS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long GRACE_NS = TimeUnit.SECONDS.toNanos(10);
  private static final long COPY_BYTES = 1L << 30;

  private final Remote remote;
  private final ReplicaLayout layout;
  private final int rank;
  private long outstanding;
  private long value;
  private long copiedWord;
  private boolean succeeded;
  private boolean peerLost;

  /**
   * Creates a reader.
   *
   * @param remote a connection to the replica, used by this reader alone; the reader closes it
   * @param layout the replica's layout
   * @param rank the rank that the connection was made as, usually {@link
   *     ReplicaLayout#readerRank()}
   */
  public ReplicaReader(Remote remote, ReplicaLayout layout, int rank) {
    this.remote = remote;
    this.layout = layout;
    this.rank = rank;
  }

  /**
   * Returns the connection.
   *
   * @return for looking, not for posting
   */
  Remote remote() {
    return remote;
  }

  /**
   * Copies the whole replica, a stripe at a time, if that is possible.
   *
   * @param target at least as long as the model, float32; undefined when the answer is no
   * @param timeoutNs how long to try for each stripe
   * @return whether every stripe was copied whole; no at once when the connection failed
   */
  public boolean tryCopyTo(MemorySegment target, long timeoutNs) {
    return tryCopyTo(target, new long[layout.stripes()], new long[layout.stripes()], timeoutNs);
  }

  /**
   * Copies the whole replica as {@link #tryCopyTo(MemorySegment, long)} does, and says what of it
   * was copied.
   *
   * @param target at least as long as the model, float32; undefined when the answer is no
   * @param versions receives the version of each stripe
   * @param cuts receives the newest checkpoint set that each stripe was copied for before
   * @param timeoutNs how long to try for each stripe
   * @return whether every stripe was copied whole
   */
  public boolean tryCopyTo(MemorySegment target, long[] versions, long[] cuts, long timeoutNs) {
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      long deadlineNs = System.nanoTime() + timeoutNs;
      while (!tryCopyStripe(stripe, target, versions, cuts, deadlineNs)) {
        if (peerLost || System.nanoTime() - deadlineNs > 0) {
          return false;
        }
        LockSupport.parkNanos(PARK_NS);
      }
    }
    return true;
  }

  /** What is read before and after the copy must be the same: then it belongs to the copy. */
  private boolean tryCopyStripe(
      int stripe, MemorySegment target, long[] versions, long[] cuts, long deadlineNs) {
    long cutOffset = layout.lineOffset(stripe) + ControlLine.CUT_OFFSET;
    long versionOffset = layout.lineOffset(stripe) + ControlLine.VERSION_OFFSET;
    if (!readWord(cutOffset, deadlineNs)) {
      return false;
    }
    cuts[stripe] = value;
    if (!tryCopyContent(stripe, target, deadlineNs)) {
      return false;
    }
    long word = copiedWord;
    if (!readWord(cutOffset, deadlineNs) || value != cuts[stripe]) {
      return false;
    }
    if (!readWord(versionOffset, deadlineNs)) {
      return false;
    }
    versions[stripe] = LockWord.fullVersion(word, value);
    return true;
  }

  private boolean tryCopyContent(int stripe, MemorySegment target, long deadlineNs) {
    long lockOffset = layout.lineOffset(stripe) + ControlLine.LOCK_OFFSET;
    if (!readWord(lockOffset, deadlineNs)) {
      return false;
    }
    long word = value;
    copiedWord = word;
    if (!LockWord.isFree(word)) {
      return copy(stripe, LockWord.current(word), target, deadlineNs)
          && isStillCurrent(word, lockOffset, deadlineNs);
    }
    // A reader writes no plane; it names the current one as its target, so that a fence quarantines
    // nothing in use.
    long held = LockWord.acquire(word, rank, remote.epoch(), LockWord.current(word));
    if (!swap(lockOffset, word, held, deadlineNs) || value != word) {
      return false;
    }
    boolean copied = copy(stripe, LockWord.current(word), target, deadlineNs);
    // What was copied counts only when the lock was still held at the end.
    return swap(lockOffset, held, LockWord.releaseUnchanged(held), deadlineNs)
        && value == held
        && copied;
  }

  private boolean isStillCurrent(long before, long lockOffset, long deadlineNs) {
    // The loads of the copy come before the load of the word.
    VarHandle.loadLoadFence();
    if (!readWord(lockOffset, deadlineNs)) {
      return false;
    }
    long rise = LockWord.version(value) - LockWord.version(before) & LockWord.VERSION_MASK;
    return LockWord.current(value) == LockWord.current(before) && rise <= 1;
  }

  private boolean copy(int stripe, int plane, MemorySegment target, long deadlineNs) {
    long source = layout.planeOffset(stripe, plane);
    long at = layout.stripeStart(stripe) * Float.BYTES;
    long length = layout.stripeLengthBytes(stripe);
    for (long done = 0; done < length; done += COPY_BYTES) {
      begin();
      remote.read(source + done, target, at + done, Math.min(COPY_BYTES, length - done), 0);
      if (!await(deadlineNs)) {
        return false;
      }
    }
    return true;
  }

  private boolean readWord(long offset, long deadlineNs) {
    begin();
    remote.readWord(offset, 0);
    return await(deadlineNs);
  }

  private boolean swap(long offset, long expected, long desired, long deadlineNs) {
    begin();
    remote.compareAndSwap(offset, expected, desired, 0);
    return await(deadlineNs);
  }

  private void begin() {
    outstanding = 1;
    succeeded = true;
  }

  /** Waits for the operation in flight, which the fabric completes in bounded time. */
  private boolean await(long deadlineNs) {
    while (outstanding > 0 && remote.poll(this) == 0) {
      if (System.nanoTime() - deadlineNs > GRACE_NS) {
        throw new StarlingException(
            "rank "
                + remote.rank()
                + " did not answer a read of its replica in time: look at that rank");
      }
      LockSupport.parkNanos(PARK_NS);
    }
    peerLost |= !succeeded;
    return succeeded;
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

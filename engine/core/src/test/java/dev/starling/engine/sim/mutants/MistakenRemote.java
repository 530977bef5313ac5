package dev.starling.engine.sim.mutants;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/** A connection that passes everything on; mutants override the one thing that they do wrong. */
class MistakenRemote implements Remote {
  private record Completion(long tag, long value) {}

  protected final Remote remote;
  private final Set<Long> hidden = new HashSet<>();
  private final ArrayDeque<Completion> invented = new ArrayDeque<>();

  MistakenRemote(Remote remote) {
    this.remote = remote;
  }

  /** Whether a swap takes a lock, other than to read alone. */
  static boolean isLocking(long expected, long desired) {
    return LockWord.isFree(expected) && !isForReading(desired);
  }

  /** Whether a lock is held to read alone: nothing will be written. */
  static boolean isForReading(long held) {
    return !LockWord.isFree(held) && LockWord.target(held) == LockWord.current(held);
  }

  /** Whether a swap publishes. */
  static boolean isPublish(long expected, long desired) {
    return !LockWord.isFree(expected)
        && !isForReading(expected)
        && desired == LockWord.publish(expected);
  }

  /** Whether a swap gives a lock back. */
  static boolean isRelease(long expected, long desired) {
    return !LockWord.isFree(expected) && desired == LockWord.releaseUnchanged(expected);
  }

  /** Whether a swap, of a home in its own replica, breaks another's lock. */
  boolean isFence(long expected, long desired) {
    return !LockWord.isFree(expected)
        && LockWord.owner(expected) != rank()
        && desired == LockWord.fence(expected);
  }

  static boolean isLockWord(long offset) {
    return offset % ControlLine.LENGTH_BYTES == ControlLine.LOCK_OFFSET;
  }

  static boolean isGuardWord(long offset) {
    return offset % ControlLine.LENGTH_BYTES == ControlLine.GUARD_OFFSET;
  }

  static boolean isCutWord(long offset) {
    return offset % ControlLine.LENGTH_BYTES == ControlLine.CUT_OFFSET;
  }

  /** Reports an operation as complete now; {@link #hide} its real completion, if it has one. */
  void invent(long tag, long value) {
    invented.add(new Completion(tag, value));
  }

  /** The real completion with a tag is not delivered. */
  void hide(long tag) {
    hidden.add(tag);
  }

  /** Delivers a completion. */
  void deliver(CompletionHandler handler, long tag, boolean succeeded, long value) {
    handler.onCompletion(tag, succeeded, value);
  }

  @Override
  public int rank() {
    return remote.rank();
  }

  @Override
  public int epoch() {
    return remote.epoch();
  }

  @Override
  public int incarnation() {
    return remote.incarnation();
  }

  @Override
  public PeerState state() {
    return remote.state();
  }

  @Override
  public MemorySegment direct() {
    return remote.direct();
  }

  @Override
  public void readWord(long offset, long tag) {
    remote.readWord(offset, tag);
  }

  @Override
  public void read(long offset, MemorySegment into, long intoOffset, long length, long tag) {
    remote.read(offset, into, intoOffset, length, tag);
  }

  @Override
  public void write(long offset, MemorySegment from, long fromOffset, long length, long tag) {
    remote.write(offset, from, fromOffset, length, tag);
  }

  @Override
  public void compareAndSwap(long offset, long expected, long desired, long tag) {
    remote.compareAndSwap(offset, expected, desired, tag);
  }

  @Override
  public int poll(CompletionHandler handler) {
    int delivered = 0;
    while (!invented.isEmpty()) {
      Completion completion = invented.remove();
      handler.onCompletion(completion.tag(), true, completion.value());
      delivered++;
    }
    return delivered
        + remote.poll(
            (tag, succeeded, value) -> {
              if (!hidden.remove(tag)) {
                deliver(handler, tag, succeeded, value);
              }
            });
  }

  @Override
  public void settle() {
    remote.settle();
  }

  @Override
  public void close() {
    remote.close();
  }
}

package dev.starling.engine.sim;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/** A connection that passes everything on; tests override the one thing that they do wrong. */
class MistakenRemote implements Remote {
  protected final Remote remote;
  protected final Set<Long> hidden = new HashSet<>();
  protected final ArrayDeque<long[]> invented = new ArrayDeque<>();

  MistakenRemote(Remote remote) {
    this.remote = remote;
  }

  /** Reports an operation as complete now, and its real completion never. */
  void completeNow(long tag, long value) {
    hidden.add(tag);
    invented.add(new long[] {tag, value});
  }

  /** What the caller sees of a value that was read. */
  long seen(long tag, long value) {
    return value;
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
  public void readWord(long offsetBytes, long tag) {
    remote.readWord(offsetBytes, tag);
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
  public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
    remote.compareAndSwap(offsetBytes, expected, desired, tag);
  }

  @Override
  public int poll(CompletionHandler handler) {
    int delivered = 0;
    while (!invented.isEmpty()) {
      long[] completion = invented.remove();
      handler.onCompletion(completion[0], true, completion[1]);
      delivered++;
    }
    return delivered
        + remote.poll(
            (tag, succeeded, value) -> {
              if (!hidden.remove(tag)) {
                handler.onCompletion(tag, succeeded, seen(tag, value));
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

package dev.starling.engine.exchange;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.CompletionRing;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;

/** A connection to a replica of this process, by the operations that shared memory uses. */
final class DirectRemote implements Remote {
  private final Replica replica;
  private final int localRank;
  private final CompletionRing completions = new CompletionRing(MAX_IN_FLIGHT);

  DirectRemote(Replica replica, int localRank) {
    this.replica = replica;
    this.localRank = localRank;
  }

  @Override
  public int rank() {
    return replica.rank();
  }

  @Override
  public int epoch() {
    return 1;
  }

  @Override
  public int incarnation() {
    return 0;
  }

  @Override
  public PeerState state() {
    return PeerState.ALIVE;
  }

  @Override
  public MemorySegment direct() {
    return replica.segment();
  }

  @Override
  public void readWord(long offsetBytes, long tag) {
    completions.add(tag, true, ControlLine.readWord(replica.segment(), offsetBytes));
  }

  @Override
  public void read(
      long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
    MemorySegment.copy(replica.segment(), offsetBytes, into, intoOffset, lengthBytes);
    completions.add(tag, true, 0);
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
    MemorySegment.copy(from, fromOffset, replica.segment(), offsetBytes, lengthBytes);
    completions.add(tag, true, 0);
  }

  @Override
  public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
    completions.add(
        tag, true, ControlLine.compareAndSwap(replica.segment(), offsetBytes, expected, desired));
  }

  @Override
  public int poll(CompletionHandler handler) {
    return completions.poll(handler);
  }

  @Override
  public void settle() {
    long fences = AttachmentTable.fences(replica.segment(), localRank);
    AttachmentTable.acknowledge(replica.segment(), localRank, fences);
  }

  @Override
  public void close() {}
}

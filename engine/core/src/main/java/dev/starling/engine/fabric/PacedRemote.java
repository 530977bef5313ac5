package dev.starling.engine.fabric;

import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.NanoClock;

/**
 * A connection whose operations reach the one below when their time has come. Belongs to one
 * thread; allocates nothing after its construction.
 */
final class PacedRemote implements Remote {
  private static final byte READ_WORD = 0;
  private static final byte READ = 1;
  private static final byte WRITE = 2;
  private static final byte SWAP = 3;

  private final Remote inner;
  private final PacedFabric links;
  private final int localRank;
  private final long latencyNs;
  private final NanoClock clock;

  /** What is on its way, by slot; {@link #order} holds the slots, the first due first. */
  private final byte[] kind = new byte[MAX_IN_FLIGHT];

  private final long[] dueNs = new long[MAX_IN_FLIGHT];
  private final long[] offset = new long[MAX_IN_FLIGHT];
  private final long[] tags = new long[MAX_IN_FLIGHT];
  private final MemorySegment[] memory = new MemorySegment[MAX_IN_FLIGHT];

  /** Offset in local memory, or the expected word. */
  private final long[] first = new long[MAX_IN_FLIGHT];

  /** Length, or the desired word. */
  private final long[] second = new long[MAX_IN_FLIGHT];

  private final int[] order = new int[MAX_IN_FLIGHT];
  private final int[] free = new int[MAX_IN_FLIGHT];
  private int onTheirWay;

  PacedRemote(Remote inner, PacedFabric links, int localRank, long latencyNs, NanoClock clock) {
    this.inner = inner;
    this.links = links;
    this.localRank = localRank;
    this.latencyNs = latencyNs;
    this.clock = clock;
    for (int slot = 0; slot < MAX_IN_FLIGHT; slot++) {
      free[slot] = slot;
    }
  }

  @Override
  public int rank() {
    return inner.rank();
  }

  @Override
  public int epoch() {
    return inner.epoch();
  }

  @Override
  public int incarnation() {
    return inner.incarnation();
  }

  @Override
  public PeerState state() {
    return inner.state();
  }

  @Override
  public MemorySegment direct() {
    return null;
  }

  @Override
  public void readWord(long offsetBytes, long tag) {
    post(READ_WORD, clock.nanoTime() + latencyNs, offsetBytes, null, 0, 0, tag);
  }

  @Override
  public void read(
      long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
    requireRoom();
    long deliveredNs = links.transfer(inner.rank(), localRank, lengthBytes, clock.nanoTime());
    post(READ, deliveredNs, offsetBytes, into, intoOffset, lengthBytes, tag);
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
    requireRoom();
    long deliveredNs = links.transfer(localRank, inner.rank(), lengthBytes, clock.nanoTime());
    post(WRITE, deliveredNs, offsetBytes, from, fromOffset, lengthBytes, tag);
  }

  @Override
  public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
    post(SWAP, clock.nanoTime() + latencyNs, offsetBytes, null, expected, desired, tag);
  }

  private void requireRoom() {
    if (onTheirWay == MAX_IN_FLIGHT) {
      throw new IllegalStateException(
          "more than " + MAX_IN_FLIGHT + " operations were posted and not polled");
    }
  }

  /** Puts an operation behind all that are due no later. */
  private void post(
      byte what, long due, long offsetBytes, MemorySegment local, long one, long other, long tag) {
    requireRoom();
    int slot = free[MAX_IN_FLIGHT - 1 - onTheirWay];
    kind[slot] = what;
    dueNs[slot] = due;
    offset[slot] = offsetBytes;
    memory[slot] = local;
    first[slot] = one;
    second[slot] = other;
    tags[slot] = tag;
    int place = onTheirWay++;
    while (place > 0 && dueNs[order[place - 1]] - due > 0) {
      order[place] = order[place - 1];
      place--;
    }
    order[place] = slot;
  }

  /** What a handler posts is looked at by the next call. */
  @Override
  public int poll(CompletionHandler handler) {
    int due = due();
    for (int i = 0; i < due; i++) {
      perform(order[i]);
    }
    if (due > 0) {
      forget(due);
    }
    return inner.poll(handler);
  }

  private int due() {
    if (onTheirWay == 0) {
      return 0;
    }
    long nowNs = clock.nanoTime();
    int due = 0;
    while (due < onTheirWay && dueNs[order[due]] - nowNs <= 0) {
      due++;
    }
    return due;
  }

  private void perform(int slot) {
    switch (kind[slot]) {
      case READ_WORD -> inner.readWord(offset[slot], tags[slot]);
      case READ -> inner.read(offset[slot], memory[slot], first[slot], second[slot], tags[slot]);
      case WRITE -> inner.write(offset[slot], memory[slot], first[slot], second[slot], tags[slot]);
      default -> inner.compareAndSwap(offset[slot], first[slot], second[slot], tags[slot]);
    }
  }

  private void forget(int count) {
    for (int i = 0; i < count; i++) {
      int slot = order[i];
      memory[slot] = null;
      free[MAX_IN_FLIGHT - onTheirWay + i] = slot;
    }
    onTheirWay -= count;
    System.arraycopy(order, count, order, 0, onTheirWay);
  }

  @Override
  public void settle() {
    inner.settle();
  }

  @Override
  public void close() {
    inner.close();
  }
}

package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.verbs.ibv_send_wr;
import dev.starling.jextract.verbs.ibv_sge;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * One-sided requests, kept outside the heap in the form that the device's library reads, so that a
 * chain of them is posted with one call and no allocation.
 *
 * <pre>
 *   0         64                        64 + 128 n                  64 + 144 n
 *   +---------+--------+--------+- - - -+-------+-------+- - - -----+
 *   | bad_wr  | wr 0   | wr 1   |       | sge 0 | sge 1 |           |
 *   +---------+--------+--------+- - - -+-------+-------+- - - -----+
 *               |  |______next____^       ^
 *               |________sg_list__________|
 * </pre>
 *
 * <p>A slot keeps its content when it has been posted, and may be posted again: the library copies
 * it. Threads: confined to one at a time, the one that posts to the queue pair.
 */
public final class SendRequests implements AutoCloseable {
  private static final long REQUESTS_OFFSET = 64;
  private static final long REQUEST_BYTES = ibv_send_wr.sizeof();
  private static final long SGE_BYTES = ibv_sge.sizeof();
  private static final int MAX_CAPACITY = 1 << 20;

  private static final long WR_ID = ibv_send_wr.wr_id$offset();
  private static final long NEXT = ibv_send_wr.next$offset();
  private static final long SG_LIST = ibv_send_wr.sg_list$offset();
  private static final long NUM_SGE = ibv_send_wr.num_sge$offset();
  private static final long OPCODE = ibv_send_wr.opcode$offset();
  private static final long SEND_FLAGS = ibv_send_wr.send_flags$offset();
  private static final long RDMA_REMOTE_ADDR = ibv_send_wr.wr_rdma_remote_addr$offset();
  private static final long RDMA_RKEY = ibv_send_wr.wr_rdma_rkey$offset();
  private static final long ATOMIC_REMOTE_ADDR = ibv_send_wr.wr_atomic_remote_addr$offset();
  private static final long ATOMIC_COMPARE_ADD = ibv_send_wr.wr_atomic_compare_add$offset();
  private static final long ATOMIC_SWAP = ibv_send_wr.wr_atomic_swap$offset();
  private static final long ATOMIC_RKEY = ibv_send_wr.wr_atomic_rkey$offset();
  private static final long SGE_ADDR = ibv_sge.addr$offset();
  private static final long SGE_LENGTH = ibv_sge.length$offset();
  private static final long SGE_LKEY = ibv_sge.lkey$offset();

  private static final int READ = IBV_WR_RDMA_READ();
  private static final int WRITE = IBV_WR_RDMA_WRITE();
  private static final int COMPARE_AND_SWAP = IBV_WR_ATOMIC_CMP_AND_SWP();
  private static final int FETCH_AND_ADD = IBV_WR_ATOMIC_FETCH_AND_ADD();
  private static final int SIGNALED = IBV_SEND_SIGNALED();
  private static final int INLINE = IBV_SEND_INLINE();
  private static final int FENCE = IBV_SEND_FENCE();

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final long address;
  private final long requestsAddress;
  private final long sgesOffset;
  private final int capacity;

  /**
   * Makes room for requests.
   *
   * @param capacity number of slots
   */
  public SendRequests(int capacity) {
    ConfigurationException.requireRange("send requests", capacity, 1, MAX_CAPACITY);
    this.capacity = capacity;
    this.sgesOffset = REQUESTS_OFFSET + capacity * REQUEST_BYTES;
    this.memory = arena.allocate(sgesOffset + capacity * SGE_BYTES, REQUESTS_OFFSET);
    this.address = memory.address();
    this.requestsAddress = address + REQUESTS_OFFSET;
    for (int slot = 0; slot < capacity; slot++) {
      memory.set(JAVA_LONG, request(slot) + SG_LIST, address + sge(slot));
      memory.set(JAVA_INT, request(slot) + NUM_SGE, 1);
    }
  }

  private static long request(int slot) {
    return REQUESTS_OFFSET + slot * REQUEST_BYTES;
  }

  private long sge(int slot) {
    return sgesOffset + slot * SGE_BYTES;
  }

  /** {@return the number of slots} */
  public int capacity() {
    return capacity;
  }

  /**
   * Fills a slot with an RDMA READ.
   *
   * @param slot the slot
   * @param wrId tag of the completion
   * @param localAddress where the bytes go
   * @param lengthBytes how many, an unsigned 32-bit number
   * @param lkey key of the local region
   * @param remoteAddress where the bytes are
   * @param rkey key of the remote region
   * @param signalled whether it completes when it succeeds
   */
  public void read(
      int slot,
      long wrId,
      long localAddress,
      int lengthBytes,
      int lkey,
      long remoteAddress,
      int rkey,
      boolean signalled) {
    transfer(slot, READ, wrId, signalled ? SIGNALED : 0, remoteAddress, rkey);
    local(slot, localAddress, lengthBytes, lkey);
  }

  /**
   * Fills a slot with an RDMA WRITE.
   *
   * @param slot the slot
   * @param wrId tag of the completion
   * @param localAddress where the bytes are
   * @param lengthBytes how many, an unsigned 32-bit number
   * @param lkey key of the local region; unused when the bytes are copied inline
   * @param remoteAddress where they go
   * @param rkey key of the remote region
   * @param signalled whether it completes when it succeeds
   * @param inline whether the bytes are copied into the request as it is posted, which allows at
   *     most {@link FfmQp#maxInlineBytes()} of them
   */
  public void write(
      int slot,
      long wrId,
      long localAddress,
      int lengthBytes,
      int lkey,
      long remoteAddress,
      int rkey,
      boolean signalled,
      boolean inline) {
    int flags = (signalled ? SIGNALED : 0) | (inline ? INLINE : 0);
    transfer(slot, WRITE, wrId, flags, remoteAddress, rkey);
    local(slot, localAddress, lengthBytes, lkey);
  }

  /**
   * Fills a slot with an atomic compare-and-swap of 8 bytes.
   *
   * @param slot the slot
   * @param wrId tag of the completion
   * @param resultAddress where the old value goes, 8 bytes
   * @param lkey key of the region of the result
   * @param remoteAddress the word, a multiple of 8
   * @param rkey key of its region
   * @param expected value that it must have
   * @param desired value that it then gets
   * @param signalled whether it completes when it succeeds
   */
  public void compareAndSwap(
      int slot,
      long wrId,
      long resultAddress,
      int lkey,
      long remoteAddress,
      int rkey,
      long expected,
      long desired,
      boolean signalled) {
    atomic(slot, COMPARE_AND_SWAP, wrId, signalled, remoteAddress, rkey, expected, desired);
    local(slot, resultAddress, Long.BYTES, lkey);
  }

  /**
   * Fills a slot with an atomic fetch-and-add of 8 bytes.
   *
   * @param slot the slot
   * @param wrId tag of the completion
   * @param resultAddress where the old value goes, 8 bytes
   * @param lkey key of the region of the result
   * @param remoteAddress the word, a multiple of 8
   * @param rkey key of its region
   * @param addend what is added
   * @param signalled whether it completes when it succeeds
   */
  public void fetchAndAdd(
      int slot,
      long wrId,
      long resultAddress,
      int lkey,
      long remoteAddress,
      int rkey,
      long addend,
      boolean signalled) {
    atomic(slot, FETCH_AND_ADD, wrId, signalled, remoteAddress, rkey, addend, 0);
    local(slot, resultAddress, Long.BYTES, lkey);
  }

  private void transfer(int slot, int opcode, long wrId, int flags, long remoteAddress, int rkey) {
    long request = request(Objects.checkIndex(slot, capacity));
    memory.set(JAVA_LONG, request + WR_ID, wrId);
    memory.set(JAVA_INT, request + OPCODE, opcode);
    memory.set(JAVA_INT, request + SEND_FLAGS, flags);
    memory.set(JAVA_LONG, request + RDMA_REMOTE_ADDR, remoteAddress);
    memory.set(JAVA_INT, request + RDMA_RKEY, rkey);
  }

  private void atomic(
      int slot,
      int opcode,
      long wrId,
      boolean signalled,
      long remoteAddress,
      int rkey,
      long compareAdd,
      long swap) {
    long request = request(Objects.checkIndex(slot, capacity));
    memory.set(JAVA_LONG, request + WR_ID, wrId);
    memory.set(JAVA_INT, request + OPCODE, opcode);
    memory.set(JAVA_INT, request + SEND_FLAGS, signalled ? SIGNALED : 0);
    memory.set(JAVA_LONG, request + ATOMIC_REMOTE_ADDR, remoteAddress);
    memory.set(JAVA_LONG, request + ATOMIC_COMPARE_ADD, compareAdd);
    memory.set(JAVA_LONG, request + ATOMIC_SWAP, swap);
    memory.set(JAVA_INT, request + ATOMIC_RKEY, rkey);
  }

  private void local(int slot, long localAddress, int lengthBytes, int lkey) {
    long sge = sge(slot);
    memory.set(JAVA_LONG, sge + SGE_ADDR, localAddress);
    memory.set(JAVA_INT, sge + SGE_LENGTH, lengthBytes);
    memory.set(JAVA_INT, sge + SGE_LKEY, lkey);
  }

  /**
   * Makes the request of a filled slot wait for the READs and atomics before it on its queue pair,
   * or not.
   *
   * @param slot the slot
   * @param on whether it waits; filling a slot clears it
   */
  public void fence(int slot, boolean on) {
    long flags = request(Objects.checkIndex(slot, capacity)) + SEND_FLAGS;
    int old = memory.get(JAVA_INT, flags);
    memory.set(JAVA_INT, flags, on ? old | FENCE : old & ~FENCE);
  }

  /**
   * Posts consecutive slots as one chain: {@code ibv_post_send(3)}. When it fails, the requests
   * before {@link #badSlot()} are posted and the others are not.
   *
   * @param qp the queue pair, in state RTS, with room for them
   * @param firstSlot the first slot
   * @param count how many, at least 1
   * @return 0, or the error number
   */
  public int post(FfmQp qp, int firstSlot, int count) {
    Objects.checkFromIndexSize(firstSlot, count, capacity);
    if (count == 0) {
      return 0;
    }
    long first = requestsAddress + firstSlot * REQUEST_BYTES;
    long offset = request(firstSlot);
    for (int i = 1; i < count; i++) {
      memory.set(JAVA_LONG, offset + NEXT, first + i * REQUEST_BYTES);
      offset += REQUEST_BYTES;
    }
    memory.set(JAVA_LONG, offset + NEXT, 0L);
    return ibv_post_send(qp.postSendFunction(), qp.openAddress(), first, address);
  }

  /** {@return the first slot that the post that just failed did not take} */
  public int badSlot() {
    return (int) ((memory.get(JAVA_LONG, 0) - requestsAddress) / REQUEST_BYTES);
  }

  /** Frees the slots; later use fails. Closing twice does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

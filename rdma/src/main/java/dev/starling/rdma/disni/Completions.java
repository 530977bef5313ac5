package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.ibv_poll_cq;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.verbs.ibv_wc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Completions read from a queue, kept outside the heap as the device's library writes them: polling
 * allocates nothing.
 *
 * <p>Of a completion that is not a success only {@link #wrId}, {@link #status}, {@link
 * #vendorError} and {@link #qpNumber} mean anything.
 *
 * <p>Threads: confined to one at a time, the one that polls.
 */
public final class Completions implements AutoCloseable {
  private static final int MAX_CAPACITY = 1 << 20;
  private static final long BYTES = ibv_wc.sizeof();
  private static final long WR_ID = ibv_wc.wr_id$offset();
  private static final long STATUS = ibv_wc.status$offset();
  private static final long OPCODE = ibv_wc.opcode$offset();
  private static final long VENDOR_ERR = ibv_wc.vendor_err$offset();
  private static final long BYTE_LEN = ibv_wc.byte_len$offset();
  private static final long QP_NUM = ibv_wc.qp_num$offset();

  /** By code; our words for what {@code enum ibv_wc_status} names. */
  private static final String[] STATUS_NAMES = {
    "success",
    "local length error",
    "local queue pair operation error",
    "local end-to-end context operation error",
    "local protection error",
    "flushed because the queue pair is in error",
    "memory window bind error",
    "bad response error",
    "local access error",
    "remote invalid request error",
    "remote access error",
    "remote operation error",
    "the peer did not answer within all retries",
    "the peer had no receive posted within all retries",
    "local datagram domain violation",
    "remote invalid datagram request",
    "remote abort",
    "invalid end-to-end context number",
    "invalid end-to-end context state",
    "fatal error of the device",
    "response timeout",
    "general error",
    "tag matching error",
    "tag matching rendezvous incomplete"
  };

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final int capacity;

  /** Where the memory is; 0 once it is freed. */
  private long address;

  /**
   * Makes room for completions.
   *
   * @param capacity how many one poll reads at most
   */
  public Completions(int capacity) {
    ConfigurationException.requireRange("completions", capacity, 1, MAX_CAPACITY);
    this.capacity = capacity;
    this.memory = arena.allocate(capacity * BYTES, Long.BYTES);
    this.address = memory.address();
  }

  /**
   * Reads what has completed: {@code ibv_poll_cq(3)}. Never waits.
   *
   * @param cq the queue
   * @return how many completions were read, 0 when there is none
   * @throws VerbsException if the queue fails, as after an overrun
   * @throws IllegalStateException if this is closed
   */
  public int poll(FfmCq cq) {
    if (address == 0) {
      throw new IllegalStateException("completions were polled after they were closed");
    }
    int polled = ibv_poll_cq(cq.pollFunction(), cq.openAddress(), capacity, address);
    if (polled < 0) {
      throw pollFailure(cq, polled);
    }
    return polled;
  }

  static VerbsException pollFailure(FfmCq cq, int result) {
    String device = cq.device().deviceName();
    return new VerbsException(
        device,
        "ibv_poll_cq",
        -result,
        "polling a completion queue on RDMA device %s failed with %d: make the queue large enough for"
                .formatted(device, result)
            + " all outstanding requests, and see in the kernel's log whether the device failed");
  }

  /**
   * Gives the tag of a completion.
   *
   * @param i its index in the last poll
   * @return what the request was posted with
   */
  public long wrId(int i) {
    return memory.get(JAVA_LONG, i * BYTES + WR_ID);
  }

  /**
   * Gives the status of a completion.
   *
   * @param i its index in the last poll
   * @return 0 for success; see {@link #statusName}
   */
  public int status(int i) {
    return memory.get(JAVA_INT, i * BYTES + STATUS);
  }

  /**
   * Gives the device's own error code of a completion that failed.
   *
   * @param i its index in the last poll
   * @return the code, whose meaning the device's vendor knows
   */
  public int vendorError(int i) {
    return memory.get(JAVA_INT, i * BYTES + VENDOR_ERR);
  }

  /**
   * Gives the queue pair of a completion.
   *
   * @param i its index in the last poll
   * @return the local queue pair's number
   */
  public int qpNumber(int i) {
    return memory.get(JAVA_INT, i * BYTES + QP_NUM);
  }

  /**
   * Gives what completed.
   *
   * @param i its index in the last poll
   * @return an {@code IBV_WC_} opcode; undefined when it failed
   */
  public int opcode(int i) {
    return memory.get(JAVA_INT, i * BYTES + OPCODE);
  }

  /**
   * Gives the length of what was received.
   *
   * @param i its index in the last poll
   * @return the length in bytes, for receives, READs and atomics; undefined when it failed
   */
  public int lengthBytes(int i) {
    return memory.get(JAVA_INT, i * BYTES + BYTE_LEN);
  }

  /**
   * Names a status.
   *
   * @param status the code
   * @return its name and code, for instance {@code remote access error (10)}
   */
  public static String statusName(int status) {
    boolean known = status >= 0 && status < STATUS_NAMES.length;
    return (known ? STATUS_NAMES[status] : "unknown status") + " (" + status + ")";
  }

  /** Frees the memory; later use fails. Closing twice does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      address = 0;
      arena.close();
    }
  }
}

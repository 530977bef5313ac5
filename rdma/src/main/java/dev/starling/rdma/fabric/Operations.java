package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.rdma.disni.FfmMr;
import dev.starling.rdma.disni.FfmQp;
import dev.starling.rdma.disni.SendRequests;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The operations in flight on one connection. An operation is cut into pieces; consecutive pieces
 * go to one queue pair as a burst, one chain posted by one call, whose last request alone is
 * signalled.
 *
 * <pre>
 *   operation:  | piece | piece | piece | piece | piece |          fixed table of {@value #CAPACITY}
 *   bursts:      '---- queue pair 0 ----' '- queue pair 1 -'        slots of a queue pair: a ring, counted;
 *   signalled:                     ^                     ^          a completion gives back its burst's
 *
 *   work request id:  slots of the burst, 0 unless its last [31:16] | queue pair [15:8] | operation [7:0]
 * </pre>
 *
 * <p>Belongs to one thread; nothing allocates after construction.
 */
final class Operations implements AutoCloseable {
  private static final int CAPACITY = Remote.MAX_IN_FLIGHT;
  private static final int MAX_BURST = 8;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

  private static final int READ_WORD = 0;
  private static final int SWAP = 1;
  private static final int READ = 2;
  private static final int WRITE = 3;

  private final LocalMemory memory;
  private final VerbsDevice device;
  private final AttachReply.Window control;
  private final AttachReply.Window data;
  private final FfmQp[] pairs;
  private final SendRequests[] requests;
  private final int depth;
  private final long pieceBytes;
  private final PrivateMemory results;
  private final FfmMr resultsKey;
  private final MemorySegment words;

  private final long[] tag = new long[CAPACITY];
  private final int[] kind = new int[CAPACITY];
  private final long[] remoteAddress = new long[CAPACITY];
  private final int[] remoteKey = new int[CAPACITY];
  private final long[] localAddress = new long[CAPACITY];
  private final int[] localKey = new int[CAPACITY];
  private final long[] remaining = new long[CAPACITY];
  private final long[] expected = new long[CAPACITY];
  private final long[] desired = new long[CAPACITY];
  private final int[] bursts = new int[CAPACITY];
  private final boolean[] failed = new boolean[CAPACITY];

  private final int[] free = new int[CAPACITY];
  private final int[] waiting = new int[CAPACITY];
  private final int[] done = new int[CAPACITY];
  private int freeCount = CAPACITY;
  private int waitingHead;
  private int waitingCount;
  private int doneHead;
  private int doneCount;

  private final int[] nextSlot;
  private final int[] used;
  private int nextPair;
  private int failedPair;
  private int failedKind;
  private boolean stopped;

  Operations(VerbsDevice device, Connection connection) {
    this.device = device;
    memory = device.memory();
    control = connection.reply().control();
    data = connection.reply().data();
    pairs = connection.pairs().toArray(FfmQp[]::new);
    depth = device.options().sendDepth();
    pieceBytes = device.options().pieceBytes();
    requests = new SendRequests[pairs.length];
    nextSlot = new int[pairs.length];
    used = new int[pairs.length];
    for (int i = 0; i < CAPACITY; i++) {
      free[i] = i;
    }
    results = PrivateMemory.allocate("results of atomics", (long) CAPACITY * Long.BYTES);
    words = results.segment();
    FfmMr key = null;
    try {
      key = device.register(words, Ibverbs.IBV_ACCESS_LOCAL_WRITE());
      for (int i = 0; i < pairs.length; i++) {
        requests[i] = new SendRequests(depth);
      }
    } catch (Throwable failure) {
      FfmMr registered = key;
      Closing.after(failure, () -> release(registered));
      throw failure;
    }
    resultsKey = key;
  }

  /** {@return operations that have not been delivered} */
  int inFlight() {
    return CAPACITY - freeCount;
  }

  void readWord(long offset, long operationTag) {
    int i = add(READ_WORD, operationTag, offset, Long.BYTES, control);
    localAddress[i] = words.address() + (long) i * Long.BYTES;
    localKey[i] = resultsKey.lkey();
  }

  void compareAndSwap(long offset, long from, long to, long operationTag) {
    int i = add(SWAP, operationTag, offset, Long.BYTES, control);
    localAddress[i] = words.address() + (long) i * Long.BYTES;
    localKey[i] = resultsKey.lkey();
    expected[i] = from;
    desired[i] = to;
  }

  void read(long offset, long into, long lengthBytes, long operationTag) {
    int key = memory.key(into, lengthBytes);
    int i = add(READ, operationTag, offset, lengthBytes, window(offset, lengthBytes));
    localAddress[i] = into;
    localKey[i] = key;
  }

  void write(long offset, long from, long lengthBytes, long operationTag) {
    int key = memory.key(from, lengthBytes);
    int i = add(WRITE, operationTag, offset, lengthBytes, data);
    localAddress[i] = from;
    localKey[i] = key;
  }

  private AttachReply.Window window(long offset, long lengthBytes) {
    return control.holds(offset, lengthBytes) ? control : data;
  }

  private int add(
      int what, long operationTag, long offset, long lengthBytes, AttachReply.Window window) {
    if (!window.holds(offset, lengthBytes)) {
      throw new StarlingException(
          "%s of %d bytes at offset %d is outside what the home lets %s reach: offsets count from the"
                  .formatted(nameOf(what), lengthBytes, offset, device.where())
              + " region's start, and only control lines and planes are served");
    }
    if (freeCount == 0) {
      throw new IllegalStateException("more than " + CAPACITY + " operations were not polled");
    }
    int i = free[--freeCount];
    kind[i] = what;
    tag[i] = operationTag;
    remoteAddress[i] = window.address() + offset - window.offsetBytes();
    remoteKey[i] = window.key();
    remaining[i] = lengthBytes;
    bursts[i] = 0;
    failed[i] = false;
    if (stopped || lengthBytes == 0) {
      failed[i] = stopped;
      remaining[i] = 0;
      done[(doneHead + doneCount++) % CAPACITY] = i;
    } else {
      waiting[(waitingHead + waitingCount++) % CAPACITY] = i;
    }
    return i;
  }

  /**
   * Posts what fits.
   *
   * @return 0, or the errno of the post that failed
   */
  int post() {
    while (waitingCount > 0 && !stopped) {
      int i = waiting[waitingHead];
      int pair = pairWithRoom();
      if (pair < 0) {
        return 0;
      }
      int errno = postBurst(i, pair);
      if (errno != 0) {
        failedPair = pair;
        failedKind = kind[i];
        failed[i] = true;
        return errno;
      }
      if (remaining[i] == 0) {
        waitingHead = (waitingHead + 1) % CAPACITY;
        waitingCount--;
      }
    }
    return 0;
  }

  private int pairWithRoom() {
    for (int tried = 0; tried < pairs.length; tried++) {
      int pair = nextPair;
      nextPair = nextPair + 1 == pairs.length ? 0 : nextPair + 1;
      if (used[pair] < depth) {
        return pair;
      }
    }
    return -1;
  }

  private int postBurst(int i, int pair) {
    int first = nextSlot[pair];
    int room = Math.min(Math.min(depth - used[pair], depth - first), MAX_BURST);
    int count =
        remaining[i] <= pieceBytes
            ? 1
            : (int) Math.min(room, (remaining[i] + pieceBytes - 1) / pieceBytes);
    for (int n = 0; n < count; n++) {
      boolean last = n == count - 1;
      fill(i, pair, first + n, last, (last ? (long) count << 16 : 0) | (long) pair << 8 | i);
    }
    int errno = requests[pair].post(pairs[pair], first, count);
    // What was posted before a bad request is in flight, until it is flushed without its last.
    if (errno == 0 || requests[pair].badSlot() != first) {
      nextSlot[pair] = first + count == depth ? 0 : first + count;
      used[pair] += count;
      bursts[i]++;
    }
    return errno;
  }

  private void fill(int i, int pair, int slot, boolean last, long id) {
    int bytes = (int) Math.min(remaining[i], pieceBytes);
    SendRequests to = requests[pair];
    switch (kind[i]) {
      case SWAP ->
          to.compareAndSwap(
              slot,
              id,
              localAddress[i],
              localKey[i],
              remoteAddress[i],
              remoteKey[i],
              expected[i],
              desired[i],
              last);
      case WRITE ->
          to.write(
              slot,
              id,
              localAddress[i],
              bytes,
              localKey[i],
              remoteAddress[i],
              remoteKey[i],
              last,
              false);
      default ->
          to.read(
              slot, id, localAddress[i], bytes, localKey[i], remoteAddress[i], remoteKey[i], last);
    }
    remaining[i] -= bytes;
    localAddress[i] += bytes;
    remoteAddress[i] += bytes;
  }

  /** A request completed, or was flushed. */
  void completed(long id, boolean succeeded) {
    int i = (int) id & 0xff;
    failed[i] |= !succeeded;
    int slots = (int) (id >>> 16);
    if (slots > 0) {
      used[(int) (id >>> 8) & 0xff] -= slots;
      if (--bursts[i] == 0 && remaining[i] == 0) {
        done[(doneHead + doneCount++) % CAPACITY] = i;
      }
    }
  }

  /** Posts nothing any more: what waits fails, what is in flight fails when it was flushed. */
  void stop() {
    stopped = true;
    while (waitingCount > 0) {
      int i = waiting[waitingHead];
      waitingHead = (waitingHead + 1) % CAPACITY;
      waitingCount--;
      remaining[i] = 0;
      failed[i] = true;
      if (bursts[i] == 0) {
        done[(doneHead + doneCount++) % CAPACITY] = i;
      }
    }
  }

  /** Fails what is still in flight; the queue pairs must be gone. */
  void abandon() {
    for (int i = 0; i < CAPACITY; i++) {
      if (bursts[i] > 0) {
        bursts[i] = 0;
        failed[i] = true;
        done[(doneHead + doneCount++) % CAPACITY] = i;
      }
    }
  }

  /** Hands over what is done; what the handler posts waits for the next call. */
  int deliver(CompletionHandler handler) {
    int count = doneCount;
    for (int n = 0; n < count; n++) {
      int i = done[doneHead];
      doneHead = (doneHead + 1) % CAPACITY;
      doneCount--;
      long value = kind[i] <= SWAP && !failed[i] ? words.get(WORD, (long) i * Long.BYTES) : 0;
      free[freeCount++] = i;
      handler.onCompletion(tag[i], !failed[i], value);
    }
    return count;
  }

  /** {@return the queue pair number of the post that failed} */
  int failedQueuePair() {
    return pairs[failedPair].number();
  }

  /** {@return what kind of operation the post that failed belongs to} */
  int failedKind() {
    return failedKind;
  }

  /** {@return what kind of operation a work request belongs to} */
  int kindOf(long id) {
    return kind[(int) id & 0xff];
  }

  static String nameOf(int operationKind) {
    return switch (operationKind) {
      case READ_WORD -> "READ of a word";
      case SWAP -> "COMPARE AND SWAP";
      case READ -> "READ";
      default -> "WRITE";
    };
  }

  @Override
  public void close() {
    release(resultsKey);
  }

  private void release(FfmMr key) {
    List<AutoCloseable> all = new ArrayList<>();
    for (SendRequests array : requests) {
      if (array != null) {
        all.add(array);
      }
    }
    if (key != null) {
      all.add(() -> device.release(key));
    }
    all.add(results);
    Closing.all("releasing what a connection works with", all);
  }
}

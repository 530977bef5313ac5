package dev.starling.engine.fabric;

/**
 * Completions that wait to be polled, for fabrics that finish an operation while it is posted.
 * Fixed capacity, no allocation; belongs to one thread.
 */
public final class CompletionRing {
  private final long[] tags;
  private final long[] values;
  private final boolean[] succeeded;
  private final int mask;
  private long head;
  private long tail;

  /**
   * Creates a ring.
   *
   * @param capacity how many completions may wait, a power of two
   */
  public CompletionRing(int capacity) {
    if (Integer.bitCount(capacity) != 1) {
      throw new IllegalArgumentException("capacity must be a power of two: capacity=" + capacity);
    }
    tags = new long[capacity];
    values = new long[capacity];
    succeeded = new boolean[capacity];
    mask = capacity - 1;
  }

  /**
   * Adds a completion.
   *
   * @param tag the operation's tag
   * @param success whether it took effect
   * @param value its value
   */
  public void add(long tag, boolean success, long value) {
    if (tail - head == tags.length) {
      throw new IllegalStateException("more than " + tags.length + " completions were not polled");
    }
    int slot = (int) tail & mask;
    tags[slot] = tag;
    succeeded[slot] = success;
    values[slot] = value;
    tail++;
  }

  /**
   * Delivers the completions that are there now; those that the handler causes wait for the next
   * call.
   *
   * @param handler receives them
   * @return how many there were
   */
  public int poll(CompletionHandler handler) {
    long end = tail;
    int delivered = (int) (end - head);
    while (head < end) {
      int slot = (int) head & mask;
      head++;
      handler.onCompletion(tags[slot], succeeded[slot], values[slot]);
    }
    return delivered;
  }
}

package dev.starling.engine.worker;

import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Hands gradients from the compute thread to the communication agent over three buffers, without a
 * wait on either side.
 *
 * <pre>
 *   compute owns W --+                          +-- agent owns A
 *                    |   mailbox: (P, FULL)     |
 *   submit, P empty: swap W and P               take: swap P and A
 *   submit, P full : take P back, P += W, return it
 * </pre>
 *
 * <p>The mailbox word is {@code buffer * 4 + state}. The compute thread alone leaves EMPTY and
 * TAKEN, both sides may leave FULL, so every operation needs at most one repeat (I6) and no
 * gradient is lost or seen twice (I7).
 */
final class GradientMailbox implements AutoCloseable {
  /** How many addends keep a read version of their own; later ones share the last place. */
  static final int MAX_VERSIONS = 1024;

  private static final int BUFFERS = ReplicaLayout.GRADIENTS;
  private static final int EMPTY = 0;
  private static final int FULL = 1;
  private static final int TAKEN = 2;
  private static final VarHandle MAILBOX;

  static {
    try {
      MAILBOX = MethodHandles.lookup().findVarHandle(GradientMailbox.class, "mailbox", int.class);
    } catch (ReflectiveOperationException failure) {
      throw new ExceptionInInitializerError(failure);
    }
  }

  private final long parameterCount;
  private final PrivateMemory memory;
  private final MemorySegment[] buffers = new MemorySegment[BUFFERS];
  private final int[] counts = new int[BUFFERS];
  private final long[][] readVersions = new long[BUFFERS][MAX_VERSIONS];
  private int writing;
  private int applying = 2;

  @SuppressWarnings("unused") // through MAILBOX
  private volatile int mailbox = word(1, EMPTY);

  /** Creates a mailbox with buffers of its own. */
  GradientMailbox(long parameterCount) {
    this.parameterCount = parameterCount;
    long lengthBytes = parameterCount * Float.BYTES;
    long strideBytes = (lengthBytes + 63) & -64;
    memory = PrivateMemory.allocate("gradient buffers", BUFFERS * strideBytes);
    for (int i = 0; i < BUFFERS; i++) {
      buffers[i] = memory.segment().asSlice(i * strideBytes, lengthBytes);
    }
  }

  /** Creates a mailbox with the buffers of a region that shares its gradients. */
  GradientMailbox(MemorySegment region, ReplicaLayout layout) {
    parameterCount = layout.parameterCount();
    memory = null;
    for (int i = 0; i < BUFFERS; i++) {
      buffers[i] = region.asSlice(layout.gradientOffset(i), parameterCount * Float.BYTES);
    }
  }

  /** {@return the memory of all buffers, whole pages; null when they lie in the region} */
  MemorySegment memory() {
    return memory == null ? null : memory.pages();
  }

  /** Compute thread: the buffer to write the next gradient into. */
  MemorySegment writing() {
    return buffers[writing];
  }

  /**
   * Compute thread: hands in the gradient in {@link #writing()}, which is then another buffer.
   *
   * @param readVersion the version of the first stripe that it was computed on
   * @return whether it was added to one that the agent had not taken
   */
  boolean submit(long readVersion) {
    return submit(readVersion, 1);
  }

  /**
   * Compute thread: hands in zeros in place of a gradient that was refused, to peers who wait for
   * this worker; there is nothing that it could be added to.
   */
  void submitNothing(long readVersion) {
    submit(readVersion, 0);
  }

  private boolean submit(long readVersion, int addends) {
    int word = (int) MAILBOX.getAcquire(this);
    if ((word & 3) == FULL && MAILBOX.compareAndSet(this, word, word(word >> 2, TAKEN))) {
      int waiting = word >> 2;
      VectorKernels.accumulate(buffers[waiting], 0, buffers[writing], 0, parameterCount);
      readVersions[waiting][Math.min(counts[waiting], MAX_VERSIONS - 1)] = readVersion;
      counts[waiting] += addends;
      MAILBOX.setRelease(this, word(waiting, FULL));
      return true;
    }
    // Not full before, or taken by the agent just now: either way it is EMPTY, and only this thread
    // leaves EMPTY.
    int spare = (int) MAILBOX.getAcquire(this) >> 2;
    counts[writing] = addends;
    readVersions[writing][0] = readVersion;
    MAILBOX.setRelease(this, word(writing, FULL));
    writing = spare;
    return false;
  }

  /**
   * Agent: takes what waits, giving back the buffer taken before.
   *
   * @return whether there was something
   */
  boolean take() {
    int word = (int) MAILBOX.getAcquire(this);
    if ((word & 3) == FULL && MAILBOX.compareAndSet(this, word, word(applying, EMPTY))) {
      applying = word >> 2;
      return true;
    }
    return false;
  }

  /** Any thread: whether nothing waits to be taken. */
  boolean isEmpty() {
    return ((int) MAILBOX.getAcquire(this) & 3) == EMPTY;
  }

  /** Agent: the buffer taken last. */
  MemorySegment applying() {
    return buffers[applying];
  }

  /** Agent: how many gradients it sums. */
  int count() {
    return counts[applying];
  }

  /** Agent: the version that an addend of it was computed on. */
  long readVersion(int addend) {
    return readVersions[applying][Math.min(addend, MAX_VERSIONS - 1)];
  }

  private static int word(int buffer, int state) {
    return buffer << 2 | state;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
    }
  }
}

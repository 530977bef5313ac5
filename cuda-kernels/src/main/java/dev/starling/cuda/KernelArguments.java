package dev.starling.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The arguments of a kernel, outside the heap, in the form in which the driver takes them. The
 * driver copies the values when it is called, so one object serves launch after launch.
 *
 * <pre>
 *   | pointer to value 0 | pointer to value 1 | ...  | value 0 | value 1 | ...
 *     8 bytes each                                     8 bytes each
 * </pre>
 *
 * <p>Belongs to one thread. Nothing is allocated after the constructor; the memory goes with the
 * object.
 */
public final class KernelArguments {
  private static final int SLOT_BYTES = Long.BYTES;

  private final int capacity;
  private final MemorySegment values;
  private final AddressPointer pointers;

  /**
   * Makes room for arguments; all are zero.
   *
   * @param capacity the most arguments that a kernel launched with them has
   */
  public KernelArguments(int capacity) {
    this.capacity = capacity;
    MemorySegment all = Arena.ofAuto().allocate(2L * capacity * SLOT_BYTES, SLOT_BYTES);
    MemorySegment slots = all.asSlice(0, (long) capacity * SLOT_BYTES);
    values = all.asSlice(slots.byteSize());
    for (int i = 0; i < capacity; i++) {
      slots.setAtIndex(ValueLayout.JAVA_LONG, i, values.address() + (long) i * SLOT_BYTES);
    }
    pointers = new AddressPointer().at(slots.address());
  }

  /**
   * Tells how many arguments fit.
   *
   * @return the capacity
   */
  public int capacity() {
    return capacity;
  }

  /**
   * Sets a pointer of the device.
   *
   * @param index which argument, from zero
   * @param deviceAddress an address that the device understands
   */
  public void pointer(int index, long deviceAddress) {
    values.setAtIndex(ValueLayout.JAVA_LONG, index, deviceAddress);
  }

  /**
   * Sets a float.
   *
   * @param index which argument, from zero
   * @param value the number
   */
  public void number(int index, float value) {
    values.set(ValueLayout.JAVA_FLOAT, (long) index * SLOT_BYTES, value);
  }

  /**
   * Sets a 64-bit count.
   *
   * @param index which argument, from zero
   * @param value the count
   */
  public void count(int index, long value) {
    values.setAtIndex(ValueLayout.JAVA_LONG, index, value);
  }

  /**
   * Sets a 32-bit integer.
   *
   * @param index which argument, from zero
   * @param value the integer
   */
  public void integer(int index, int value) {
    values.set(ValueLayout.JAVA_INT, (long) index * SLOT_BYTES, value);
  }

  /** What the driver takes. Keep this object reachable while it is in use. */
  AddressPointer pointers() {
    return pointers;
  }
}

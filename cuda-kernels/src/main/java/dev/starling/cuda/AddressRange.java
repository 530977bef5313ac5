package dev.starling.cuda;

/**
 * Memory that a device can address: registered memory of the host, or memory of the device. Its
 * bounds do not change; safe from any thread.
 */
public final class AddressRange {
  private final String what;
  private final long start;
  private final long lengthBytes;
  private final long deviceStart;

  /** The registration of host memory; null for memory of the device. */
  private final PinnedMemory pinned;

  /**
   * How often it has been registered with its device; guarded by the lock of {@link
   * PrimaryContext}.
   */
  private int owners = 1;

  /** False as soon as the memory may be gone. */
  private volatile boolean known = true;

  AddressRange(String what, long start, long lengthBytes, long deviceStart, PinnedMemory pinned) {
    this.what = what;
    this.start = start;
    this.lengthBytes = lengthBytes;
    this.deviceStart = deviceStart;
    this.pinned = pinned;
  }

  /**
   * Tells what the memory is.
   *
   * @return the name that was given at registration
   */
  public String what() {
    return what;
  }

  /**
   * Tells whether the memory is the device's own, so that the CPU cannot read it.
   *
   * @return false for memory of the host
   */
  public boolean isDeviceMemory() {
    return pinned == null;
  }

  /**
   * Translates an address.
   *
   * @param address in this range, as the program knows it
   * @return the same byte, as the device knows it
   */
  public long deviceAddress(long address) {
    return deviceStart + (address - start);
  }

  /** Whether a range of the program's addresses lies within this one, and this is still known. */
  boolean holds(long address, long bytes) {
    return known && address >= start && address - start <= lengthBytes - bytes;
  }

  boolean overlaps(long address, long bytes) {
    return address < start + lengthBytes && start < address + bytes;
  }

  PinnedMemory pinned() {
    return pinned;
  }

  long start() {
    return start;
  }

  long lengthBytes() {
    return lengthBytes;
  }

  void addOwner() {
    owners++;
  }

  /** Returns whether the last owner is gone. */
  boolean removeOwner() {
    return --owners == 0;
  }

  void forget() {
    known = false;
  }

  @Override
  public String toString() {
    return "'%s' (%d bytes at 0x%x)".formatted(what, lengthBytes, start);
  }
}

package dev.starling.rdma.disni;

import java.lang.foreign.MemorySegment;

/** Gives pointers from the libraries the length of what they point to. */
final class Pointers {
  private Pointers() {}

  /** The struct that the library says lies there. */
  @SuppressWarnings("restricted")
  static MemorySegment struct(MemorySegment pointer, long lengthBytes) {
    return MemorySegment.ofAddress(pointer.address()).reinterpret(lengthBytes);
  }

  /** The struct that the library says lies at an address. */
  @SuppressWarnings("restricted")
  static MemorySegment struct(long address, long lengthBytes) {
    return MemorySegment.ofAddress(address).reinterpret(lengthBytes);
  }
}

package dev.starling.engine.memory;

import static dev.starling.jextract.libc.Libc.MADV_HUGEPAGE;
import static dev.starling.jextract.libc.Libc.madvise;
import static dev.starling.jextract.libc.Libc.munmap;

import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.libc.Libc;
import dev.starling.jextract.libc.rlimit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What every mapping of the engine shares: unmapping, locking in memory, and the count of bytes
 * that are mapped.
 */
public final class Mappings {
  private static final AtomicLong MAPPED_BYTES = new AtomicLong();

  private Mappings() {}

  /**
   * Returns how many bytes the engine has mapped in this process and not yet unmapped; leak checks
   * compare it.
   *
   * @return bytes
   */
  public static long mappedBytes() {
    return MAPPED_BYTES.get();
  }

  /** Hands a fresh mapping to an arena, which unmaps it when it closes. */
  @SuppressWarnings("restricted") // the address and length are what mmap(2) just returned
  static MemorySegment own(NativeCall call, MemorySegment address, long lengthBytes, Arena arena) {
    MAPPED_BYTES.addAndGet(lengthBytes);
    // A wish, not a need: where the system has no huge pages for this mapping, ordinary ones serve.
    madvise(call.state(), address, lengthBytes, MADV_HUGEPAGE());
    return address.reinterpret(lengthBytes, arena, mapped -> unmap(mapped, lengthBytes));
  }

  private static void unmap(MemorySegment address, long lengthBytes) {
    try (NativeCall call = new NativeCall()) {
      if (munmap(call.state(), address, lengthBytes) != 0) {
        throw call.failure(
            "unmapping " + lengthBytes + " bytes at 0x" + Long.toHexString(address.address()),
            "this is a bug of the engine, please report it");
      }
    }
    MAPPED_BYTES.addAndGet(-lengthBytes);
  }

  /**
   * Locks mapped memory into RAM, so that neither the kernel nor a swap device moves it.
   *
   * @param name what the memory is, as a failure names it
   * @param segment the memory
   * @throws ConfigurationException when the limit on locked memory is too low; the message names
   *     limit and need
   */
  public static void lock(String name, MemorySegment segment) {
    try (NativeCall call = new NativeCall()) {
      if (Libc.mlock(call.state(), segment, segment.byteSize()) != 0) {
        int errno = call.errno();
        MemorySegment limit = call.allocate(rlimit.sizeof());
        long limitBytes =
            Libc.getrlimit(call.state(), Libc.RLIMIT_MEMLOCK(), limit) == 0
                ? rlimit.rlim_cur(limit)
                : -1;
        throw NativeCall.failure(
            errno,
            "locking " + segment.byteSize() + " bytes of " + name + " into memory",
            "the limit on locked memory (ulimit -l) is "
                + limitBytes
                + " bytes here, raise it or leave memory locking off");
      }
    }
  }
}

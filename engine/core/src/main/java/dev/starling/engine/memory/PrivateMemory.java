package dev.starling.engine.memory;

import static dev.starling.jextract.libc.Libc.*;

import dev.starling.engine.ConfigurationException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Zeroed, page-aligned private memory outside the heap: gradient buffers, optimizer state, staging
 * rings.
 *
 * <p>Threads: any thread may use {@link #segment()}; the creator closes it after the last user has
 * stopped. An access after {@link #close()} is an {@link IllegalStateException}, never a crash.
 */
public final class PrivateMemory implements Region {
  private static final long PAGE_BYTES = 4096;
  private static final long MAX_BYTES = 1L << 46;

  private final Arena arena;
  private final MemorySegment pages;
  private final MemorySegment segment;

  private PrivateMemory(Arena arena, MemorySegment pages, long lengthBytes) {
    this.arena = arena;
    this.pages = pages;
    segment = pages.asSlice(0, lengthBytes);
  }

  /**
   * Maps zeroed memory.
   *
   * @param name what it is for, as failures name it
   * @param lengthBytes its length
   * @return the memory, owned by the caller
   */
  public static PrivateMemory allocate(String name, long lengthBytes) {
    ConfigurationException.requireRange(name + " length in bytes", lengthBytes, 1, MAX_BYTES);
    long mappedBytes = (lengthBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
    Arena arena = Arena.ofShared();
    try (NativeCall call = new NativeCall()) {
      MemorySegment address =
          mmap(
              call.state(),
              MemorySegment.NULL,
              mappedBytes,
              PROT_READ() | PROT_WRITE(),
              MAP_PRIVATE() | MAP_ANONYMOUS(),
              -1,
              0);
      if (address.address() == MAP_FAILED().address()) {
        throw call.failure(
            "mapping " + mappedBytes + " bytes for " + name,
            "use a smaller model or raise the limit on the address space (ulimit -v)");
      }
      return new PrivateMemory(arena, Mappings.own(call, address, mappedBytes, arena), lengthBytes);
    } catch (Throwable failure) {
      arena.close();
      throw failure;
    }
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Returns the memory up to the end of its last page, for those who pin pages.
   *
   * @return {@link #segment()} and what is mapped behind it
   */
  public MemorySegment pages() {
    return pages;
  }

  /** Does nothing: the kernel gives anonymous memory its pages on first touch. */
  @Override
  public void reserve(long offsetBytes, long lengthBytes) {}

  /** Does nothing, as {@link #reserve}. */
  @Override
  public boolean tryReserve(long offsetBytes, long lengthBytes) {
    return true;
  }

  /** Unmaps the memory; later accesses fail. Closing twice does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

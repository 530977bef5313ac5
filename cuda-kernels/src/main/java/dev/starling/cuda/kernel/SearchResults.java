package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the searches for elements that are not finite leave what they have found: a word of the
 * device for each slot, since the kernel's atomic needs the device's own memory, and a pinned word
 * of the host to which it is copied. Belongs to one thread.
 */
final class SearchResults implements AutoCloseable {
  private static final long PAGE_BYTES = 4096;
  private static final int ALL_ONES = -1;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment host;
  private final DeviceMemory device;

  /** The ticket of the search whose result a slot has; zero for none. */
  private final long[] tickets;

  SearchResults(CudaContext context, int slots) {
    tickets = new long[slots];
    long bytes = ((long) slots * Long.BYTES + PAGE_BYTES - 1) & -PAGE_BYTES;
    host = arena.allocate(bytes, PAGE_BYTES);
    try {
      device = context.allocate("search results", bytes);
      context.register("search results", host);
    } catch (RuntimeException failed) {
      arena.close();
      throw failed;
    }
  }

  /** Submits a search; its result is in the slot when the stream has done it. */
  void search(CudaStream stream, Launcher launcher, Call call, int slot) {
    long word = device.address() + (long) slot * Long.BYTES;
    stream.fill32(word, ALL_ONES, Long.BYTES / Integer.BYTES);
    if (call.count() > 0) {
      launcher.launchSearch(stream, call, word);
    }
    stream.copyToHost(host, (long) slot * Long.BYTES, word, Long.BYTES);
  }

  void setTicket(int slot, long ticket) {
    tickets[slot] = ticket;
  }

  boolean has(int slot, long ticket) {
    return tickets[slot] == ticket;
  }

  /** The index that a complete search has found, or -1. */
  long get(int slot) {
    return host.get(ValueLayout.JAVA_LONG, (long) slot * Long.BYTES);
  }

  /** Frees the memory of the host; the context has unregistered it. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.rdma.disni.FfmMr;
import java.util.Arrays;

/**
 * Which ranges of this process the device knows, and their keys. Registering and releasing from any
 * thread; looking up neither waits nor allocates.
 */
final class LocalMemory {
  private record Range(long address, long lengthBytes, int key) {
    boolean holds(long from, long bytes) {
      return from >= address && from + bytes <= address + lengthBytes;
    }
  }

  private volatile Range[] ranges = {};

  /** Makes a registration known. */
  synchronized void add(FfmMr registration) {
    Range[] more = Arrays.copyOf(ranges, ranges.length + 1);
    more[ranges.length] =
        new Range(registration.addressLong(), registration.lengthBytes(), registration.lkey());
    ranges = more;
  }

  /** Forgets a registration. */
  synchronized void remove(FfmMr registration) {
    int key = registration.lkey();
    ranges = Arrays.stream(ranges).filter(range -> range.key != key).toArray(Range[]::new);
  }

  /**
   * {@return the local key for a range}
   *
   * @throws StarlingException when no registration holds all of it
   */
  int key(long address, long lengthBytes) {
    for (Range range : ranges) {
      if (range.holds(address, lengthBytes)) {
        return range.key;
      }
    }
    throw new StarlingException(
        "the %d bytes at 0x%x are not registered with the device: pass the memory to"
                .formatted(lengthBytes, address)
            + " Fabric.register before it is read into or written from");
  }
}

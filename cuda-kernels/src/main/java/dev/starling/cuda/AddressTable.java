package dev.starling.cuda;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Collectors;

/**
 * The ranges that a device can address, sorted by address, none overlapping another. Looking up is
 * safe from any thread, waits for nobody and allocates nothing; whoever changes the table holds a
 * lock of its own.
 */
final class AddressTable {
  private volatile AddressRange[] sorted = {};

  /** Finds the range that holds all the bytes, or null. */
  AddressRange find(long address, long lengthBytes) {
    AddressRange[] ranges = sorted;
    int low = 0;
    int high = ranges.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      AddressRange range = ranges[middle];
      if (address < range.start()) {
        high = middle - 1;
      } else if (address - range.start() >= range.lengthBytes()) {
        low = middle + 1;
      } else {
        return range.holds(address, lengthBytes) ? range : null;
      }
    }
    return null;
  }

  /**
   * Refuses a new range that has a byte in common with one that is known.
   *
   * @throws IllegalArgumentException with both
   */
  void requireApart(String what, long address, long lengthBytes) {
    for (AddressRange range : sorted) {
      if (range.overlaps(address, lengthBytes)) {
        throw new IllegalArgumentException(
            ("'%s' (%d bytes at 0x%x) overlaps %s, which CUDA knows already: "
                    + "register the larger one first, or ranges that lie apart")
                .formatted(what, lengthBytes, address, range));
      }
    }
  }

  void add(AddressRange range) {
    AddressRange[] more = Arrays.copyOf(sorted, sorted.length + 1);
    more[more.length - 1] = range;
    Arrays.sort(more, Comparator.comparingLong(AddressRange::start));
    sorted = more;
  }

  void remove(AddressRange range) {
    range.forget();
    sorted = Arrays.stream(sorted).filter(r -> r != range).toArray(AddressRange[]::new);
  }

  /** Lists the ranges, for messages. */
  @Override
  public String toString() {
    AddressRange[] ranges = sorted;
    return ranges.length == 0
        ? "nothing"
        : Arrays.stream(ranges).map(AddressRange::toString).collect(Collectors.joining(", "));
  }
}

package dev.starling.cuda.check;

/** Lengths that can be registered. */
final class Pages {
  private static final long PAGE_BYTES = 4096;

  private Pages() {}

  static long roundUp(long lengthBytes) {
    return (lengthBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
  }
}

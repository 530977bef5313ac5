package dev.starling.bench.perf;

import dev.starling.engine.ConfigurationException;
import java.util.stream.LongStream;
import picocli.CommandLine.Option;

/** Which sizes are measured. */
final class SizeOptions {
  /** The longest size. */
  static final long LIMIT_BYTES = 1L << 30;

  private static final long SMALLEST = 2;
  private static final long MAX_BYTES_DEFAULT = 8L << 20;

  @Option(
      names = {"-s", "--size"},
      paramLabel = "BYTES",
      description =
          "Measure this size. Default: that of perftest for read and write (2 bytes; 65536 with"
              + " --bandwidth), 1 MiB for the others.")
  private Long sizeBytes;

  @Option(
      names = {"-a", "--all"},
      description =
          "Measure every power of two from 2, or the smallest that the operation takes, to"
              + " --max-bytes.")
  private boolean all;

  @Option(
      names = "--max-bytes",
      paramLabel = "BYTES",
      description = "Where --all ends. Default: 8388608.")
  private Long maxBytes;

  /**
   * Returns the sizes.
   *
   * @param unitBytes what a size must be a multiple of
   * @param defaultBytes the size when none was asked for
   * @return at least one, rising
   * @throws ConfigurationException when the options contradict each other or a size is impossible
   */
  long[] sizes(long unitBytes, long defaultBytes) {
    if (all && sizeBytes != null) {
      throw new ConfigurationException(
          "--size=" + sizeBytes + " and --all exclude each other: give one of them");
    }
    if (!all && maxBytes != null) {
      throw new ConfigurationException(
          "--max-bytes=" + maxBytes + " says where --all ends: give --all too");
    }
    long smallest = Math.max(SMALLEST, unitBytes);
    if (!all) {
      return new long[] {sizeBytes == null ? defaultBytes : requireSize(sizeBytes, unitBytes)};
    }
    long last = maxBytes == null ? MAX_BYTES_DEFAULT : maxBytes;
    ConfigurationException.requireRange("--max-bytes", last, smallest, LIMIT_BYTES);
    return LongStream.iterate(smallest, bytes -> bytes <= last, bytes -> 2 * bytes).toArray();
  }

  private static long requireSize(long bytes, long unitBytes) {
    ConfigurationException.requireRange("--size", bytes, unitBytes, LIMIT_BYTES);
    if (bytes % unitBytes != 0) {
      throw new ConfigurationException(
          "--size=%d is no whole number of parameters: choose a multiple of %d"
              .formatted(bytes, unitBytes));
    }
    return bytes;
  }
}

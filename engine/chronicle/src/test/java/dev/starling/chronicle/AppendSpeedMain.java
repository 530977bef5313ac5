package dev.starling.chronicle;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Measures appends against a plain copy into a reserved, untouched mapping on the same file system,
 * in turns. Not a test; run it by hand: {@code AppendSpeedMain [DIRECTORY [ROUNDS]]}.
 */
final class AppendSpeedMain {
  private static final int HEAD_BYTES = 64;
  private static final long ROUND_BYTES = 256L << 20;

  private static final ChronicleLogContext CONTEXT =
      new ChronicleLogContext().reserveBytes(Integer.getInteger("reserveBytes", 4 << 20));

  private AppendSpeedMain() {}

  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args.length > 0 ? args[0] : "/dev/shm");
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 9;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = arena.allocate(16 << 20, 64);
      source.fill((byte) 7);
      for (int lengthBytes : new int[] {1 << 20, 16 << 20}) {
        double[] copied = new double[rounds];
        double[] appended = new double[rounds];
        for (int round = 0; round < rounds; round++) {
          copied[round] = copy(directory.resolve("starling-speed-copy"), source, lengthBytes);
          appended[round] = append(directory.resolve("starling-speed-log"), source, lengthBytes);
          System.out.printf(
              "%8d bytes: copy %.2f GB/s, append %.2f GB/s%n",
              lengthBytes, copied[round], appended[round]);
        }
        Arrays.sort(copied);
        Arrays.sort(appended);
        System.out.printf(
            "%8d bytes: median copy %.2f GB/s, append %.2f GB/s, ratio %.2f%n",
            lengthBytes,
            copied[rounds / 2],
            appended[rounds / 2],
            appended[rounds / 2] / copied[rounds / 2]);
      }
    }
  }

  private static double copy(Path path, MemorySegment source, int lengthBytes) throws IOException {
    try (ReservedFile file = ReservedFile.create(path, ROUND_BYTES);
        FileChannel channel =
            FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Arena arena = Arena.ofShared()) {
      MemorySegment mapped =
          channel.map(FileChannel.MapMode.READ_WRITE, 0, file.reservedBytes(), arena);
      long begin = System.nanoTime();
      for (long at = 0; at < ROUND_BYTES; at += lengthBytes) {
        MemorySegment.copy(source, 0, mapped, at, lengthBytes);
      }
      return (double) ROUND_BYTES / (System.nanoTime() - begin);
    } finally {
      Files.deleteIfExists(path);
    }
  }

  private static double append(Path path, MemorySegment source, int lengthBytes)
      throws IOException {
    MemorySegment head = source.asSlice(0, HEAD_BYTES);
    long payloadBytes = (long) lengthBytes - HEAD_BYTES;
    try (ChronicleLog log = ChronicleLog.create(path, CONTEXT)) {
      long begin = System.nanoTime();
      for (long at = 0; at < ROUND_BYTES; at += lengthBytes) {
        log.append(head, HEAD_BYTES, source, HEAD_BYTES, payloadBytes);
      }
      return (double) ROUND_BYTES / (System.nanoTime() - begin);
    } finally {
      try (Stream<Path> files = Files.walk(path)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}

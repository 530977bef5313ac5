package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The note beside a segment that was ended in good order: a line {@code crc32c=0123abcd
 * bytes=4096}. It covers the whole file, also what Chronicle wrote there for itself.
 */
final class SegmentDigest {
  private static final Pattern LINE = Pattern.compile("crc32c=([0-9a-f]{8}) bytes=(\\d{1,15})\n");
  private static final int END_BYTES = 16;
  private static final long STRIDE_BYTES = 1L << 28;

  private SegmentDigest() {}

  /**
   * Cuts off what was reserved behind the last document and notes the rest. Nobody writes the
   * segment any more.
   *
   * @param force whether file and note must have reached the disk
   * @return the segment's length
   */
  static long seal(Path directory, int segment, boolean force) throws IOException {
    Path file = SegmentFiles.segment(directory, segment);
    long used;
    int crc;
    try (SegmentReader reader = SegmentReader.open(file)) {
      while (reader.next()) {
        // Only to where the documents end.
      }
      if (reader.state() == SegmentReader.State.DAMAGED) {
        throw new StarlingException(
            "sealing a segment failed (" + reader.damage() + "): check the disk");
      }
      used = Math.min(reader.offset() + END_BYTES, reader.mapped().byteSize());
      crc = checksum(reader.mapped().asSlice(0, used));
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(used);
      if (force) {
        channel.force(true);
      }
    }
    write(directory, segment, "crc32c=%08x bytes=%d\n".formatted(crc, used), force);
    return used;
  }

  private static void write(Path directory, int segment, String line, boolean force)
      throws IOException {
    Path note = SegmentFiles.digest(directory, segment);
    Path fresh = note.resolveSibling(note.getFileName() + ".new");
    try {
      Files.writeString(fresh, line);
      if (force) {
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
          channel.force(true);
        }
      }
      Files.move(fresh, note, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      // There only when the disk took half of it, or the name.
      Files.deleteIfExists(fresh);
    }
  }

  /** Returns what is wrong with a segment that has a note, or null. */
  static String check(Path directory, int segment) {
    Path file = SegmentFiles.segment(directory, segment);
    Path note = SegmentFiles.digest(directory, segment);
    try {
      Matcher line =
          LINE.matcher(new String(Files.readAllBytes(note), StandardCharsets.ISO_8859_1));
      if (!line.matches()) {
        return note + " is damaged: it does not say checksum and length of its segment";
      }
      int stored = Integer.parseUnsignedInt(line.group(1), 16);
      return check(file, stored, Long.parseLong(line.group(2)));
    } catch (NoSuchFileException gone) {
      return file + " is missing: its note " + note.getFileName() + " is there";
    } catch (IOException failure) {
      return file + " or its note cannot be read (" + failure + ")";
    } catch (InternalError fault) {
      return file + " became shorter or its disk failed while it was read (" + fault + ")";
    }
  }

  private static String check(Path file, int stored, long bytes) throws IOException {
    try (Arena arena = Arena.ofShared();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < bytes) {
        return file + " at " + size + " is damaged: it was cut, it had " + bytes + " bytes";
      }
      int computed = checksum(channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena));
      if (computed != stored) {
        return "%s at 0 is damaged: the checksum of its %d bytes is %08x but was %08x"
            .formatted(file, bytes, computed, stored);
      }
      long foreign = SegmentReader.firstNonZero(channel, ByteBuffer.allocate(1 << 16), bytes);
      return foreign < 0
          ? null
          : file + " at " + foreign + " is damaged: it ended at " + bytes + " but bytes follow";
    }
  }

  private static int checksum(MemorySegment bytes) {
    CRC32C crc = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += STRIDE_BYTES) {
      crc.update(bytes.asSlice(at, Math.min(STRIDE_BYTES, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }
}

package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A safetensors file, mapped read-only. Everything that its header says has been checked against
 * the file before it is told; nothing is copied.
 *
 * <p>Any thread may read, until the one that opened it closes it, after the last reader. The file
 * must not be shortened meanwhile: access to what is gone is an {@link InternalError}. Data are
 * little endian, as on every machine the engine runs on, and aligned as the header's length leaves
 * them: at 8 bytes in files that {@link Safetensors} wrote, at any byte in others.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** What to do about a damaged file. */
  static final String CURE = "it is damaged or not a safetensors file, take another copy of it";

  private final Path file;
  private final Arena arena;
  private final MemorySegment mapped;
  private final long dataOffset;
  private final Map<String, String> metadata;
  private final List<Entry> entries;

  /**
   * A tensor in the file.
   *
   * @param name unique in the file
   * @param dtype what its elements are
   * @param shape extents, outermost first
   * @param data its bytes, read-only, not to be used after the file is closed
   */
  public record Entry(String name, Dtype dtype, List<Long> shape, MemorySegment data) {}

  private SafetensorsFile(
      Path file, Arena arena, MemorySegment mapped, long dataOffset, SafetensorsHeader header) {
    this.file = file;
    this.arena = arena;
    this.mapped = mapped;
    this.dataOffset = dataOffset;
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(header.metadata()));
    List<Entry> read = new ArrayList<>();
    for (SafetensorsHeader.Tensor tensor : header.tensors()) {
      MemorySegment data =
          mapped.asSlice(dataOffset + tensor.begin(), tensor.end() - tensor.begin());
      read.add(new Entry(tensor.name(), tensor.dtype(), tensor.shape(), data));
    }
    entries = List.copyOf(read);
  }

  /**
   * Opens and checks a file: the length of its header, its JSON, names, types, shapes and ranges,
   * that the ranges leave no gap and that nothing follows them. The values are not looked at.
   *
   * @param file the file
   * @return the file, to be closed by the caller
   * @throws StarlingException when it cannot be read or anything in it is wrong
   */
  @SuppressWarnings("resource") // the arena goes to the result, or is closed here
  public static SafetensorsFile open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new StarlingException(
          "safetensors file "
              + file
              + (Files.exists(file) ? " is no ordinary file" : " does not exist")
              + ": give the path of a file that ends in .safetensors");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long fileBytes = channel.size();
      long headerBytes = headerLength(file, channel, fileBytes);
      long dataOffset = Long.BYTES + headerBytes;
      ByteBuffer text = read(channel, Long.BYTES, (int) headerBytes);
      SafetensorsHeader header = SafetensorsHeader.parse(file, text, fileBytes - dataOffset);
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, fileBytes, arena);
      return new SafetensorsFile(file, arena, mapped, dataOffset, header);
    } catch (IOException failure) {
      arena.close();
      throw new StarlingException(
          "safetensors file "
              + file
              + " could not be read ("
              + failure
              + "): make it readable for this user, or take another copy of it",
          failure);
    } catch (Throwable failure) {
      arena.close();
      throw failure;
    }
  }

  private static long headerLength(Path file, FileChannel channel, long fileBytes)
      throws IOException {
    if (fileBytes < Long.BYTES) {
      throw damaged(file, "has " + fileBytes + " bytes, fewer than the length of its header");
    }
    long headerBytes = read(channel, 0, Long.BYTES).getLong();
    long most = Math.min(SafetensorsHeader.MAX_BYTES, fileBytes - Long.BYTES);
    if (headerBytes < 2 || headerBytes > most) {
      throw damaged(
          file,
          "names "
              + Long.toUnsignedString(headerBytes)
              + " bytes as the length of its header, where 2 to "
              + most
              + " are possible");
    }
    return headerBytes;
  }

  private static ByteBuffer read(FileChannel channel, long position, int lengthBytes)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw new EOFException("it was shortened while it was read");
      }
    }
    return bytes.flip();
  }

  /** Makes a failure about a file whose content is wrong. */
  static StarlingException damaged(Path file, String what) {
    return new StarlingException("safetensors file " + file + " " + what + ": " + CURE);
  }

  /**
   * Returns the path it was opened under.
   *
   * @return the path
   */
  public Path path() {
    return file;
  }

  /**
   * Returns what the writer noted.
   *
   * @return text by name, in the order of the file
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Returns all tensors.
   *
   * @return in the order in which they lie in the file
   */
  public List<Entry> tensors() {
    return entries;
  }

  /**
   * Returns the tensor of a name.
   *
   * @param name the name
   * @return the tensor, or nothing
   */
  public Optional<Entry> tensor(String name) {
    return entries.stream().filter(entry -> entry.name().equals(name)).findFirst();
  }

  /** Returns the header's text, without its length. */
  MemorySegment header() {
    return mapped.asSlice(Long.BYTES, dataOffset - Long.BYTES);
  }

  /** Returns the bytes of all tensors. */
  MemorySegment data() {
    return mapped.asSlice(dataOffset);
  }

  /** Unmaps the file; later accesses fail. Closing twice does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Writes a model as a safetensors file. Any thread may write; two must not write the same file. */
public final class Safetensors {
  private static final int ALIGNMENT = 8;
  private static final long WRITE_BYTES = 64L << 20;
  private static final String METADATA = "__metadata__";

  /**
   * A named tensor of float32, the next one in a flat parameter vector.
   *
   * @param name unique in the file
   * @param shape extents, outermost first; their product is the number of elements
   */
  public record Tensor(String name, List<Integer> shape) {
    /**
     * Checks the arguments.
     *
     * @param name unique in the file
     * @param shape extents, outermost first, none negative
     */
    public Tensor {
      shape = List.copyOf(shape);
      if (name.isEmpty() || name.equals(METADATA) || shape.stream().anyMatch(e -> e < 0)) {
        throw new IllegalArgumentException(
            "tensor '"
                + name
                + "' of shape "
                + shape
                + ": give it a name other than "
                + METADATA
                + " and extents that are not negative");
      }
    }

    /**
     * Returns the number of elements.
     *
     * @return the product of the extents
     */
    public long elements() {
      long product = 1;
      for (int extent : shape) {
        product = Math.multiplyExact(product, extent);
      }
      return product;
    }
  }

  private Safetensors() {}

  /**
   * Writes the file: under a temporary name beside it, synchronised, then renamed over what may be
   * there. On failure the temporary file is removed and an older file of that name is untouched.
   *
   * @param file where
   * @param tensors the tensors in the order in which they lie in the vector, without gaps
   * @param parameters the vector, float32 in native order, at least as long as all tensors
   * @param metadata any text by name, written sorted
   * @throws IllegalArgumentException when the vector is too short or a name occurs twice
   * @throws StarlingException when the file cannot be written
   */
  public static void write(
      Path file, List<Tensor> tensors, MemorySegment parameters, Map<String, String> metadata) {
    long lengthBytes = lengthBytes(tensors);
    if (parameters.byteSize() < lengthBytes) {
      throw new IllegalArgumentException(
          "the tensors of "
              + file
              + " need "
              + lengthBytes
              + " bytes but the parameters have "
              + parameters.byteSize()
              + ": pass the whole vector");
    }
    Path absolute = file.toAbsolutePath();
    Path temporary =
        absolute.resolveSibling(
            "." + absolute.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        writeFully(channel, header(tensors, metadata));
        for (long at = 0; at < lengthBytes; at += WRITE_BYTES) {
          MemorySegment part = parameters.asSlice(at, Math.min(WRITE_BYTES, lengthBytes - at));
          writeFully(channel, littleEndian(part));
        }
        channel.force(true);
      }
      Files.move(
          temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      synchronise(absolute.getParent());
    } catch (IOException failure) {
      StarlingException told =
          new StarlingException(
              "writing the model to "
                  + file
                  + " failed ("
                  + failure
                  + "): free space there or choose another directory",
              failure);
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException whileRemoving) {
        told.addSuppressed(whileRemoving);
      }
      throw told;
    }
  }

  private static long lengthBytes(List<Tensor> tensors) {
    Set<String> names = new HashSet<>();
    long elements = 0;
    for (Tensor tensor : tensors) {
      if (!names.add(tensor.name())) {
        throw new IllegalArgumentException(
            "tensor '" + tensor.name() + "' occurs twice: give every tensor its own name");
      }
      elements = Math.addExact(elements, tensor.elements());
    }
    return Math.multiplyExact(elements, Float.BYTES);
  }

  private static ByteBuffer header(List<Tensor> tensors, Map<String, String> metadata) {
    StringBuilder json = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      quote(json, METADATA).append(":{");
      String separator = "";
      for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
        quote(json.append(separator), entry.getKey()).append(':');
        quote(json, entry.getValue());
        separator = ",";
      }
      json.append('}');
    }
    long offset = 0;
    for (Tensor tensor : tensors) {
      long end = offset + tensor.elements() * Float.BYTES;
      json.append(json.length() == 1 ? "" : ",");
      quote(json, tensor.name())
          .append(":{\"dtype\":\"F32\",\"shape\":")
          .append(tensor.shape().toString().replace(" ", ""))
          .append(",\"data_offsets\":[")
          .append(offset)
          .append(',')
          .append(end)
          .append("]}");
      offset = end;
    }
    byte[] text = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    int padded = (text.length + ALIGNMENT - 1) & -ALIGNMENT;
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    header.put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private static StringBuilder quote(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"');
  }

  private static ByteBuffer littleEndian(MemorySegment part) {
    if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
      return part.asByteBuffer();
    }
    ByteBuffer swapped = ByteBuffer.allocate((int) part.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = 0; at < part.byteSize(); at += Float.BYTES) {
      swapped.putInt(part.get(ValueLayout.JAVA_INT_UNALIGNED, at));
    }
    return swapped.flip();
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Makes the rename itself durable: fsync(2) on the directory. */
  private static void synchronise(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}

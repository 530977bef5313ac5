package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes a model as a safetensors file. Any thread may write; two must not write the same file. */
public final class Safetensors {
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
      requireNameAndShape(name, shape);
    }

    /**
     * Returns the number of elements.
     *
     * @return the product of the extents
     */
    public long elements() {
      return product(shape);
    }
  }

  /**
   * A named tensor of float32 and the memory that holds it.
   *
   * @param name unique in the file
   * @param shape extents, outermost first; their product is the number of elements
   * @param segment off the heap, float32 in native order
   * @param offsetBytes where the tensor begins in it
   */
  public record Part(String name, List<Long> shape, MemorySegment segment, long offsetBytes) {
    /**
     * Checks the arguments.
     *
     * @param name unique in the file
     * @param shape extents, outermost first, none negative
     * @param segment off the heap, float32 in native order
     * @param offsetBytes where the tensor begins in it; all of it must lie in the segment
     */
    public Part {
      shape = List.copyOf(shape);
      requireNameAndShape(name, shape);
      long lengthBytes = Math.multiplyExact(product(shape), Float.BYTES);
      if (!segment.isNative()) {
        throw new IllegalArgumentException(
            "tensor '" + name + "' lies on the heap: pass memory outside of it");
      }
      if (offsetBytes < 0 || lengthBytes > segment.byteSize() - offsetBytes) {
        throw new IllegalArgumentException(
            "tensor '"
                + name
                + "' needs "
                + lengthBytes
                + " bytes from "
                + offsetBytes
                + " but the memory has "
                + segment.byteSize()
                + " bytes: pass all of it");
      }
    }

    /**
     * Makes a part of a tensor.
     *
     * @param tensor name and shape
     * @param segment off the heap, float32 in native order
     * @param offsetBytes where the tensor begins in it
     */
    public Part(Tensor tensor, MemorySegment segment, long offsetBytes) {
      this(
          tensor.name(),
          tensor.shape().stream().map(Integer::longValue).toList(),
          segment,
          offsetBytes);
    }

    /**
     * Returns the length of the tensor.
     *
     * @return in bytes
     */
    public long lengthBytes() {
      return product(shape) * Float.BYTES;
    }
  }

  private Safetensors() {}

  private static void requireNameAndShape(String name, List<? extends Number> shape) {
    if (name.isEmpty()
        || name.equals(SafetensorsHeader.METADATA)
        || shape.stream().anyMatch(e -> e.longValue() < 0)) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "' of shape "
              + shape
              + ": give it a name other than "
              + SafetensorsHeader.METADATA
              + " and extents that are not negative");
    }
  }

  private static long product(List<? extends Number> shape) {
    long product = 1;
    for (Number extent : shape) {
      product = Math.multiplyExact(product, extent.longValue());
    }
    return product;
  }

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
    write(file, parts(tensors, parameters), metadata);
  }

  /**
   * Writes a file of tensors from anywhere in memory, in the same way as {@link #write(Path, List,
   * MemorySegment, Map)}. Nothing is copied; the memory must not change meanwhile.
   *
   * @param file where
   * @param parts the tensors in the order in which they shall lie in the file
   * @param metadata any text by name, written sorted
   * @throws IllegalArgumentException when a name occurs twice
   * @throws StarlingException when the file cannot be written
   */
  public static void write(Path file, List<Part> parts, Map<String, String> metadata) {
    write(file, "the model", header(parts, metadata), parts);
  }

  /**
   * Places the tensors of a flat vector.
   *
   * @param tensors the tensors in the order in which they lie in the vector, without gaps
   * @param parameters the vector
   * @return the tensors with their places
   */
  static List<Part> parts(List<Tensor> tensors, MemorySegment parameters) {
    List<Part> parts = new ArrayList<>();
    long offsetBytes = 0;
    for (Tensor tensor : tensors) {
      Part part = new Part(tensor, parameters, offsetBytes);
      parts.add(part);
      offsetBytes += part.lengthBytes();
    }
    return parts;
  }

  /**
   * Makes the bytes that the file begins with.
   *
   * @param parts the tensors in the order in which they shall lie in the file
   * @param metadata any text by name
   * @return length and header
   */
  static ByteBuffer header(List<Part> parts, Map<String, String> metadata) {
    Set<String> names = new HashSet<>();
    List<SafetensorsHeader.Tensor> tensors = new ArrayList<>();
    long end = 0;
    for (Part part : parts) {
      if (!names.add(part.name())) {
        throw new IllegalArgumentException(
            "tensor '" + part.name() + "' occurs twice: give every tensor its own name");
      }
      long begin = end;
      end = Math.addExact(begin, part.lengthBytes());
      tensors.add(new SafetensorsHeader.Tensor(part.name(), Dtype.F32, part.shape(), begin, end));
    }
    ByteBuffer header = new SafetensorsHeader(metadata, tensors).encode();
    if (header.remaining() - Long.BYTES > SafetensorsHeader.MAX_BYTES) {
      throw new IllegalArgumentException(
          "the header would have "
              + header.remaining()
              + " bytes where readers take "
              + SafetensorsHeader.MAX_BYTES
              + ": write fewer tensors or shorter metadata");
    }
    return header;
  }

  /**
   * Writes header and tensors.
   *
   * @param file where
   * @param what what the file is, as a failure names it
   * @param header what {@link #header} made of the parts
   * @param parts the tensors
   * @return what the file holds
   */
  static DurableFile.Sum write(Path file, String what, ByteBuffer header, List<Part> parts) {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new StarlingException(
          "writing "
              + what
              + " to "
              + file
              + " failed: the format is little endian but this machine is "
              + ByteOrder.nativeOrder()
              + "; use an x86-64 or AArch64 machine");
    }
    return DurableFile.write(
        file,
        what,
        output -> {
          output.write(header);
          for (Part part : parts) {
            output.write(part.segment(), part.offsetBytes(), part.lengthBytes());
          }
        });
  }
}

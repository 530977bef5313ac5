package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The header of a safetensors file: which tensors there are and where.
 *
 * @param metadata text by name
 * @param tensors in the order in which they lie in the file
 */
record SafetensorsHeader(Map<String, String> metadata, List<Tensor> tensors) {
  /** The name under which the metadata stand beside the tensors. */
  static final String METADATA = "__metadata__";

  /** Longest header that the format's own library reads. */
  static final long MAX_BYTES = 100_000_000;

  private static final int ALIGNMENT = 8;

  /**
   * A tensor as the header describes it.
   *
   * @param name unique in the file
   * @param dtype what its elements are
   * @param shape extents, outermost first
   * @param begin where its bytes begin, counted from the end of the header
   * @param end where they end
   */
  record Tensor(String name, Dtype dtype, List<Long> shape, long begin, long end) {}

  /**
   * Writes the header with its length before it.
   *
   * @return the bytes that a file begins with
   */
  ByteBuffer encode() {
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
    for (Tensor tensor : tensors) {
      json.append(json.length() == 1 ? "" : ",");
      quote(json, tensor.name()).append(":{\"dtype\":\"").append(tensor.dtype());
      json.append("\",\"shape\":")
          .append(
              tensor.shape().stream()
                  .map(String::valueOf)
                  .collect(Collectors.joining(",", "[", "]")));
      json.append(",\"data_offsets\":[").append(tensor.begin()).append(',').append(tensor.end());
      json.append("]}");
    }
    return padded(utf8(json.append('}')));
  }

  private static ByteBuffer padded(ByteBuffer text) {
    int paddedBytes = (text.remaining() + ALIGNMENT - 1) & -ALIGNMENT;
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + paddedBytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(paddedBytes);
    header.put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private static ByteBuffer utf8(StringBuilder json) {
    try {
      return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json));
    } catch (CharacterCodingException surrogate) {
      throw new IllegalArgumentException(
          "a name or a metadata text holds half a character (an unpaired surrogate) and cannot be"
              + " written as UTF-8: pass whole characters",
          surrogate);
    }
  }

  /**
   * Appends a text as JSON writes it.
   *
   * @param json what comes before
   * @param text any text
   * @return the same builder
   */
  static StringBuilder quote(StringBuilder json, String text) {
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

  /**
   * Reads and checks a header.
   *
   * @param file the file, for failures
   * @param text the header without its length
   * @param dataBytes the bytes of the file after the header
   * @return the header, every number in it consistent with the others and with the file
   * @throws StarlingException when anything in it is wrong
   */
  static SafetensorsHeader parse(Path file, ByteBuffer text, long dataBytes) {
    if (text.get(text.position()) != '{') {
      throw damaged(
          file,
          "has a header that begins with byte %d and not with '{'"
              .formatted(text.get(text.position()) & 0xff));
    }
    try (JsonInput json = new JsonInput("safetensors file " + file, SafetensorsFile.CURE, text)) {
      Map<String, String> metadata = new LinkedHashMap<>();
      List<Tensor> tensors = new ArrayList<>();
      json.beginObject("the header");
      for (String name = json.nextName(); name != null; name = json.nextName()) {
        if (name.equals(METADATA)) {
          readMetadata(json, metadata);
        } else {
          tensors.add(readTensor(json, name));
        }
      }
      json.end();
      // Stable: tensors without elements keep the header's order among those that begin with them.
      tensors.sort(Comparator.comparingLong(Tensor::begin).thenComparingLong(Tensor::end));
      requireContiguous(json, tensors, dataBytes);
      return new SafetensorsHeader(metadata, List.copyOf(tensors));
    }
  }

  private static StarlingException damaged(Path file, String what) {
    return SafetensorsFile.damaged(file, what);
  }

  private static void readMetadata(JsonInput json, Map<String, String> metadata) {
    json.beginObject("the metadata");
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      metadata.put(key, json.text("the metadata text '" + JsonInput.shown(key) + "'"));
    }
  }

  private static Tensor readTensor(JsonInput json, String name) {
    String tensor = "tensor '" + JsonInput.shown(name) + "'";
    Dtype dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    json.beginObject(tensor);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      switch (field) {
        case "dtype" -> dtype = readDtype(json, tensor);
        case "shape" -> shape = json.numbers("the shape of " + tensor);
        case "data_offsets" -> offsets = json.numbers("the data_offsets of " + tensor);
        default ->
            throw json.wrong(
                "has the field '"
                    + JsonInput.shown(field)
                    + "' in "
                    + tensor
                    + ", unknown to the format");
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      throw json.wrong("lacks dtype, shape or data_offsets of " + tensor);
    }
    if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
      throw json.wrong(
          "has data_offsets %s of %s, which are not a begin and an end"
              .formatted(JsonInput.shown(offsets.toString()), tensor));
    }
    Tensor read = new Tensor(name, dtype, shape, offsets.get(0), offsets.get(1));
    requireLength(json, tensor, read);
    return read;
  }

  private static Dtype readDtype(JsonInput json, String tensor) {
    String name = json.text("the dtype of " + tensor);
    Dtype dtype = Dtype.of(name);
    if (dtype == null) {
      throw json.wrong(
          "has the dtype '%s' in %s, unknown to the format"
              .formatted(JsonInput.shown(name), tensor));
    }
    return dtype;
  }

  private static void requireLength(JsonInput json, String tensor, Tensor read) {
    long bits = read.shape().contains(0L) ? 0 : read.dtype().bits();
    for (long extent : bits == 0 ? List.<Long>of() : read.shape()) {
      // Beyond 64 bits it is certainly wrong, and the range cannot agree with the largest value.
      bits =
          Math.multiplyHigh(bits, extent) == 0 && bits * extent >= 0
              ? bits * extent
              : Long.MAX_VALUE;
    }
    if (bits % Byte.SIZE != 0 || bits / Byte.SIZE != read.end() - read.begin()) {
      throw json.wrong(
          "gives %s of dtype %s and shape %s the %d bytes %d to %d"
              .formatted(
                  tensor,
                  read.dtype(),
                  JsonInput.shown(read.shape().toString()),
                  read.end() - read.begin(),
                  read.begin(),
                  read.end()));
    }
  }

  private static void requireContiguous(JsonInput json, List<Tensor> tensors, long dataBytes) {
    long end = 0;
    for (Tensor tensor : tensors) {
      if (tensor.begin() != end) {
        throw json.wrong(
            "has tensor '%s' at byte %d where byte %d comes next"
                .formatted(JsonInput.shown(tensor.name()), tensor.begin(), end));
      }
      end = tensor.end();
    }
    if (end != dataBytes) {
      throw json.wrong(
          "has %d bytes after its header but the tensors take %d".formatted(dataBytes, end));
    }
  }
}

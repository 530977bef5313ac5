package dev.starling.engine.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads safetensors from the published description of the format alone; shares nothing with the
 * engine, its JSON parser included.
 */
final class ReferenceReader {
  private final String json;
  private int at;

  record Tensor(String dtype, List<Long> shape, byte[] data) {
    float[] floats() {
      float[] floats = new float[data.length / 4];
      ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
      return floats;
    }
  }

  record Content(Map<String, String> metadata, Map<String, Tensor> tensors) {}

  private ReferenceReader(String json) {
    this.json = json;
  }

  static Content read(byte[] file) {
    long headerBytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String header = new String(file, 8, Math.toIntExact(headerBytes), StandardCharsets.UTF_8);
    int data = Math.toIntExact(8 + headerBytes);
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    object(json(header))
        .forEach(
            (name, value) -> {
              if (name.equals("__metadata__")) {
                object(value).forEach((key, text) -> metadata.put(key, (String) text));
              } else {
                tensors.put(name, tensor(file, data, object(value)));
              }
            });
    return new Content(metadata, tensors);
  }

  private static Tensor tensor(byte[] file, int data, Map<String, Object> fields) {
    List<Long> offsets = longs(fields.get("data_offsets"));
    byte[] bytes = new byte[Math.toIntExact(offsets.get(1) - offsets.get(0))];
    System.arraycopy(file, Math.toIntExact(data + offsets.get(0)), bytes, 0, bytes.length);
    return new Tensor((String) fields.get("dtype"), longs(fields.get("shape")), bytes);
  }

  static Object json(String text) {
    ReferenceReader reader = new ReferenceReader(text);
    Object value = reader.value();
    reader.blanks();
    if (reader.at != text.length()) {
      throw new IllegalStateException("text after the JSON at " + reader.at);
    }
    return value;
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }

  static List<Long> longs(Object value) {
    return ((List<?>) value).stream().map(Long.class::cast).toList();
  }

  private void blanks() {
    while (at < json.length() && " \t\r\n".indexOf(json.charAt(at)) >= 0) {
      at++;
    }
  }

  private boolean take(char wanted) {
    blanks();
    boolean there = at < json.length() && json.charAt(at) == wanted;
    at += there ? 1 : 0;
    return there;
  }

  private void need(char wanted) {
    if (!take(wanted)) {
      throw new IllegalStateException("no " + wanted + " at " + at);
    }
  }

  private Object value() {
    if (take('{')) {
      Map<String, Object> fields = new LinkedHashMap<>();
      while (!take('}')) {
        if (!fields.isEmpty()) {
          need(',');
        }
        String name = (String) value();
        need(':');
        if (fields.put(name, value()) != null) {
          throw new IllegalStateException(name + " is there twice");
        }
      }
      return fields;
    }
    if (take('[')) {
      List<Object> values = new ArrayList<>();
      while (!take(']')) {
        if (!values.isEmpty()) {
          need(',');
        }
        values.add(value());
      }
      return values;
    }
    return take('"') ? string() : number();
  }

  private Long number() {
    int start = at;
    while (Character.isDigit(json.charAt(at))) {
      at++;
    }
    return Long.valueOf(json.substring(start, at));
  }

  private String string() {
    StringBuilder text = new StringBuilder();
    for (char c = json.charAt(at++); c != '"'; c = json.charAt(at++)) {
      text.append(c == '\\' ? escaped() : c);
    }
    return text.toString();
  }

  private char escaped() {
    char c = json.charAt(at++);
    if (c == 'u') {
      at += 4;
      return (char) Integer.parseInt(json.substring(at - 4, at), 16);
    }
    return c == 'n' ? '\n' : c == 't' ? '\t' : c;
  }
}

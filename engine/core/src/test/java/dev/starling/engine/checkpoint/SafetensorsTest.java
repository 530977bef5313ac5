package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  private static final List<Safetensors.Tensor> TENSORS =
      List.of(
          new Safetensors.Tensor("layer0.weight", List.of(3, 2)),
          new Safetensors.Tensor("layer0.bias", List.of(3)),
          new Safetensors.Tensor("scale", List.of()));

  @TempDir Path directory;

  private static MemorySegment counting(Arena arena, int count) {
    MemorySegment segment = arena.allocate(ValueLayout.JAVA_FLOAT, count);
    for (int i = 0; i < count; i++) {
      segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, i + 0.5f);
    }
    return segment;
  }

  private static String header(ByteBuffer file) {
    return StandardCharsets.UTF_8
        .decode(file.slice(8, Math.toIntExact(file.getLong(0))))
        .toString();
  }

  private static ByteBuffer read(Path file) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static float[] tensor(ByteBuffer file, String name) {
    Matcher offsets =
        Pattern.compile(
                Pattern.quote("\"" + name + "\":{\"dtype\":\"F32\"")
                    + ",\"shape\":\\[[0-9,]*],\"data_offsets\":\\[(\\d+),(\\d+)]}")
            .matcher(header(file));
    assertTrue(offsets.find(), () -> name + " is missing in " + header(file));
    int begin = Integer.parseInt(offsets.group(1));
    int end = Integer.parseInt(offsets.group(2));
    float[] values = new float[(end - begin) / Float.BYTES];
    int data = Math.toIntExact(8 + file.getLong(0));
    file.slice(data + begin, end - begin)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    return values;
  }

  @Test
  void shouldReadBackEveryTensorWhenWritten() throws IOException {
    Path file = directory.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Safetensors.write(file, TENSORS, counting(arena, 10), Map.of("model", "mlp:3"));
    }
    ByteBuffer written = read(file);
    assertArrayEquals(
        new float[] {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f}, tensor(written, "layer0.weight"));
    assertArrayEquals(new float[] {6.5f, 7.5f, 8.5f}, tensor(written, "layer0.bias"));
    assertArrayEquals(new float[] {9.5f}, tensor(written, "scale"));
    assertEquals(8 + written.getLong(0) + 40, written.capacity(), "no byte beyond the tensors");
  }

  @Test
  void shouldAlignTheTensorsAndOpenWithABraceWhenWritten() throws IOException {
    Path file = directory.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Safetensors.write(file, TENSORS, counting(arena, 10), Map.of());
    }
    ByteBuffer written = read(file);
    assertEquals(0, written.getLong(0) % 8);
    assertEquals('{', written.get(8));
    assertTrue(header(written).stripTrailing().endsWith("}"));
  }

  @Test
  void shouldEscapeQuotesAndControlsWhenMetadataHoldsThem() throws IOException {
    Path file = directory.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Safetensors.write(
          file, TENSORS, counting(arena, 10), Map.of("note", "a \"b\" \\ c\nd", "alpha", "ä"));
    }
    assertTrue(
        header(read(file))
            .startsWith(
                "{\"__metadata__\":{\"alpha\":\"ä\",\"note\":\"a \\\"b\\\" \\\\ c\\u000ad\"},"),
        header(read(file)));
  }

  @Test
  void shouldReplaceTheOlderFileAndLeaveNothingElseWhenWrittenAgain() throws IOException {
    Path file = directory.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Safetensors.write(file, TENSORS, counting(arena, 10), Map.of());
      MemorySegment zeros = arena.allocate(ValueLayout.JAVA_FLOAT, 10);
      Safetensors.write(file, TENSORS, zeros, Map.of());
    }
    assertArrayEquals(new float[3], tensor(read(file), "layer0.bias"));
    assertEquals(List.of("model.safetensors"), names());
  }

  @Test
  void shouldLeaveNothingBehindWhenTheFileCannotBeReplaced() throws IOException {
    Path occupied = Files.createDirectories(directory.resolve("model.safetensors/inside"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = counting(arena, 10);
      StarlingException failure =
          assertThrows(
              StarlingException.class,
              () -> Safetensors.write(occupied.getParent(), TENSORS, parameters, Map.of()));
      assertTrue(failure.getMessage().contains("model.safetensors"), failure.getMessage());
    }
    assertEquals(List.of("model.safetensors"), names());
  }

  @Test
  void shouldRefuseWhenTheVectorIsShortOrANameOccursTwice() {
    Path file = directory.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nine = counting(arena, 9);
      assertThrows(
          IllegalArgumentException.class, () -> Safetensors.write(file, TENSORS, nine, Map.of()));
      List<Safetensors.Tensor> twice = List.of(TENSORS.get(1), TENSORS.get(1));
      assertThrows(
          IllegalArgumentException.class, () -> Safetensors.write(file, twice, nine, Map.of()));
    }
    assertTrue(Files.notExists(file));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(path -> path.getFileName().toString()).toList();
    }
  }
}

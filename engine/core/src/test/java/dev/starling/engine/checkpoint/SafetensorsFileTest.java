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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
  /** Sizes in bits as the format's documentation gives them. */
  private static final Map<String, Integer> BITS = new LinkedHashMap<>();

  static {
    Stream.of("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0").forEach(d -> BITS.put(d, 8));
    Stream.of("I16", "U16", "F16", "BF16").forEach(d -> BITS.put(d, 16));
    Stream.of("I32", "U32", "F32").forEach(d -> BITS.put(d, 32));
    Stream.of("F64", "I64", "U64", "C64").forEach(d -> BITS.put(d, 64));
    Stream.of("F6_E2M3", "F6_E3M2").forEach(d -> BITS.put(d, 6));
    BITS.put("F4", 4);
  }

  private static final String A = "{'dtype':'F32','shape':[2],'data_offsets':[0,8]}";

  @TempDir Path directory;

  private Path file() {
    return directory.resolve("other.safetensors");
  }

  /** Writes a file as any other program would: a length, a text, some bytes. */
  private void write(String json, int dataBytes) throws IOException {
    byte[] text = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    for (int i = 0; i < dataBytes; i++) {
      bytes.put((byte) (i * 7 + 1));
    }
    Files.write(file(), bytes.array());
  }

  private void requireRefused(String json, int dataBytes, String... parts) throws IOException {
    write(json, dataBytes);
    requireRefused(parts);
  }

  private void requireRefused(String... parts) {
    StarlingException told =
        assertThrows(StarlingException.class, () -> SafetensorsFile.open(file()).close());
    assertTrue(told.getMessage().contains(file().toString()), told.getMessage());
    for (String part : parts) {
      assertTrue(told.getMessage().contains(part), told.getMessage());
    }
  }

  @Test
  void shouldListEveryTypeWhenAnotherWriterReordersTensorsAndPads() throws IOException {
    for (int round = 0; round < 100; round++) {
      long seed = System.nanoTime();
      Random random = new Random(seed);
      List<String> names = new ArrayList<>(BITS.keySet());
      Collections.shuffle(names, random);
      List<String> fields = new ArrayList<>();
      Map<String, List<Long>> shapes = new HashMap<>();
      Map<String, Integer> begins = new HashMap<>();
      int at = 0;
      for (String name : names) {
        List<Long> shape = new ArrayList<>(List.of(8L));
        while (random.nextBoolean()) {
          shape.add((long) random.nextInt(4));
        }
        shapes.put(name, shape);
        begins.put(name, at);
        int end =
            at + (int) shape.stream().mapToLong(e -> e).reduce(BITS.get(name), (a, b) -> a * b) / 8;
        List<String> parts =
            new ArrayList<>(
                List.of(
                    " 'dtype' : '" + name + "'",
                    "'shape':" + shape,
                    "\t'data_offsets':[" + at + " ,\n" + end + "]"));
        Collections.shuffle(parts, random);
        fields.add("'t." + name + "':{" + String.join(",", parts) + "} ");
        at = end;
      }
      fields.add("'__metadata__':{'format':'pt','who':'\\u00e4\\n'}");
      Collections.shuffle(fields, random);
      write("{" + String.join(", ", fields) + "}" + " ".repeat(random.nextInt(20)), at);
      byte[] raw = Files.readAllBytes(file());
      try (SafetensorsFile read = SafetensorsFile.open(file())) {
        assertEquals(Map.of("format", "pt", "who", "ä\n"), read.metadata(), "seed " + seed);
        assertEquals(names.size(), read.tensors().size(), "seed " + seed);
        for (String name : names) {
          SafetensorsFile.Entry entry = read.tensor("t." + name).orElseThrow();
          assertEquals(name, entry.dtype().name(), "seed " + seed);
          assertEquals(BITS.get(name), entry.dtype().bits());
          assertEquals(shapes.get(name), entry.shape(), "seed " + seed);
          byte[] data = entry.data().toArray(ValueLayout.JAVA_BYTE);
          int from = raw.length - at + begins.get(name);
          assertArrayEquals(
              Arrays.copyOfRange(raw, from, from + data.length), data, "seed " + seed);
        }
      }
    }
  }

  @Test
  void shouldReadTensorsWithoutElementsOrDimensionsWhenThereAreSome() throws IOException {
    write(
        "{'none':{'dtype':'F32','shape':[0,9223372036854775807],'data_offsets':[4,4]},"
            + "'one':{'dtype':'F32','shape':[],'data_offsets':[0,4]}}",
        4);
    try (SafetensorsFile read = SafetensorsFile.open(file())) {
      assertEquals(
          List.of("one", "none"),
          read.tensors().stream().map(SafetensorsFile.Entry::name).toList());
      assertEquals(0, read.tensors().get(1).data().byteSize());
    }
    write("{}", 0);
    try (SafetensorsFile read = SafetensorsFile.open(file())) {
      assertEquals(List.of(), read.tensors());
    }
  }

  @Test
  void shouldLetTheDataBeReadOnlyAndOnlyWhileOpen() throws IOException {
    write("{'a':" + A + "}", 8);
    MemorySegment data;
    try (SafetensorsFile read = SafetensorsFile.open(file())) {
      data = read.tensors().getFirst().data();
      assertTrue(data.isReadOnly());
    }
    assertThrows(IllegalStateException.class, () -> data.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void shouldNameTensorAndValueWhenTheHeaderLies() throws IOException {
    requireRefused("{'a':" + A + "}", 7, "has 7 bytes after its header but the tensors take 8");
    requireRefused("{'a':" + A + "}", 9, "has 9 bytes after its header but the tensors take 8");
    requireRefused("{'a':" + A + ",'a':" + A + "}", 8, "Duplicate", "'a'");
    requireRefused("{'a':" + A + ",'b':" + A + "}", 8, "tensor 'b' at byte 0", "byte 8 comes next");
    requireRefused("{'a':" + A.replace("[0,8]", "[4,12]") + "}", 12, "tensor 'a' at byte 4");
    requireRefused("{'a':" + A.replace("[0,8]", "[8,0]") + "}", 8, "[8, 0] of tensor 'a'");
    requireRefused("{'a':" + A.replace("[0,8]", "[0]") + "}", 8, "[0] of tensor 'a'");
    requireRefused("{'a':" + A.replace("[0,8]", "[-8,0]") + "}", 8, "-8, which is negative");
    requireRefused("{'a':" + A.replace("[0,8]", "[0,8.0]") + "}", 8, "data_offsets of tensor 'a'");
    requireRefused("{'a':" + A.replace("8]", "9223372036854775808]") + "}", 8, "beyond 64 bits");
    requireRefused("{'a':" + A.replace("[2]", "[3]") + "}", 8, "tensor 'a'", "[3]", "8 bytes");
    requireRefused("{'a':" + A.replace("[2]", "'2'") + "}", 8, "the shape of tensor 'a'");
    requireRefused("{'a':" + A.replace("F32", "F31") + "}", 8, "'F31' in tensor 'a'");
    requireRefused("{'a':" + A.replace("'F32'", "5") + "}", 8, "the dtype of tensor 'a'");
    requireRefused("{'a':" + A.replace("shape", "form") + "}", 8, "'form' in tensor 'a'");
    requireRefused("{'a':{'dtype':'F32','shape':[2]}}", 8, "lacks", "tensor 'a'");
    requireRefused("{'a':[]}", 8, "where tensor 'a' should be");
    requireRefused(
        "{'a':{'dtype':'F4','shape':[3],'data_offsets':[0,1]}}", 1, "tensor 'a' of dtype F4");
  }

  @Test
  void shouldNotOverflowWhenAShapeIsImmense() throws IOException {
    for (String shape :
        List.of(
            "[4294967296,4294967296]",
            "[9223372036854775807,2]",
            "[2305843009213693952,2]",
            "[9223372036854775807,9223372036854775807,9223372036854775807]")) {
      requireRefused(
          "{'a':{'dtype':'F32','shape':" + shape + ",'data_offsets':[0,0]}}", 0, "tensor 'a'");
    }
    requireRefused(
        "{'a':{'dtype':'U8','shape':[1152921504606846975],'data_offsets':[0,1152921504606846975]}}",
        8,
        "tensors take 1152921504606846975");
  }

  @Test
  void shouldRefuseWhenTheHeaderIsNoJson() throws IOException {
    requireRefused(" {'a':" + A + "}", 8, "begins with byte 32");
    requireRefused("{'a':" + A, 8, "holds wrong JSON");
    requireRefused("{'a':" + A + "}}", 8, "holds wrong JSON");
    requireRefused("{'a':" + A + "}{}", 8, "where its JSON should have ended");
    requireRefused("{'a':" + A + "}\0\0", 8, "holds wrong JSON");
    requireRefused("[1,2,3]", 0, "begins with byte 91");
    requireRefused("{'__metadata__':{'k':1}}", 0, "metadata text 'k'");
    requireRefused("{'__metadata__':['k']}", 0, "the metadata");
    requireRefused("{'a':" + "{'a':".repeat(5000), 0, "'a'");
    requireRefused("{'" + "n".repeat(70_000) + "':{}}", 0, "holds wrong JSON");
    requireRefused("{'a':" + "1".repeat(5000) + "}", 0, "holds wrong JSON");
    byte[] latin = "{\"\u00e4\":{}}".getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer bytes = ByteBuffer.allocate(8 + latin.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file(), bytes.putLong(latin.length).put(latin).array());
    requireRefused("not UTF-8");
  }

  @Test
  void shouldRefuseWhenTheLengthOfTheHeaderIsImpossible() throws IOException {
    for (long length : new long[] {-1, Long.MIN_VALUE, 0, 1, 3, 100_000_001, Integer.MAX_VALUE}) {
      ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
      Files.write(file(), bytes.putLong(length).put((byte) '{').put((byte) '}').array());
      requireRefused(Long.toUnsignedString(length) + " bytes as the length of its header");
    }
    Files.write(file(), new byte[7]);
    requireRefused("has 7 bytes");
    Files.write(file(), new byte[0]);
    requireRefused("has 0 bytes");
  }

  @Test
  void shouldSayWhatIsThereWhenItIsNoFile() throws IOException {
    requireRefused("does not exist");
    Files.createDirectory(file());
    requireRefused("is no ordinary file");
  }

  @Test
  void shouldReadBackPartsOfSeveralSegmentsWhenWritten() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0, 1, 2, 3, 4);
      MemorySegment two = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 5, 6);
      Safetensors.write(
          file(),
          List.of(
              new Safetensors.Part(new Safetensors.Tensor("b", List.of(1, 2)), two, 0),
              new Safetensors.Part("a", List.of(3L), one, 8)),
          Map.of());
      try (SafetensorsFile read = SafetensorsFile.open(file())) {
        assertArrayEquals(
            new float[] {5, 6}, read.tensors().get(0).data().toArray(ValueLayout.JAVA_FLOAT));
        assertArrayEquals(
            new float[] {2, 3, 4}, read.tensors().get(1).data().toArray(ValueLayout.JAVA_FLOAT));
      }
      assertThrows(
          IllegalArgumentException.class, () -> new Safetensors.Part("a", List.of(3L), two, 0));
      assertThrows(
          IllegalArgumentException.class, () -> new Safetensors.Part("a", List.of(1L), two, -4));
      assertThrows(
          IllegalArgumentException.class,
          () -> new Safetensors.Part("a", List.of(1L), MemorySegment.ofArray(new float[4]), 0));
      assertThrows(
          IllegalArgumentException.class,
          () ->
              Safetensors.write(
                  file(), List.of(new Safetensors.Part("a\ud800", List.of(1L), two, 0)), Map.of()));
    }
  }
}

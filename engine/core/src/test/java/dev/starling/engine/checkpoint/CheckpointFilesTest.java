package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFilesTest {
  private static final int ROUNDS = 200;

  @TempDir Path directory;

  private static CheckpointManifest.RankFile write(Path file, RandomState state) {
    return CheckpointFiles.write(
        file, state.description(), state.tensors(), state.parameters(), state.states());
  }

  private static byte[] bytes(MemorySegment segment, long count) {
    return segment.asSlice(0, count * Float.BYTES).toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void shouldReadBackWhatWasWrittenWhenTheStateIsRandom() {
    for (int round = 0; round < ROUNDS; round++) {
      long seed = System.nanoTime();
      String told = "seed " + seed;
      Path file = directory.resolve("rank-3.1.safetensors");
      try (Arena arena = Arena.ofConfined()) {
        RandomState state = RandomState.of(new SplittableRandom(seed), arena, 3);
        long count = state.description().parameterCount();
        CheckpointManifest.RankFile written = write(file, state);
        assertEquals(written, CheckpointFiles.describe(file), told);
        try (CheckpointFile read = CheckpointFiles.read(file)) {
          assertEquals(state.description(), read.description(), told);
          assertEquals(List.of(), read.damage(), told);
          read.requireWhole();
          assertArrayEquals(
              bytes(state.parameters(), count), bytes(read.parameters(), count), told);
          assertEquals(
              state.states().stream().map(StateVector::name).toList(),
              read.states().stream().map(StateVector::name).toList(),
              told);
          for (int i = 0; i < state.states().size(); i++) {
            assertArrayEquals(
                bytes(state.states().get(i).segment(), count),
                read.states().get(i).segment().toArray(ValueLayout.JAVA_BYTE),
                told);
          }
          stripesMatch(state, read, told);
        }
      }
    }
  }

  private static void stripesMatch(RandomState state, CheckpointFile read, String told) {
    long at = 0;
    for (int stripe = 0; stripe < state.description().stripeParameters().size(); stripe++) {
      MemorySegment part = read.stripe(stripe);
      long lengthBytes = state.description().stripeParameters().get(stripe) * Float.BYTES;
      assertEquals(lengthBytes, part.byteSize(), told);
      assertEquals(
          -1,
          MemorySegment.mismatch(part, 0, lengthBytes, state.parameters(), at, at + lengthBytes));
      at += lengthBytes;
    }
  }

  @Test
  void shouldBeReadableByAnotherReaderWhenWritten() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      long seed = System.nanoTime();
      String told = "seed " + seed;
      Path file = directory.resolve("rank-3.1.safetensors");
      try (Arena arena = Arena.ofConfined()) {
        RandomState state = RandomState.of(new SplittableRandom(seed), arena, 3);
        long count = state.description().parameterCount();
        write(file, state);
        ReferenceReader.Content content = ReferenceReader.read(Files.readAllBytes(file));
        assertEquals("3", content.metadata().get("starling.rank"), told);
        assertEquals("", content.metadata().get("config.ü"), told);
        long at = 0;
        for (Safetensors.Tensor tensor : state.tensors()) {
          ReferenceReader.Tensor read = content.tensors().get(tensor.name());
          assertEquals("F32", read.dtype(), told);
          assertEquals(
              tensor.shape().stream().map(Integer::longValue).toList(), read.shape(), told);
          MemorySegment wanted = state.parameters().asSlice(at, tensor.elements() * Float.BYTES);
          assertArrayEquals(wanted.toArray(ValueLayout.JAVA_BYTE), read.data(), told);
          at += read.data().length;
        }
        if (state.tensors().isEmpty()) {
          assertArrayEquals(
              bytes(state.parameters(), count), content.tensors().get("parameters").data(), told);
        }
        for (StateVector vector : state.states()) {
          ReferenceReader.Tensor read = content.tensors().get("optimizer." + vector.name());
          assertEquals(List.of(count), read.shape(), told);
          assertArrayEquals(bytes(vector.segment(), count), read.data(), told);
        }
      }
    }
  }

  @Test
  void shouldRefuseWhenTheLengthsDoNotAgree() {
    Path file = directory.resolve("rank-0.1.safetensors");
    RankCheckpoint four =
        new RankCheckpoint("j", 0, 1, 0, 0, List.of(1L, 2L), List.of(3L, 1L), 0, Map.of());
    List<Safetensors.Tensor> three = List.of(new Safetensors.Tensor("w", List.of(3)));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment right = arena.allocate(16);
      MemorySegment small = arena.allocate(12);
      List<StateVector> state = List.of(new StateVector("momentum", small));
      assertThrows(
          IllegalArgumentException.class,
          () -> CheckpointFiles.write(file, four, List.of(), small, List.of()));
      assertThrows(
          IllegalArgumentException.class,
          () -> CheckpointFiles.write(file, four, List.of(), right, state));
      assertThrows(
          IllegalArgumentException.class,
          () -> CheckpointFiles.write(file, four, three, right, List.of()));
    }
    assertFalse(Files.exists(file));
  }

  @Test
  void shouldSayThatItIsNoCheckpointWhenItIsAnotherSafetensorsFile() {
    Path file = directory.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Safetensors.write(
          file,
          List.of(new Safetensors.Tensor("w", List.of(4))),
          arena.allocate(16),
          Map.of("a", "b"));
    }
    StarlingException told =
        assertThrows(StarlingException.class, () -> CheckpointFiles.read(file));
    assertTrue(told.getMessage().contains(file + " is no checkpoint"), told.getMessage());
  }
}

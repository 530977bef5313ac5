package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.engine.checkpoint.CheckpointSets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** What a recorded run left in its directory, and what {@code starling verify} says of it. */
public final class RecordedFiles {
  private RecordedFiles() {}

  /** Verifies a run that must be proven. */
  public static JsonNode requireProven(Path run) {
    CommandRun verify = CommandRun.of("verify", run.toString(), "--json").requireOk();
    JsonNode json = verify.json();
    assertTrue(json.get("ok").asBoolean(), verify.out());
    assertTrue(json.get("firstDifference").isNull(), verify.out());
    return json;
  }

  /** Verifies a run that must not be proven, in one sentence. */
  public static JsonNode requireUnproven(Path run, String part) {
    CommandRun verify = CommandRun.of("verify", run.toString(), "--json");
    assertEquals(ExitCodes.FAILURE, verify.exitCode(), verify.out() + verify.err());
    assertEquals(1, verify.err().lines().count(), verify.err());
    assertFalse(verify.err().contains("fault of starling"), verify.err());
    JsonNode json = verify.json();
    assertFalse(json.get("ok").asBoolean(), verify.out());
    assertTrue(json.get("firstDifference").asText().contains(part), part + " in " + verify.out());
    assertTrue(verify.err().contains(part), part + " in " + verify.err());
    return json;
  }

  /** The newest complete checkpoint set. */
  public static long newestSet(Path run) {
    return CheckpointSets.of(run).newestComplete().orElse(-1);
  }

  /** Files below a directory whose names end so, sorted. */
  public static List<Path> files(Path directory, String ending) {
    try (Stream<Path> walk = Files.walk(directory)) {
      return walk.filter(path -> path.toString().endsWith(ending)).sorted().toList();
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }

  /** Flips the lowest bit of one byte. */
  public static void flip(Path file, long offset) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      assertEquals(1, channel.read(one, offset), () -> "offset " + offset + " of " + file);
      one.put(0, (byte) (one.get(0) ^ 1)).rewind();
      channel.write(one, offset);
    }
  }
}

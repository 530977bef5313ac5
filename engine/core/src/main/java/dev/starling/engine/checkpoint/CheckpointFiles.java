package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.Crc32c;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Writes and reads the checkpoint files of single ranks: safetensors files that any other tool
 * reads, with a checksum for everything in them.
 *
 * <p>Any thread may write or read; two must not write the same file.
 */
public final class CheckpointFiles {
  /** What the names of optimizer vectors begin with in a file. */
  static final String STATE = "optimizer.";

  private static final String ALL = "parameters";
  private static final String ZEROS = "00000000";
  private static final byte[] SUM_BEGIN =
      ("\"" + CheckpointMetadata.HEADER_SUM + "\":\"").getBytes(StandardCharsets.US_ASCII);

  private CheckpointFiles() {}

  /**
   * Writes the state of one rank: under a temporary name beside it, synchronised, then renamed over
   * what may be there. On failure the temporary file is removed. Nothing is copied; the memory must
   * not change meanwhile.
   *
   * @param file where
   * @param description whose state it is, and of when
   * @param tensors the tensors in the order in which they lie in the parameters, without gaps;
   *     empty when only the vector as a whole is known
   * @param parameters all parameters, float32, off the heap
   * @param states what the optimizer remembers
   * @return what a manifest says about the file
   * @throws IllegalArgumentException when tensors, parameters or states are not as long as the
   *     model of the description, or a name occurs twice
   * @throws StarlingException when the file cannot be written
   */
  public static CheckpointManifest.RankFile write(
      Path file,
      RankCheckpoint description,
      List<Safetensors.Tensor> tensors,
      MemorySegment parameters,
      List<StateVector> states) {
    long count = description.parameterCount();
    requireLength(ALL, parameters, count);
    List<Safetensors.Part> parts = new ArrayList<>(parameterParts(tensors, parameters, count));
    int parameterTensors = parts.size();
    List<Integer> stateSums = new ArrayList<>();
    for (StateVector state : states) {
      requireLength(STATE + state.name(), state.segment(), count);
      parts.add(new Safetensors.Part(STATE + state.name(), List.of(count), state.segment(), 0));
      stateSums.add(Crc32c.of(state.segment(), 0, count * Float.BYTES));
    }
    List<Integer> stripeSums = stripeSums(parameters, description.stripeParameters());
    CheckpointMetadata metadata =
        new CheckpointMetadata(description, parameterTensors, stripeSums, stateSums);
    DurableFile.Sum sum =
        Safetensors.write(file, "the checkpoint", header(parts, metadata.toText()), parts);
    return rankFile(file, description, sum);
  }

  private static void requireLength(String name, MemorySegment segment, long count) {
    if (segment.byteSize() < count * Float.BYTES) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' has "
              + segment.byteSize()
              + " bytes but the model has "
              + count
              + " parameters: pass the whole vector");
    }
  }

  private static List<Safetensors.Part> parameterParts(
      List<Safetensors.Tensor> tensors, MemorySegment parameters, long count) {
    if (tensors.isEmpty()) {
      return List.of(new Safetensors.Part(ALL, List.of(count), parameters, 0));
    }
    long elements = tensors.stream().mapToLong(Safetensors.Tensor::elements).sum();
    if (elements != count) {
      throw new IllegalArgumentException(
          "the tensors have "
              + elements
              + " elements but the stripes "
              + count
              + ": describe the same model with both");
    }
    return Safetensors.parts(tensors, parameters);
  }

  private static List<Integer> stripeSums(MemorySegment parameters, List<Long> lengths) {
    List<Integer> sums = new ArrayList<>();
    long offsetBytes = 0;
    for (long length : lengths) {
      sums.add(Crc32c.of(parameters, offsetBytes, length * Float.BYTES));
      offsetBytes += length * Float.BYTES;
    }
    return sums;
  }

  /** Makes a header that holds its own checksum, computed with zeros in the checksum's place. */
  private static ByteBuffer header(List<Safetensors.Part> parts, Map<String, String> metadata) {
    metadata.put(CheckpointMetadata.HEADER_SUM, ZEROS);
    ByteBuffer zeros = Safetensors.header(parts, metadata);
    CRC32C crc = new CRC32C();
    crc.update(zeros.position(Long.BYTES));
    metadata.put(CheckpointMetadata.HEADER_SUM, CheckpointMetadata.hex((int) crc.getValue()));
    return Safetensors.header(parts, metadata);
  }

  /**
   * Opens a checkpoint file and checks its header. The values are checked by {@link
   * CheckpointFile#requireWhole()}.
   *
   * @param file the file
   * @return the file, to be closed by the caller
   * @throws StarlingException when it cannot be read, is no checkpoint or its header is damaged
   */
  public static CheckpointFile read(Path file) {
    SafetensorsFile opened = SafetensorsFile.open(file);
    try {
      requireHeaderSum(opened);
      return new CheckpointFile(opened);
    } catch (Throwable failure) {
      opened.close();
      throw failure;
    }
  }

  /** Checks the bytes themselves: two different ones may mean the same JSON. */
  private static void requireHeaderSum(SafetensorsFile file) {
    String stored = file.metadata().get(CheckpointMetadata.HEADER_SUM);
    if (stored == null) {
      throw new StarlingException(
          "safetensors file "
              + file.path()
              + " is no checkpoint of a rank: it has no metadata text '"
              + CheckpointMetadata.HEADER_SUM
              + "'; give a file of a checkpoint set");
    }
    ByteBuffer header = file.header().asByteBuffer();
    int digits = find(header);
    if (digits < 0 || !stored.matches("[0-9a-f]{8}")) {
      throw CheckpointFile.damaged(
          file.path(), "has a header with the checksum '" + JsonInput.shown(stored) + "'");
    }
    CRC32C crc = new CRC32C();
    crc.update(header.slice(0, digits));
    crc.update(ZEROS.getBytes(StandardCharsets.US_ASCII));
    int after = digits + ZEROS.length();
    crc.update(header.slice(after, header.limit() - after));
    if ((int) crc.getValue() != HexFormat.fromHexDigits(stored)) {
      throw CheckpointFile.damaged(
          file.path(),
          "has a header with checksum %s where its content gives %08x"
              .formatted(stored, (int) crc.getValue()));
    }
  }

  /** Finds the checksum's digits. Within a text the quotes would be escaped, so that none match. */
  private static int find(ByteBuffer header) {
    ByteBuffer wanted = ByteBuffer.wrap(SUM_BEGIN);
    int last = header.limit() - SUM_BEGIN.length - ZEROS.length();
    for (int at = 0; at <= last; at++) {
      if (header.get(at) == '"' && header.slice(at, SUM_BEGIN.length).equals(wanted)) {
        return at + SUM_BEGIN.length;
      }
    }
    return -1;
  }

  /**
   * Reads a whole checkpoint file that another process may have written.
   *
   * @param file the file
   * @return what a manifest says about it
   * @throws StarlingException when it cannot be read or any of its checksums is wrong
   */
  public static CheckpointManifest.RankFile describe(Path file) {
    try (CheckpointFile read = read(file)) {
      DurableFile.Sum sum = DurableFile.sum(file);
      read.requireWhole();
      return rankFile(file, read.description(), sum);
    } catch (IOException failure) {
      throw new StarlingException(
          "checkpoint "
              + file
              + " could not be read ("
              + failure
              + "): make it readable for this user, or take another set",
          failure);
    }
  }

  private static CheckpointManifest.RankFile rankFile(
      Path file, RankCheckpoint description, DurableFile.Sum sum) {
    return new CheckpointManifest.RankFile(
        description.rank(),
        description.incarnation(),
        file.getFileName().toString(),
        sum.lengthBytes(),
        sum.crc32c(),
        description.optimizerStep(),
        description.versions());
  }
}

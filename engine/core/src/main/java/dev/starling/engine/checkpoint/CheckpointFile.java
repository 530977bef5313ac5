package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.Crc32c;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * A checkpoint file, mapped read-only. Its header has been checked, also against its checksum; the
 * values are checked by {@link #damage()} or {@link #requireWhole()}.
 *
 * <p>Any thread may read, until the one that opened it closes it, after the last reader.
 */
public final class CheckpointFile implements AutoCloseable {
  private static final String CURE = "it is damaged, take another copy of it or another set";

  private final SafetensorsFile file;
  private final RankCheckpoint description;
  private final List<SafetensorsFile.Entry> tensors;
  private final MemorySegment parameters;
  private final List<StateVector> states;
  private final CheckpointMetadata metadata;

  /**
   * Checks that description and tensors agree.
   *
   * @param file the file; it stays the caller's when this fails
   * @throws StarlingException when they do not agree
   */
  CheckpointFile(SafetensorsFile file) {
    this.file = file;
    metadata = CheckpointMetadata.of(file);
    description = metadata.description();
    List<SafetensorsFile.Entry> all = file.tensors();
    int count = metadata.parameterTensors();
    if (count < 1 || count > all.size()) {
      throw wrong("names " + count + " of its " + all.size() + " tensors as parameters");
    }
    all.forEach(this::requireFloats);
    tensors = all.subList(0, count);
    long lengthBytes = description.parameterCount() * Float.BYTES;
    long foundBytes = tensors.stream().mapToLong(entry -> entry.data().byteSize()).sum();
    if (foundBytes != lengthBytes) {
      throw wrong(
          "has stripes of " + lengthBytes + " bytes but parameters of " + foundBytes + " bytes");
    }
    parameters = file.data().asSlice(0, lengthBytes);
    states = all.subList(count, all.size()).stream().map(this::state).toList();
    requireSums("stripes", description.stripeParameters().size(), metadata.stripeSums());
    requireSums("optimizer vectors", states.size(), metadata.stateSums());
  }

  private void requireFloats(SafetensorsFile.Entry entry) {
    if (entry.dtype() != Dtype.F32) {
      throw wrong(
          "has tensor '%s' of dtype %s where F32 should be"
              .formatted(JsonInput.shown(entry.name()), entry.dtype()));
    }
  }

  private StateVector state(SafetensorsFile.Entry entry) {
    if (!entry.name().startsWith(CheckpointFiles.STATE)
        || !entry.shape().equals(List.of(description.parameterCount()))) {
      throw wrong(
          "has tensor '%s' of shape %s where a vector '%s...' of %d elements should be"
              .formatted(
                  JsonInput.shown(entry.name()),
                  JsonInput.shown(entry.shape().toString()),
                  CheckpointFiles.STATE,
                  description.parameterCount()));
    }
    return new StateVector(entry.name().substring(CheckpointFiles.STATE.length()), entry.data());
  }

  private void requireSums(String what, int wanted, List<Integer> sums) {
    if (sums.size() != wanted) {
      throw wrong("has " + wanted + " " + what + " but checksums of " + sums.size());
    }
  }

  private StarlingException wrong(String what) {
    return damaged(file.path(), what);
  }

  /** Makes a failure about a file whose content is wrong. */
  static StarlingException damaged(Path file, String what) {
    return new StarlingException("checkpoint " + file + " " + what + ": " + CURE);
  }

  /**
   * Returns the path it was opened under.
   *
   * @return the path
   */
  public Path path() {
    return file.path();
  }

  /**
   * Returns what the file says about itself.
   *
   * @return whose state it is, and of when
   */
  public RankCheckpoint description() {
    return description;
  }

  /**
   * Returns the parameters tensor by tensor, without those of the optimizer.
   *
   * @return in the order in which they lie in {@link #parameters()}
   */
  public List<SafetensorsFile.Entry> tensors() {
    return tensors;
  }

  /**
   * Returns all parameters.
   *
   * @return float32, read-only, not to be used after {@link #close()}
   */
  public MemorySegment parameters() {
    return parameters;
  }

  /**
   * Returns the parameters of one stripe.
   *
   * @param stripe the stripe
   * @return float32, read-only, not to be used after {@link #close()}
   */
  public MemorySegment stripe(int stripe) {
    List<Long> lengths = description.stripeParameters();
    long start = lengths.subList(0, stripe).stream().mapToLong(Long::longValue).sum();
    return parameters.asSlice(start * Float.BYTES, lengths.get(stripe) * Float.BYTES);
  }

  /**
   * Returns what the optimizer remembered.
   *
   * @return its vectors in the order in which they were written; read-only, not to be used after
   *     {@link #close()}
   */
  public List<StateVector> states() {
    return states;
  }

  /**
   * Compares all values with their checksums; reads the whole file.
   *
   * @return one sentence for each stripe and each vector that differs, empty when all is well
   */
  public List<String> damage() {
    return damage(bytes -> {});
  }

  private List<String> damage(LongConsumer readBytes) {
    List<String> found = new ArrayList<>();
    for (int stripe = 0; stripe < description.stripeParameters().size(); stripe++) {
      MemorySegment data = stripe(stripe);
      compare(found, "stripe " + stripe, data, metadata.stripeSums().get(stripe));
      readBytes.accept(data.byteSize());
    }
    for (int i = 0; i < states.size(); i++) {
      StateVector state = states.get(i);
      String what = "optimizer vector '" + JsonInput.shown(state.name()) + "'";
      compare(found, what, state.segment(), metadata.stateSums().get(i));
      readBytes.accept(state.segment().byteSize());
    }
    return found;
  }

  private void compare(List<String> found, String what, MemorySegment data, int wanted) {
    int computed = Crc32c.of(data, 0, data.byteSize());
    if (computed != wanted) {
      found.add(
          wrong(
                  "has %s with checksum %08x where its content gives %08x"
                      .formatted(what, wanted, computed))
              .getMessage());
    }
  }

  /**
   * Compares all values with their checksums; reads the whole file.
   *
   * @throws StarlingException when any differs; the message names the first one
   */
  public void requireWhole() {
    requireWhole(bytes -> {});
  }

  /**
   * Compares all values with their checksums, as {@link #requireWhole()} does, and tells how far it
   * is.
   *
   * @param readBytes is given the bytes of each stripe and vector after it was read
   * @throws StarlingException when any differs; the message names the first one
   */
  public void requireWhole(LongConsumer readBytes) {
    List<String> found = damage(readBytes);
    if (!found.isEmpty()) {
      throw new StarlingException(found.getFirst());
    }
  }

  /** Unmaps the file; later accesses fail. Closing twice does nothing. */
  @Override
  public void close() {
    file.close();
  }
}

package dev.starling.cli.checkpoint;

import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.RankCheckpoint;
import dev.starling.engine.checkpoint.Safetensors;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Writes a model, without an optimizer's state, as a file that other programs open. */
final class ModelFile {
  private ModelFile() {}

  /**
   * Writes the tensors of a checkpoint with other values.
   *
   * @param out where
   * @param names a checkpoint of the same model
   * @param parameters the values, float32, off the heap
   * @param facts what a reader may want to know
   */
  static void write(
      Path out, CheckpointFile names, MemorySegment parameters, Map<String, String> facts) {
    long[] offset = {0};
    List<Safetensors.Part> parts =
        names.tensors().stream()
            .map(
                tensor -> {
                  long begin = offset[0];
                  offset[0] += tensor.data().byteSize();
                  return new Safetensors.Part(tensor.name(), tensor.shape(), parameters, begin);
                })
            .toList();
    Safetensors.write(out, parts, facts);
  }

  /**
   * Says where a model comes from.
   *
   * @param source a checkpoint that it was made of
   * @param what how
   * @return text by name
   */
  static Map<String, String> facts(CheckpointFile source, String what) {
    RankCheckpoint description = source.description();
    Map<String, String> facts = new HashMap<>(description.config());
    facts.put("starling.job", description.job());
    facts.put("starling.set", Long.toString(description.set()));
    facts.put("starling.model", what);
    return facts;
  }
}

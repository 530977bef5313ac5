package dev.starling.engine.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The state of a rank, of random shape and content. */
record RandomState(
    RankCheckpoint description,
    List<Safetensors.Tensor> tensors,
    MemorySegment parameters,
    List<StateVector> states) {

  static RandomState of(SplittableRandom random, Arena arena, int rank) {
    List<Safetensors.Tensor> tensors = new ArrayList<>();
    long count = 0;
    int named = random.nextInt(6);
    for (int i = 0; i < named || (named > 0 && count == 0); i++) {
      List<Integer> shape = new ArrayList<>();
      for (int dimension = random.nextInt(4); dimension > 0; dimension--) {
        shape.add(random.nextInt(10) == 0 ? 0 : random.nextInt(1, 9));
      }
      Safetensors.Tensor tensor = new Safetensors.Tensor("layer" + i + ".\"ä\\\n", shape);
      tensors.add(tensor);
      count += tensor.elements();
    }
    count = named == 0 ? random.nextInt(1, 500) : count;
    List<StateVector> states = new ArrayList<>();
    for (String name :
        List.of("momentum", "second moment, of Adam").subList(0, random.nextInt(3))) {
      states.add(new StateVector(name, values(random, arena, count)));
    }
    RankCheckpoint description = description(random, rank, count);
    return new RandomState(description, tensors, values(random, arena, count), states);
  }

  private static RankCheckpoint description(SplittableRandom random, int rank, long count) {
    List<Long> stripes = new ArrayList<>();
    List<Long> versions = new ArrayList<>();
    for (long left = count; left > 0; left -= stripes.getLast()) {
      stripes.add(stripes.size() == 5 ? left : random.nextLong(1, left + 1));
      versions.add(random.nextLong(Long.MAX_VALUE));
    }
    return new RankCheckpoint(
        "job-7",
        rank,
        random.nextInt(1, 5),
        random.nextInt(1_000_000),
        random.nextLong(Long.MAX_VALUE),
        versions,
        stripes,
        random.nextLong(Long.MAX_VALUE),
        Map.of("lr", "0.1", "note", "\"starling.header_crc32c\":\"00000000\"", "ü", ""));
  }

  private static MemorySegment values(SplittableRandom random, Arena arena, long count) {
    // Some more than needed, as in a padded buffer.
    MemorySegment values = arena.allocate(count * Float.BYTES + random.nextInt(64), 64);
    for (long i = 0; i < count; i++) {
      values.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt());
    }
    return values;
  }

  RandomState inSet(long set) {
    RankCheckpoint d = description;
    RankCheckpoint moved =
        new RankCheckpoint(
            d.job(),
            d.rank(),
            d.incarnation(),
            set,
            d.optimizerStep(),
            d.versions(),
            d.stripeParameters(),
            d.timeNs(),
            d.config());
    return new RandomState(moved, tensors, parameters, states);
  }
}

package dev.starling.cuda.kernel;

import dev.starling.engine.ConfigurationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What a person can set for the kernels.
 *
 * @param placement {@code placement}: {@code mapped} or {@code staged}; empty for {@code auto}, the
 *     default, which measures
 * @param devices {@code devices}: numbers of the driver separated by commas, each once; the worker
 *     with local rank {@code r} takes the one at {@code r mod n}; all by default
 */
record CudaSettings(Optional<PlacementKind> placement, List<Integer> devices) {
  private static final String PLACEMENT = "placement";
  private static final String AUTO = "auto";
  private static final String DEVICES = "devices";
  private static final Set<String> NAMES = new TreeSet<>(Set.of(PLACEMENT, DEVICES));

  /**
   * Reads the settings.
   *
   * @param settings by name
   * @param present devices that the driver shows
   * @throws ConfigurationException if one is unknown or out of range
   */
  static CudaSettings of(Map<String, String> settings, int present) {
    for (String name : settings.keySet()) {
      if (!NAMES.contains(name)) {
        throw new ConfigurationException(
            "the CUDA kernels have no setting '%s': choose from %s".formatted(name, NAMES));
      }
    }
    return new CudaSettings(
        placementOf(settings.getOrDefault(PLACEMENT, AUTO)),
        settings.containsKey(DEVICES)
            ? devicesOf(settings.get(DEVICES), present)
            : IntStream.range(0, present).boxed().toList());
  }

  private static Optional<PlacementKind> placementOf(String word) {
    if (word.equals(AUTO)) {
      return Optional.empty();
    }
    return Optional.of(
        Arrays.stream(PlacementKind.values())
            .filter(kind -> kind.word().equals(word))
            .findFirst()
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        "%s=%s is unknown: choose auto, mapped or staged"
                            .formatted(PLACEMENT, word))));
  }

  private static List<Integer> devicesOf(String list, int present) {
    List<Integer> devices = new ArrayList<>();
    for (String word : list.split(",", -1)) {
      devices.add(
          (int) ConfigurationException.requireRange(DEVICES, number(list, word), 0, present - 1));
    }
    if (new HashSet<>(devices).size() < devices.size()) {
      throw new ConfigurationException(
          "%s=%s names a device twice: name each once".formatted(DEVICES, list));
    }
    return List.copyOf(devices);
  }

  private static int number(String list, String word) {
    try {
      return Integer.parseInt(word.strip());
    } catch (NumberFormatException notNumber) {
      throw new ConfigurationException(
          "%s=%s is not a list of device numbers: give for example 0,1".formatted(DEVICES, list));
    }
  }
}

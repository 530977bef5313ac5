package dev.starling.cuda.kernel;

import static dev.starling.cuda.DeviceSettings.PLACEMENT;

import dev.starling.cuda.DeviceSettings;
import dev.starling.engine.ConfigurationException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a person can set for the kernels.
 *
 * @param placement {@code placement}: {@code mapped} or {@code staged}; empty for {@code auto}, the
 *     default, which measures
 * @param devices {@code devices}: numbers of the driver separated by colons or commas, each once;
 *     the worker with local rank {@code r} takes the one at {@code r mod n}; all by default
 */
record CudaSettings(Optional<PlacementKind> placement, List<Integer> devices) {
  private static final String AUTO = "auto";

  /**
   * Reads the settings.
   *
   * @param settings by name
   * @param present devices that the driver shows
   * @throws ConfigurationException if one is unknown or out of range
   */
  static CudaSettings of(Map<String, String> settings, int present) {
    DeviceSettings.requireKnown(settings);
    return new CudaSettings(
        placementOf(settings.getOrDefault(PLACEMENT, AUTO)),
        DeviceSettings.devices(settings, present));
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
}

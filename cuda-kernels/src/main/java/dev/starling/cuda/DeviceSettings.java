package dev.starling.cuda;

import dev.starling.engine.ConfigurationException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What a person can set for CUDA, by name. The kernels and the passes are given the same settings:
 * each knows the names of both, reads its own and leaves the others alone.
 */
public final class DeviceSettings {
  /**
   * The devices to use: numbers of the driver separated by colons or commas, each once; all by
   * default. The worker with local rank {@code r} takes the one at {@code r mod n}. A command line
   * that separates settings by commas has the colons.
   */
  public static final String DEVICES = "devices";

  /** How kernels reach memory of the host. */
  public static final String PLACEMENT = "placement";

  /** Who computes the matrix products of passes. */
  public static final String MATRIX = "matrix";

  private static final Set<String> NAMES = new TreeSet<>(Set.of(DEVICES, PLACEMENT, MATRIX));

  private DeviceSettings() {}

  /**
   * Refuses settings that nobody reads.
   *
   * @param settings by name
   * @throws ConfigurationException if one is unknown
   */
  public static void requireKnown(Map<String, String> settings) {
    for (String name : settings.keySet()) {
      if (!NAMES.contains(name)) {
        throw new ConfigurationException(
            "CUDA has no setting '%s': choose from %s".formatted(name, NAMES));
      }
    }
  }

  /**
   * Reads the devices to use.
   *
   * @param settings by name
   * @param present devices that the driver shows
   * @return at least one
   * @throws ConfigurationException if the list is malformed or names a device that is not there
   */
  public static List<Integer> devices(Map<String, String> settings, int present) {
    String list = settings.get(DEVICES);
    if (list == null) {
      return IntStream.range(0, present).boxed().toList();
    }
    List<Integer> devices = new ArrayList<>();
    for (String word : list.split("[:,]", -1)) {
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
          "%s=%s is not a list of device numbers: give for example 0:1".formatted(DEVICES, list));
    }
  }
}

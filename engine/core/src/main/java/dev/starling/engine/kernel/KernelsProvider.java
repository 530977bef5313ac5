package dev.starling.engine.kernel;

import java.util.Map;
import java.util.Optional;

/**
 * Brings another executor of the maths, such as a GPU, to the engine. Found by {@link
 * java.util.ServiceLoader}; the engine never names a provider and computes on the CPU when there is
 * none that can be used.
 *
 * <p>Called from the thread that starts the engine. Constructing a provider is cheap and touches no
 * device.
 */
public interface KernelsProvider {

  /**
   * The name a person uses to choose this provider.
   *
   * @return a short lower-case word, for example {@code "cuda"}
   */
  String name();

  /**
   * Looks whether the provider can work here. Never throws for a missing device or library.
   *
   * @return empty if {@link #open} can be called, else one sentence that says why not
   */
  Optional<String> unavailableReason();

  /**
   * Takes the devices of this process, one per worker while there are enough: the worker with local
   * rank {@code r} computes on device {@code r mod n} of {@code n}.
   *
   * @param settings what a person has set, by name; empty for the defaults
   * @return opens the kernels of each worker, by its rank among the workers of this host
   * @throws dev.starling.engine.StarlingException if no device can be used, with the reason
   * @throws dev.starling.engine.ConfigurationException if a setting is unknown or out of range
   */
  KernelsFactory open(Map<String, String> settings);
}

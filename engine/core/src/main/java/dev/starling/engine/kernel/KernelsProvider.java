package dev.starling.engine.kernel;

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
   * Takes the device and makes it ready.
   *
   * @return kernels that the caller closes
   * @throws dev.starling.engine.StarlingException if the device cannot be used, with the reason
   */
  Kernels open();
}

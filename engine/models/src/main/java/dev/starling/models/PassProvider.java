package dev.starling.models;

import java.util.Map;
import java.util.Optional;

/**
 * Brings another executor of forward and backward, such as a GPU. Found by {@link
 * java.util.ServiceLoader}; this module names no provider, and whoever finds none that can be used
 * takes {@link PassFactory#CPU}.
 *
 * <p>Called from the thread that sets a run up. Constructing a provider is cheap and touches no
 * device.
 */
public interface PassProvider {

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
   * Makes the factory of this process's workspaces.
   *
   * @param settings what a person has set, by name; empty for the defaults
   * @return the factory, which needs no closing
   * @throws RuntimeException if no device can be used or a setting is unknown or out of range, with
   *     one sentence that says so
   */
  PassFactory open(Map<String, String> settings);
}

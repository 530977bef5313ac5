package dev.starling.engine.fabric;

import java.util.Optional;

/**
 * A fabric that a module on the class path offers, found by {@link java.util.ServiceLoader}. The
 * engine itself offers shared memory and names no other.
 */
public interface FabricProvider {
  /**
   * Returns the fabric's name.
   *
   * @return for instance {@code verbs}
   */
  String name();

  /**
   * Says why the fabric cannot be used on this machine.
   *
   * @return one sentence, or empty when it can be opened
   */
  Optional<String> unavailableReason();

  /**
   * Opens the fabric for one rank.
   *
   * @param settings what it is opened with
   * @return the fabric, owned by the caller
   * @throws dev.starling.engine.StarlingException when {@link #unavailableReason} is present, or an
   *     option asks for what is not there
   */
  Fabric open(FabricSettings settings);
}

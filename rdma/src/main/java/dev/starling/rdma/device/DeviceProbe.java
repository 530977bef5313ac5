package dev.starling.rdma.device;

import dev.starling.jextract.verbs.Ibverbs;
import java.util.Optional;

/** Asks a device itself what sysfs does not list of it. */
@FunctionalInterface
public interface DeviceProbe {
  /** Opens the device with libibverbs, asks, and closes it. */
  DeviceProbe VERBS = new VerbsProbe();

  /**
   * Finds out whether lock words can be changed through a device.
   *
   * @param device its name
   * @return empty if its atomics can be used; otherwise a clause with the device as its subject
   *     left out, for instance {@code reports ATOMIC_NONE}
   */
  Optional<String> refusal(String device);

  /**
   * Says why no device can be asked.
   *
   * @return a clause with the cure, such as that a library is missing; empty if devices can be
   *     asked
   */
  default Optional<String> unavailableReason() {
    return Optional.empty();
  }

  /**
   * Says why libibverbs cannot be called.
   *
   * @return a clause without full stop, with the cure; empty if it is loaded
   */
  static Optional<String> libraryMissing() {
    return Ibverbs.isAvailable()
        ? Optional.empty()
        : Optional.of(Ibverbs.unavailableReason().replaceFirst("\\.$", ""));
  }
}

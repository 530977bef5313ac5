package dev.starling.rdma.device;

import java.util.Optional;

/** Asks a device itself what sysfs does not list of it. */
@FunctionalInterface
public interface DeviceProbe {
  /**
   * Finds out whether lock words can be changed through a device.
   *
   * @param device its name
   * @return empty if its atomics can be used; otherwise a clause with the device as its subject
   *     left out, for instance {@code reports ATOMIC_NONE}
   */
  Optional<String> refusal(String device);
}

package dev.starling.engine.rendezvous;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Tells which processes can share memory: those of one running kernel (its boot id) that see the
 * same /dev/shm (its device number) as the same user. The machine id is no part of it: containers
 * of one host have different ones and may still share /dev/shm, and cloned machines have the same.
 */
final class HostIdentity {
  private HostIdentity() {}

  /** {@return text that is equal for processes that can share memory} */
  static String local() {
    return of(
        Path.of("/proc/sys/kernel/random/boot_id"), Path.of("/dev/shm"), Path.of("/proc/self"));
  }

  static String of(Path bootId, Path sharedMemory, Path own) {
    try {
      return Files.readString(bootId).strip()
          + "/"
          + Files.getAttribute(sharedMemory, "unix:dev")
          + "/"
          + Files.getAttribute(own, "unix:uid");
    } catch (IOException | UnsupportedOperationException notTold) {
      // Unknown means alone: a rank that wrongly counted as co-located could not be reached at all.
      return "unknown-" + UUID.randomUUID();
    }
  }
}

package dev.starling.engine.health;

import java.nio.file.Path;

/**
 * What the system lets this process have: {@code /proc/self/limits} and {@code /proc/self/status}
 * of proc(5).
 *
 * @param openFiles most open files (ulimit -n); {@link Long#MAX_VALUE} when unlimited
 * @param lockedBytes most memory locked or registered with a network card (ulimit -l); {@link
 *     Long#MAX_VALUE} when unlimited
 */
public record ProcessLimits(long openFiles, long lockedBytes) {
  /** What raises {@link #lockedBytes}; ends a sentence. */
  public static final String LOCKED_CURE =
      "ulimit -l unlimited (memlock in /etc/security/limits.conf, LimitMEMLOCK=infinity in systemd,"
          + " docker run --ulimit memlock=-1)";

  private static final int SOFT_LIMIT_COLUMN = 26;

  /** {@code CAP_IPC_LOCK} of linux/capability.h: its holder locks as much as it likes. */
  private static final long CAP_IPC_LOCK = 1L << 14;

  /**
   * Reads them.
   *
   * @param files {@link SystemFiles#HOST}, or a tree of the same shape
   * @return the limits in force; one that the kernel does not show counts as unlimited
   */
  public static ProcessLimits read(SystemFiles files) {
    Path limits = files.proc("self/limits");
    return new ProcessLimits(
        soft(limits, "Max open files"),
        mayLockAll(files) ? Long.MAX_VALUE : soft(limits, "Max locked memory"));
  }

  private static long soft(Path limits, String name) {
    return SystemFiles.text(limits)
        .lines()
        .filter(line -> line.startsWith(name) && line.length() > SOFT_LIMIT_COLUMN)
        .map(line -> line.substring(SOFT_LIMIT_COLUMN).strip().split(" +")[0])
        .filter(value -> value.matches("[0-9]{1,18}"))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }

  private static boolean mayLockAll(SystemFiles files) {
    return SystemFiles.text(files.proc("self/status"))
        .lines()
        .filter(line -> line.startsWith("CapEff:"))
        .map(line -> line.substring("CapEff:".length()).strip())
        .filter(bits -> bits.matches("[0-9a-f]{1,16}"))
        .anyMatch(bits -> (Long.parseUnsignedLong(bits, 16) & CAP_IPC_LOCK) != 0);
  }
}

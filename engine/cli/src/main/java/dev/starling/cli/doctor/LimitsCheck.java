package dev.starling.cli.doctor;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.ProcessLimits;
import dev.starling.engine.health.Sizes;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import java.util.List;

/** What the system lets a process have: ulimit(1). */
final class LimitsCheck implements HealthCheck {
  /** Jars, logs and sockets of a process, generously. */
  private static final int FILES_OF_PROCESS = 256;

  private final SystemFiles files;

  LimitsCheck(SystemFiles files) {
    this.files = files;
  }

  @Override
  public String area() {
    return "limits";
  }

  @Override
  public List<Finding> examine(Workload workload) {
    ProcessLimits limits = ProcessLimits.read(files);
    return List.of(openFiles(limits, workload), locked(limits, workload));
  }

  /** On a complete graph every worker opens the replica of every other one. */
  private static Finding openFiles(ProcessLimits limits, Workload workload) {
    long need = FILES_OF_PROCESS + (long) workload.workers() * workload.workers();
    String what =
        limits.openFiles() == Long.MAX_VALUE ? "unlimited" : "%,d".formatted(limits.openFiles());
    return limits.openFiles() >= need
        ? Finding.ok("open files", what)
        : Finding.problem(
            "open files",
            "%s; %d workers that all meet each other need up to %,d"
                .formatted(what, workload.workers(), need),
            "ulimit -n " + need);
  }

  private static Finding locked(ProcessLimits limits, Workload workload) {
    String what = Sizes.text(limits.lockedBytes());
    return limits.lockedBytes() >= workload.replicaBytes()
        ? Finding.ok("locked memory", what)
        : Finding.note(
            "locked memory",
            "%s; a replica of %,d parameters is %s, which RDMA and --lock-memory need"
                .formatted(what, workload.parameters(), Sizes.text(workload.replicaBytes())),
            ProcessLimits.LOCKED_CURE);
  }
}

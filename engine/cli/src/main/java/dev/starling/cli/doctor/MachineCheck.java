package dev.starling.cli.doctor;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.Sizes;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import java.nio.file.Path;
import java.util.List;

/** Kernel, processors and memory. */
final class MachineCheck implements HealthCheck {
  private static final String ARCHITECTURE = "amd64";

  private final SystemFiles files;
  private final String architecture;
  private final int processors;

  /**
   * Makes the check.
   *
   * @param files those of the machine
   * @param architecture what the JVM calls it
   * @param processors how many this process may use
   */
  MachineCheck(SystemFiles files, String architecture, int processors) {
    this.files = files;
    this.architecture = architecture;
    this.processors = processors;
  }

  @Override
  public String area() {
    return "machine";
  }

  @Override
  public List<Finding> examine(Workload workload) {
    return List.of(kernel(), processors(workload), memory(workload));
  }

  private Finding kernel() {
    String release = SystemFiles.text(files.proc("sys/kernel/osrelease"));
    String what =
        "Linux %s on %s".formatted(release.isEmpty() ? "(unknown)" : release, architecture);
    return architecture.equals(ARCHITECTURE)
        ? Finding.ok("kernel", what)
        : Finding.problem(
            "kernel",
            what + "; Starling calls the C library by the layout of Linux on x86-64",
            "use an x86-64 machine");
  }

  private Finding processors(Workload workload) {
    long nodes =
        SystemFiles.entries(files.sys("devices/system/node")).stream()
            .filter(node -> node.getFileName().toString().matches("node[0-9]+"))
            .count();
    String what =
        "%d for this process%s%s"
            .formatted(processors, model(), nodes > 1 ? ", " + nodes + " NUMA nodes" : "");
    return processors >= workload.workers()
        ? Finding.ok("processors", what)
        : Finding.note(
            "processors",
            what + "; %d workers take turns on them".formatted(workload.workers()),
            "start fewer workers here, or widen what taskset or the container allows");
  }

  private String model() {
    return SystemFiles.text(files.proc("cpuinfo"))
        .lines()
        .filter(line -> line.startsWith("model name") && line.contains(":"))
        .map(line -> ", " + line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("");
  }

  private Finding memory(Workload workload) {
    long available = Math.min(meminfo("MemAvailable:"), leftOfContainer());
    String what =
        "%s available of %s".formatted(Sizes.text(available), Sizes.text(meminfo("MemTotal:")));
    long need = workload.trainingBytes();
    return available >= need
        ? Finding.ok("memory", what)
        : Finding.problem(
            "memory",
            what + "; %s need %s".formatted(workload, Sizes.text(need)),
            "use a smaller model or fewer workers, or raise the container's limit");
  }

  private long meminfo(String name) {
    return SystemFiles.text(files.proc("meminfo"))
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .filter(digits -> digits.matches("[0-9]{1,15}"))
        .mapToLong(digits -> Long.parseLong(digits) << 10)
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }

  /** What a control group has left of its limit: Documentation/admin-guide/cgroup-v2. */
  private long leftOfContainer() {
    Path group = files.sys("fs/cgroup");
    String limit = SystemFiles.text(group.resolve("memory.max"));
    String used = SystemFiles.text(group.resolve("memory.current"));
    return limit.matches("[0-9]{1,18}") && used.matches("[0-9]{1,18}")
        ? Math.max(0, Long.parseLong(limit) - Long.parseLong(used))
        : Long.MAX_VALUE;
  }
}

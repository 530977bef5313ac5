package dev.starling.rdma.health;

import dev.starling.engine.StarlingException;
import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.ProcessLimits;
import dev.starling.engine.health.Sizes;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.jextract.verbs.Rdmacm;
import dev.starling.rdma.device.DeviceChoice;
import dev.starling.rdma.device.DeviceProbe;
import dev.starling.rdma.device.DeviceWishes;
import dev.starling.rdma.device.RdmaDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether verbs can be used. What keeps them from being used is a note, since workers of one host
 * average over shared memory all the same; what would make them fail once they are chosen is a
 * problem.
 */
public final class RdmaCheck implements HealthCheck {
  private final SystemFiles files;
  private final DeviceQuery query;
  private final DeviceProbe probe;

  /** Makes the check for this machine; called by the service loader. */
  public RdmaCheck() {
    this(SystemFiles.HOST, DeviceQuery::byVerbs, DeviceProbe.VERBS);
  }

  RdmaCheck(SystemFiles files, DeviceQuery query, DeviceProbe probe) {
    this.files = files;
    this.query = query;
    this.probe = probe;
  }

  @Override
  public String area() {
    return "rdma";
  }

  @Override
  public List<Finding> examine(Workload workload) {
    List<Finding> findings = new ArrayList<>();
    findings.add(library("libibverbs", Ibverbs.unavailableReason()));
    findings.add(library("librdmacm", Rdmacm.unavailableReason()));
    List<RdmaDevice> devices = RdmaDevice.list(files);
    if (devices.isEmpty()) {
      findings.add(
          Finding.note(
              "devices",
              "none (%s lists none)".formatted(RdmaDevice.directory(files)),
              "if there is a network card for RDMA, load its driver; 'lspci' shows it"));
      return findings;
    }
    findings.addAll(deviceFiles());
    for (RdmaDevice device : devices) {
      findings.addAll(DeviceFindings.of(device, query));
    }
    choice(workload, findings);
    return findings;
  }

  private static Finding library(String name, String unavailableReason) {
    return unavailableReason.isEmpty()
        ? Finding.ok(name, "loaded")
        : Finding.noteOf(name, unavailableReason);
  }

  /** The files through which libibverbs reaches the kernel: rdma_cm is for connections only. */
  private List<Finding> deviceFiles() {
    Path directory = files.dev("infiniband");
    List<Path> verbs =
        SystemFiles.entries(directory).stream()
            .filter(file -> file.getFileName().toString().matches("uverbs[0-9]+|rdma_cm"))
            .toList();
    if (verbs.isEmpty()) {
      return List.of(
          Finding.note(
              "/dev/infiniband",
              "has no uverbs files, so no device can be opened",
              "load the module ib_uverbs; give a container the directory (docker run"
                  + " --device=/dev/infiniband)"));
    }
    return verbs.stream().map(RdmaCheck::deviceFile).toList();
  }

  private static Finding deviceFile(Path file) {
    String name = "/dev/infiniband/" + file.getFileName();
    return Files.isReadable(file) && Files.isWritable(file)
        ? Finding.ok(name, "this user may open it")
        : Finding.note(
            name,
            "this user may not open it for reading and writing",
            "chmod 0666 " + name + ", best by a udev rule, or run as a user of its group");
  }

  private void choice(Workload workload, List<Finding> findings) {
    try {
      findings.add(
          Finding.ok("choice", DeviceChoice.choose(DeviceWishes.none(), files, probe).reason()));
    } catch (StarlingException refused) {
      findings.add(Finding.noteOf("choice", refused.getMessage()));
      return;
    }
    ProcessLimits limits = ProcessLimits.read(files);
    if (limits.lockedBytes() < workload.replicaBytes()) {
      findings.add(
          Finding.problem(
              "registration",
              "a replica of %,d parameters is %s, and this process may register %s"
                  .formatted(
                      workload.parameters(),
                      Sizes.text(workload.replicaBytes()),
                      Sizes.text(limits.lockedBytes())),
              ProcessLimits.LOCKED_CURE));
    }
  }
}

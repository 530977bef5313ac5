package dev.starling.cuda;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import dev.starling.jextract.NativeLibrary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether GPUs can be reached: the driver, its device files and its library. Nothing here is a
 * problem, since the CPU computes the same bits.
 */
public final class CudaCheck implements HealthCheck {
  private static final Pattern VERSION = Pattern.compile(" ([0-9]+\\.[0-9]+(\\.[0-9]+)?) ");

  private final SystemFiles files;

  /** Makes the check for this machine; called by the service loader. */
  public CudaCheck() {
    this(SystemFiles.HOST);
  }

  CudaCheck(SystemFiles files) {
    this.files = files;
  }

  @Override
  public String area() {
    return "cuda";
  }

  @Override
  public List<Finding> examine(Workload workload) {
    List<Finding> findings = new ArrayList<>();
    List<CudaDevice> devices = CudaDevice.list(files.proc("driver/nvidia/gpus"));
    if (devices.isEmpty()) {
      findings.add(
          Finding.note(
              "devices",
              "none (%s lists none)".formatted(files.proc("driver/nvidia/gpus")),
              "if there is an NVIDIA GPU, load its driver; 'lspci' shows it"));
      return findings;
    }
    findings.add(driver());
    for (CudaDevice device : devices) {
      findings.add(Finding.ok(device.busId(), device.model()));
    }
    findings.addAll(deviceFiles());
    findings.add(library());
    return findings;
  }

  private Finding driver() {
    Matcher version = VERSION.matcher(SystemFiles.text(files.proc("driver/nvidia/version")));
    return version.find()
        ? Finding.ok("driver", version.group(1))
        : Finding.note("driver", "its version is not shown", "check with 'nvidia-smi'");
  }

  private List<Finding> deviceFiles() {
    List<Path> found = new ArrayList<>(List.of(files.dev("nvidiactl"), files.dev("nvidia-uvm")));
    SystemFiles.entries(files.dev("")).stream()
        .filter(file -> file.getFileName().toString().matches("nvidia[0-9]+"))
        .forEach(found::add);
    List<Finding> findings = new ArrayList<>(found.stream().map(CudaCheck::deviceFile).toList());
    if (found.size() == 2) {
      findings.add(
          Finding.note(
              "/dev/nvidia0",
              "does not exist, nor does that of another GPU",
              "give the container the GPUs (docker run --gpus all)"));
    }
    return findings;
  }

  private static Finding deviceFile(Path file) {
    String name = "/dev/" + file.getFileName();
    if (!Files.exists(file)) {
      return Finding.note(
          name,
          "does not exist",
          "run nvidia-modprobe -u -c=0, or give the container the GPUs (docker run --gpus all)");
    }
    return Files.isReadable(file) && Files.isWritable(file)
        ? Finding.ok(name, "this user may open it")
        : Finding.note(
            name,
            "this user may not open it for reading and writing",
            "chmod 0666 " + name + ", or run as a user of its group");
  }

  private static Finding library() {
    NativeLibrary library =
        NativeLibrary.open(
            CudaDriver.LIBRARY,
            CudaDriver.LIBRARY_PROPERTY,
            "install the library of the driver (Debian: libcuda1)");
    return library.isAvailable()
        ? Finding.ok("libcuda", "loaded")
        : Finding.noteOf("libcuda", library.unavailableReason());
  }
}

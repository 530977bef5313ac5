package dev.starling.rdma.device;

import dev.starling.engine.health.SystemFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The way from the root complex to a PCI device. Two devices are the nearer to each other the more
 * of it they share.
 *
 * <pre>
 *   pci0000:15 / 0000:15:01.0 / 0000:16:00.0 / 0000:17:00.0
 *   root         root port      switch         device
 * </pre>
 *
 * @param steps from the root complex to the device; empty for a device that is on no bus
 */
public record PciPath(List<String> steps) {
  /** Where the kernel lists PCI devices, Documentation/ABI/testing/sysfs-bus-pci. */
  static final String DEVICES = "bus/pci/devices";

  /** Of a device that is on no PCI bus, such as soft-RoCE over loopback. */
  static final PciPath NONE = new PciPath(List.of());

  /** The class of display and 3D controllers, PCI Code and ID Assignment Specification. */
  private static final String DISPLAY_CLASS = "0x03";

  /**
   * Copies the steps.
   *
   * @param steps from the root complex to the device
   */
  public PciPath {
    steps = List.copyOf(steps);
  }

  /** The path of what a link in sysfs, such as {@code device}, leads to. */
  static PciPath of(Path link) {
    if (!Files.exists(link)) {
      return NONE;
    }
    try {
      List<String> steps = new ArrayList<>();
      for (Path step : link.toRealPath()) {
        String name = step.toString();
        if (name.matches(
            "pci[0-9a-f]{4,8}:[0-9a-f]{2}|" + "[0-9a-f]{4,8}(:[0-9a-f]{2}){2}\\.[0-7]")) {
          steps.add(name);
        }
      }
      return new PciPath(steps);
    } catch (IOException gone) {
      return NONE;
    }
  }

  /**
   * Writes an address as sysfs does: the CUDA driver and nvidia-smi use capitals, and eight digits
   * for the domain.
   */
  static String canonical(String address) {
    String lower = address.toLowerCase(Locale.ROOT);
    return lower.matches("0000[0-9a-f]{4}:.*") ? lower.substring(4) : lower;
  }

  /** Graphics and 3D controllers of the machine, for a message. */
  static String displays(SystemFiles files) {
    String addresses =
        SystemFiles.entries(files.sys(DEVICES)).stream()
            .filter(device -> SystemFiles.text(device.resolve("class")).startsWith(DISPLAY_CLASS))
            .map(device -> device.getFileName().toString())
            .collect(Collectors.joining(", "));
    return addresses.isEmpty() ? "none" : addresses;
  }

  /**
   * Returns the device's address.
   *
   * @return for instance {@code 0000:17:00.0}; empty for a device that is on no bus
   */
  public String address() {
    return steps.isEmpty() ? "" : steps.getLast();
  }

  /** How many steps two paths share from the root on. */
  int shared(PciPath other) {
    int shared = 0;
    int shorter = Math.min(steps.size(), other.steps.size());
    while (shared < shorter && steps.get(shared).equals(other.steps.get(shared))) {
      shared++;
    }
    return shared;
  }
}

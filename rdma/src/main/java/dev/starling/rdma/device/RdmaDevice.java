package dev.starling.rdma.device;

import dev.starling.engine.health.SystemFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An RDMA device as the kernel lists it.
 *
 * @param name for instance {@code mlx5_0}
 * @param firmware its version; empty when the kernel does not say
 * @param pci where it is on the PCI bus; a soft device is where its network interface is
 * @param numaNode the NUMA node it is attached to, -1 when unknown
 * @param ports its ports by number
 */
public record RdmaDevice(
    String name, String firmware, PciPath pci, int numaNode, List<RdmaPort> ports) {

  /** Where the kernel lists them, Documentation/ABI/stable/sysfs-class-infiniband. */
  private static final String SYSFS = "class/infiniband";

  /**
   * Copies the list of ports.
   *
   * @param name for instance {@code mlx5_0}
   * @param firmware its version
   * @param pci where it is on the PCI bus
   * @param numaNode the NUMA node it is attached to
   * @param ports its ports
   */
  public RdmaDevice {
    ports = List.copyOf(ports);
  }

  /**
   * Lists the devices.
   *
   * @param files {@link SystemFiles#HOST}, or a tree of the same shape
   * @return the devices by name and number; empty when no RDMA driver is loaded
   * @throws dev.starling.engine.StarlingException if the listing cannot be read
   */
  public static List<RdmaDevice> list(SystemFiles files) {
    return SystemFiles.entries(directory(files)).stream()
        .map(device -> read(files, device))
        .toList();
  }

  /**
   * Tells where {@link #list} looks.
   *
   * @param files {@link SystemFiles#HOST}, or a tree of the same shape
   * @return a directory that may be missing
   */
  public static Path directory(SystemFiles files) {
    return files.sys(SYSFS);
  }

  private static RdmaDevice read(SystemFiles files, Path device) {
    List<RdmaPort> ports = new ArrayList<>();
    for (Path port : SystemFiles.entries(device.resolve("ports"))) {
      ports.add(RdmaPort.read(device, Integer.parseInt(port.getFileName().toString())));
    }
    Path hardware = hardware(files, device, ports);
    return new RdmaDevice(
        device.getFileName().toString(),
        SystemFiles.text(device.resolve("fw_ver")),
        PciPath.of(hardware),
        SystemFiles.number(hardware.resolve("numa_node"), -1),
        ports);
  }

  /** The device's own hardware, or that of the interface which soft-RoCE works on. */
  private static Path hardware(SystemFiles files, Path device, List<RdmaPort> ports) {
    Path own = device.resolve("device");
    if (Files.exists(own) || ports.isEmpty() || ports.getFirst().netdev().isEmpty()) {
      return own;
    }
    return files.sys("class/net").resolve(ports.getFirst().netdev()).resolve("device");
  }

  /**
   * Finds a port by its number.
   *
   * @param number from 1
   * @return the port; empty when the device has no such port
   */
  public Optional<RdmaPort> port(int number) {
    return ports.stream().filter(port -> port.number() == number).findFirst();
  }

  /**
   * Counts the ports that can carry traffic.
   *
   * @return ports in state ACTIVE
   */
  public int activePorts() {
    return (int) ports.stream().filter(RdmaPort::isActive).count();
  }
}

package dev.starling.rdma;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An RDMA device as the kernel lists it.
 *
 * @param name for instance {@code mlx5_0}
 * @param numaNode the NUMA node it is attached to, -1 when unknown
 * @param activePorts how many of its ports are active
 * @param linkLayer {@code InfiniBand} or {@code Ethernet}, of the first port
 */
public record RdmaDevice(String name, int numaNode, int activePorts, String linkLayer) {
  /** Where the kernel lists RDMA devices (Documentation/ABI/stable/sysfs-class-infiniband). */
  public static final Path SYSFS = Path.of("/sys/class/infiniband");

  /**
   * Lists the devices.
   *
   * @param sysfs {@link #SYSFS}, or a directory of the same shape
   * @return the devices by name; empty when the directory does not exist
   */
  public static List<RdmaDevice> list(Path sysfs) {
    List<RdmaDevice> devices = new ArrayList<>();
    if (Files.isDirectory(sysfs)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(sysfs)) {
        for (Path entry : entries) {
          devices.add(read(entry));
        }
      } catch (IOException failure) {
        throw new StarlingException(
            "reading the RDMA devices in "
                + sysfs
                + " failed ("
                + failure.getMessage()
                + "): check that /sys is mounted and readable",
            failure);
      }
    }
    devices.sort((a, b) -> a.name().compareTo(b.name()));
    return devices;
  }

  private static RdmaDevice read(Path device) throws IOException {
    int active = 0;
    String linkLayer = "";
    Path ports = device.resolve("ports");
    if (Files.isDirectory(ports)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(ports)) {
        for (Path port : entries) {
          active += text(port.resolve("state")).contains("ACTIVE") ? 1 : 0;
          linkLayer = linkLayer.isEmpty() ? text(port.resolve("link_layer")) : linkLayer;
        }
      }
    }
    String node = text(device.resolve("device").resolve("numa_node"));
    return new RdmaDevice(
        device.getFileName().toString(),
        node.isEmpty() ? -1 : Integer.parseInt(node),
        active,
        linkLayer);
  }

  private static String text(Path file) throws IOException {
    return Files.exists(file) ? Files.readString(file).trim() : "";
  }
}

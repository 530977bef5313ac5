package dev.starling.rdma.device;

import dev.starling.engine.health.SystemFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Trees of the shape of /sys and /proc, with the links that the kernel makes. */
public final class FakeMachine {
  private final Path root;

  public FakeMachine(Path root) throws IOException {
    this.root = root;
    Files.createDirectories(root.resolve("sys/class/infiniband"));
    Files.createDirectories(root.resolve("sys/bus/pci/devices"));
    allowed("0-3");
  }

  public SystemFiles files() {
    return new SystemFiles(root);
  }

  /** What the process may run on. */
  public FakeMachine allowed(String cpus) throws IOException {
    return file("proc/self/status", "Name:\tjava\nCpus_allowed:\tf\nCpus_allowed_list:\t" + cpus);
  }

  public FakeMachine node(int number, String cpus, String distances) throws IOException {
    file("sys/devices/system/node/node" + number + "/cpulist", cpus);
    return file("sys/devices/system/node/node" + number + "/distance", distances);
  }

  /** A device on the bus; the path ends with its address. */
  public FakeMachine pci(String path, String classCode, int numaNode) throws IOException {
    file("sys/devices/" + path + "/class", classCode);
    file("sys/devices/" + path + "/numa_node", "" + numaNode);
    String address = path.substring(path.lastIndexOf('/') + 1);
    link("sys/bus/pci/devices/" + address, "../../../devices/" + path);
    return this;
  }

  public FakeMachine gpu(String path, int numaNode) throws IOException {
    return pci(path, "0x030200", numaNode);
  }

  /** An RDMA device of a PCI function. */
  public FakeMachine device(String name, String path, int numaNode) throws IOException {
    pci(path, "0x020000", numaNode);
    String device = path + "/infiniband/" + name;
    file("sys/devices/" + device + "/fw_ver", "20.31.1014");
    link("sys/devices/" + device + "/device", "../..");
    link("sys/class/infiniband/" + name, "../../devices/" + device);
    return this;
  }

  /** Soft-RoCE on an interface, which is a PCI function when a path is given. */
  public FakeMachine soft(String name, String netdev, String path) throws IOException {
    file("sys/devices/virtual/infiniband/" + name + "/parent", netdev);
    link("sys/class/infiniband/" + name, "../../devices/virtual/infiniband/" + name);
    if (path.isEmpty()) {
      Files.createDirectories(root.resolve("sys/devices/virtual/net").resolve(netdev));
      link("sys/class/net/" + netdev, "../../devices/virtual/net/" + netdev);
    } else {
      pci(path, "0x020000", 0);
      file("sys/devices/" + path + "/net/" + netdev + "/dev_port", "0");
      link("sys/devices/" + path + "/net/" + netdev + "/device", "../..");
      link("sys/class/net/" + netdev, "../../devices/" + path + "/net/" + netdev);
    }
    return this;
  }

  public FakeMachine port(String device, int number, String state, String linkLayer, String rate)
      throws IOException {
    String port = "sys/class/infiniband/" + device + "/ports/" + number;
    file(port + "/state", state);
    file(port + "/link_layer", linkLayer);
    file(port + "/rate", rate);
    return file(port + "/pkeys/0", "0xffff").file(port + "/pkeys/1", "0x0000");
  }

  /** An active InfiniBand port with its one address. */
  public FakeMachine infiniBand(String device) throws IOException {
    return port(device, 1, "4: ACTIVE", "InfiniBand", "200 Gb/sec (4X HDR)")
        .gid(device, 1, 0, "fe80:0000:0000:0000:0002:c903:0000:0001", "IB/RoCE v1", "");
  }

  public FakeMachine gid(
      String device, int port, int index, String address, String type, String netdev)
      throws IOException {
    String base = "sys/class/infiniband/" + device + "/ports/" + port;
    file(base + "/gids/" + index, address);
    if (!netdev.isEmpty()) {
      file(base + "/gid_attrs/ndevs/" + index, netdev);
    }
    return file(base + "/gid_attrs/types/" + index, type);
  }

  public FakeMachine file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
    return this;
  }

  public Path path(String path) {
    return root.resolve(path);
  }

  private void link(String path, String target) throws IOException {
    Path link = root.resolve(path);
    Files.createDirectories(link.getParent());
    if (!Files.isSymbolicLink(link)) {
      Files.createSymbolicLink(link, Path.of(target));
    }
  }
}

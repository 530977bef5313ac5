package dev.starling.rdma.device;

import dev.starling.engine.health.SystemFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A port of an RDMA device as the kernel lists it.
 *
 * @param number from 1
 * @param state for instance {@code ACTIVE} or {@code DOWN}
 * @param linkLayer {@code InfiniBand} or {@code Ethernet}
 * @param rate for instance {@code 200 Gb/sec (4X HDR)}; empty when the kernel does not say
 * @param netdev its network interface; empty when it has none
 * @param gids the entries of its address table that are set
 * @param pkeys the entries of its partition table that are set: key by index
 */
public record RdmaPort(
    int number,
    String state,
    String linkLayer,
    String rate,
    String netdev,
    List<Gid> gids,
    NavigableMap<Integer, Integer> pkeys) {
  private static final String ACTIVE = "ACTIVE";
  private static final String ETHERNET = "Ethernet";

  /** Whether the holder of a P_Key may talk to limited members; not part of the partition. */
  private static final int PARTITION_MASK = 0x7fff;

  /**
   * Copies the tables.
   *
   * @param number from 1
   * @param state for instance {@code ACTIVE}
   * @param linkLayer {@code InfiniBand} or {@code Ethernet}
   * @param rate as the kernel writes it
   * @param netdev its network interface
   * @param gids its addresses
   * @param pkeys its partitions
   */
  public RdmaPort {
    gids = List.copyOf(gids);
    pkeys = Collections.unmodifiableNavigableMap(new TreeMap<>(pkeys));
  }

  /** Reads {@code ports/N} of a device. */
  static RdmaPort read(Path device, int number) {
    Path port = device.resolve("ports").resolve(Integer.toString(number));
    List<Gid> gids = gids(port);
    return new RdmaPort(
        number,
        SystemFiles.text(port.resolve("state")).replaceFirst("^[0-9]+: *", ""),
        SystemFiles.text(port.resolve("link_layer")),
        SystemFiles.text(port.resolve("rate")),
        netdev(device, number, gids),
        gids,
        pkeys(port));
  }

  private static List<Gid> gids(Path port) {
    List<Gid> gids = new ArrayList<>();
    for (Path entry : SystemFiles.entries(port.resolve("gids"))) {
      String address = SystemFiles.text(entry);
      if (Gid.isSet(address)) {
        Path attributes = port.resolve("gid_attrs");
        String index = entry.getFileName().toString();
        gids.add(
            new Gid(
                Integer.parseInt(index),
                address,
                SystemFiles.text(attributes.resolve("types").resolve(index)),
                SystemFiles.text(attributes.resolve("ndevs").resolve(index))));
      }
    }
    return gids;
  }

  private static NavigableMap<Integer, Integer> pkeys(Path port) {
    NavigableMap<Integer, Integer> pkeys = new TreeMap<>();
    for (Path entry : SystemFiles.entries(port.resolve("pkeys"))) {
      String key = SystemFiles.text(entry);
      if (key.matches("0x[0-9a-f]{4}") && (Integer.decode(key) & PARTITION_MASK) != 0) {
        pkeys.put(Integer.parseInt(entry.getFileName().toString()), Integer.decode(key));
      }
    }
    return pkeys;
  }

  /** By the address table, by the function's interfaces, or the one that soft-RoCE was put on. */
  private static String netdev(Path device, int number, List<Gid> gids) {
    Optional<String> ofGid =
        gids.stream().map(Gid::netdev).filter(name -> !name.isEmpty()).findFirst();
    if (ofGid.isPresent()) {
      return ofGid.get();
    }
    for (Path netdev : SystemFiles.entries(device.resolve("device/net"))) {
      if (SystemFiles.number(netdev.resolve("dev_port"), 0) == number - 1) {
        return netdev.getFileName().toString();
      }
    }
    Path parent = device.resolve("parent");
    return Files.isRegularFile(parent) ? SystemFiles.text(parent) : "";
  }

  /**
   * Tells whether it can carry traffic.
   *
   * @return whether its state is ACTIVE
   */
  public boolean isActive() {
    return state.equals(ACTIVE);
  }

  /**
   * Tells whether it speaks RoCE.
   *
   * @return whether its link layer is Ethernet
   */
  public boolean isEthernet() {
    return linkLayer.equals(ETHERNET);
  }

  /**
   * Finds an address by its index.
   *
   * @param index an index in the port's table
   * @return the address; empty when the table has none there
   */
  public Optional<Gid> gid(int index) {
    return gids.stream().filter(gid -> gid.index() == index).findFirst();
  }

  /**
   * Chooses an address: on Ethernet RoCE v2 with IPv4 before RoCE v2 with a global IPv6 address
   * before any other, each time the first; on InfiniBand the first entry of the table.
   *
   * @return the address; empty when there is none
   */
  public Optional<Gid> bestGid() {
    return isEthernet() ? gids.stream().min(Comparator.comparingInt(Gid::preference)) : gid(0);
  }
}

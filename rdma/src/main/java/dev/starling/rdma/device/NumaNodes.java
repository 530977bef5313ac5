package dev.starling.rdma.device;

import dev.starling.engine.health.SystemFiles;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;

/** The NUMA nodes of the machine, and the one that this process runs on. */
final class NumaNodes {
  /** No node, or several. */
  static final int UNKNOWN = -1;

  private static final String ALLOWED = "Cpus_allowed_list:";

  private final Path nodes;
  private final Path status;

  NumaNodes(SystemFiles files) {
    this.nodes = files.sys("devices/system/node");
    this.status = files.proc("self/status");
  }

  /** The node that holds every processor which the process may run on, if one does. */
  int ofProcess() {
    BitSet allowed =
        SystemFiles.text(status)
            .lines()
            .filter(line -> line.startsWith(ALLOWED))
            .map(line -> cpus(line.substring(ALLOWED.length())))
            .findFirst()
            .orElseGet(BitSet::new);
    if (allowed.isEmpty()) {
      return UNKNOWN;
    }
    for (int node : numbers()) {
      BitSet outside = (BitSet) allowed.clone();
      outside.andNot(cpus(SystemFiles.text(nodes.resolve("node" + node).resolve("cpulist"))));
      if (outside.isEmpty()) {
        return node;
      }
    }
    return UNKNOWN;
  }

  /** The machine's nodes, rising. */
  List<Integer> numbers() {
    return SystemFiles.entries(nodes).stream()
        .map(entry -> entry.getFileName().toString())
        .filter(name -> name.matches("node[0-9]{1,6}"))
        .map(name -> Integer.parseInt(name.substring("node".length())))
        .toList();
  }

  /**
   * How far one node is from another by the firmware's table (numactl(8) prints it): 10 is the node
   * itself. A node that nobody knows is farthest.
   */
  int distance(int from, int to) {
    if (from == UNKNOWN || to == UNKNOWN) {
      return Integer.MAX_VALUE;
    }
    if (from == to) {
      return 0;
    }
    String[] distances =
        SystemFiles.text(nodes.resolve("node" + from).resolve("distance")).split(" +");
    int at = numbers().indexOf(to);
    return at >= 0 && at < distances.length && distances[at].matches("[0-9]{1,6}")
        ? Integer.parseInt(distances[at])
        : Integer.MAX_VALUE - 1;
  }

  /** Reads a list of processors such as {@code 0-3,6}; what is not one adds nothing. */
  private static BitSet cpus(String list) {
    BitSet cpus = new BitSet();
    for (String range : list.strip().split(",")) {
      if (range.matches("[0-9]{1,6}(-[0-9]{1,6})?")) {
        int dash = range.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
        cpus.set(first, Integer.parseInt(range.substring(dash + 1)) + 1);
      }
    }
    return cpus;
  }
}

package dev.starling.rdma.device;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.health.SystemFiles;
import dev.starling.rdma.device.Candidate.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * Chooses the device, the port and the address that a worker uses.
 *
 * <pre>
 *   1  a device that is asked for by name is the only one looked at
 *   2  usable: a port that is ACTIVE, has the partition and an address; atomics
 *   3  of these the nearest to the GPU: the longest common way from the PCI root
 *   4  of these the nearest to the NUMA node, by the firmware's distances
 *   5  of these the first by name and number
 *   address: RoCE v2 with IPv4, RoCE v2 with global IPv6, the first; InfiniBand: index 0
 * </pre>
 */
public final class DeviceChoice {
  private final DeviceWishes wishes;
  private final SystemFiles files;
  private final DeviceProbe probe;
  private final NumaNodes nodes;
  private final List<RdmaDevice> devices;

  private DeviceChoice(DeviceWishes wishes, SystemFiles files, DeviceProbe probe) {
    this.wishes = wishes;
    this.files = files;
    this.probe = probe;
    this.nodes = new NumaNodes(files);
    this.devices = RdmaDevice.list(files);
  }

  /**
   * Chooses among the devices of this machine.
   *
   * @param wishes what is asked for
   * @return the choice with its reason
   * @throws ConfigurationException if something that is asked for does not exist or cannot be used;
   *     the sentence lists what there is
   * @throws StarlingException if the machine has no device that can be used, or no library to use
   *     it with; the sentence names each device with its reason
   */
  public static Choice choose(DeviceWishes wishes) {
    return choose(wishes, SystemFiles.HOST, DeviceProbe.VERBS);
  }

  /**
   * Chooses among the devices of a tree of files.
   *
   * @param wishes what is asked for
   * @param files {@link SystemFiles#HOST}, or trees of the same shape
   * @param probe asks a device about its atomics
   * @return the choice with its reason
   * @throws ConfigurationException if something that is asked for does not exist or cannot be used;
   *     the sentence lists what there is
   * @throws StarlingException if the machine has no device that can be used; the sentence names
   *     each with its reason
   */
  public static Choice choose(DeviceWishes wishes, SystemFiles files, DeviceProbe probe) {
    return new DeviceChoice(wishes, files, probe).choose();
  }

  private Choice choose() {
    if (devices.isEmpty()) {
      String sentence =
          "this machine has no RDMA device (%s lists none): load the driver of its adapter, or use"
                  .formatted(RdmaDevice.directory(files))
              + " the fabric shm";
      throw wishes.device() == null
          ? new StarlingException(sentence)
          : new ConfigurationException("RDMA device " + wishes.device() + ": " + sentence);
    }
    probe
        .unavailableReason()
        .ifPresent(
            reason -> {
              throw new StarlingException(
                  "RDMA device %s cannot be used: %s".formatted(names(deviceNames()), reason));
            });
    PciPath near = near();
    int node = node(near);
    List<Verdict> verdicts = named().stream().map(this::judge).toList();
    List<Candidate> usable =
        verdicts.stream().filter(Verdict::isAccepted).map(Verdict::candidate).toList();
    if (usable.isEmpty()) {
      throw refusal(verdicts);
    }
    List<String> reasons = new ArrayList<>();
    Candidate best = nearest(usable, near, node, reasons);
    return new Choice(
        best.name(), best.port().number(), best.gid().index(), sentence(best, reasons, verdicts));
  }

  private List<RdmaDevice> named() {
    if (wishes.device() == null) {
      return devices;
    }
    List<RdmaDevice> named =
        devices.stream().filter(device -> device.name().equals(wishes.device())).toList();
    if (named.isEmpty()) {
      throw new ConfigurationException(
          "this machine has no RDMA device '%s', only %s: choose one of them"
              .formatted(wishes.device(), names(deviceNames())));
    }
    return named;
  }

  private PciPath near() {
    if (wishes.nearPci() == null) {
      return PciPath.NONE;
    }
    Path device = files.sys(PciPath.DEVICES).resolve(PciPath.canonical(wishes.nearPci()));
    if (!Files.exists(device)) {
      throw new ConfigurationException(
          ("an RDMA device near to the PCI address '%s' cannot be chosen because %s does not list"
                  + " it (display and 3D controllers there: %s): give the address of a GPU as"
                  + " nvidia-smi prints it")
              .formatted(wishes.nearPci(), files.sys(PciPath.DEVICES), PciPath.displays(files)));
    }
    return PciPath.of(device);
  }

  private int node(PciPath near) {
    if (wishes.numaNode() >= 0) {
      if (!nodes.numbers().contains(wishes.numaNode())) {
        throw new ConfigurationException(
            "this machine has no NUMA node %d, only %s: choose one of them"
                .formatted(wishes.numaNode(), nodes.numbers()));
      }
      return wishes.numaNode();
    }
    Path node = files.sys(PciPath.DEVICES).resolve(near.address()).resolve("numa_node");
    int ofGpu = near.address().isEmpty() ? NumaNodes.UNKNOWN : SystemFiles.number(node, -1);
    return ofGpu >= 0 ? ofGpu : nodes.ofProcess();
  }

  private Verdict judge(RdmaDevice device) {
    Verdict verdict = Candidate.of(device, wishes);
    return verdict.isAccepted()
        ? probe
            .refusal(device.name())
            .map(refusal -> Verdict.refused(device, refusal))
            .orElse(verdict)
        : verdict;
  }

  /** Narrows the candidates to one and writes down what decided. */
  private Candidate nearest(List<Candidate> usable, PciPath near, int node, List<String> reasons) {
    List<Candidate> left = usable;
    if (wishes.device() != null) {
      reasons.add("as asked for");
    } else if (left.size() == 1) {
      reasons.add("the only device that can be used");
    }
    left =
        keep(
            left,
            candidate -> -candidate.device().pci().shared(near),
            "the nearest to the GPU " + near.address(),
            reasons);
    left =
        keep(
            left,
            candidate -> nodes.distance(node, candidate.device().numaNode()),
            "the nearest to NUMA node " + node,
            reasons);
    if (left.size() > 1) {
      reasons.add("the first by name");
    }
    return left.getFirst();
  }

  private static List<Candidate> keep(
      List<Candidate> from,
      ToIntFunction<Candidate> distance,
      String reason,
      List<String> reasons) {
    OptionalInt least = from.stream().mapToInt(distance).min();
    List<Candidate> kept =
        from.stream().filter(c -> distance.applyAsInt(c) == least.orElseThrow()).toList();
    if (kept.size() < from.size()) {
      reasons.add(reason);
    }
    return kept;
  }

  private static String sentence(Candidate best, List<String> reasons, List<Verdict> verdicts) {
    List<String> usable =
        verdicts.stream().filter(Verdict::isAccepted).map(v -> v.device().name()).toList();
    String leftOut =
        verdicts.stream()
            .filter(verdict -> !verdict.isAccepted())
            .map(Verdict::toString)
            .collect(Collectors.joining(", "));
    return best
        + ": "
        + String.join(", then ", reasons)
        + (usable.size() > 1 ? " of " + names(usable) : "")
        + (leftOut.isEmpty() ? "" : "; left out: " + leftOut);
  }

  private StarlingException refusal(List<Verdict> verdicts) {
    if (wishes.device() != null) {
      String others = devices.stream().map(DeviceChoice::summary).collect(Collectors.joining(", "));
      return new ConfigurationException(
          "RDMA device %s cannot be used: %s; this machine has %s: choose another one, or cure that"
              .formatted(wishes.device(), verdicts.getFirst().refusal(), others));
    }
    String all = verdicts.stream().map(Verdict::toString).collect(Collectors.joining(", "));
    boolean asked = wishes.port() != 0 || wishes.gidIndex() >= 0 || wishes.pkeyIndex() != 0;
    return asked
        ? new ConfigurationException(
            "no RDMA device of this machine has what was asked for: " + all + ": ask for less")
        : new StarlingException(
            "no RDMA device of this machine can be used: "
                + all
                + ": bring up a port of a device that has atomics ('rdma link' lists them), or use"
                + " the fabric shm");
  }

  private static String summary(RdmaDevice device) {
    return device.name()
        + device.ports().stream()
            .map(port -> "port %d %s, %s".formatted(port.number(), port.state(), port.linkLayer()))
            .collect(Collectors.joining("; ", " (", ")"));
  }

  private List<String> deviceNames() {
    return devices.stream().map(RdmaDevice::name).toList();
  }

  private static String names(List<String> names) {
    return String.join(", ", names);
  }
}

package dev.starling.rdma.device;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A device with the port and the address that would be used of it.
 *
 * @param device the device
 * @param port an active port of it
 * @param gid an address of the port
 */
record Candidate(RdmaDevice device, RdmaPort port, Gid gid) {
  /** Finds the candidate of a device, or says in a clause why it has none. */
  static Verdict of(RdmaDevice device, DeviceWishes wishes) {
    if (wishes.port() != 0 && device.port(wishes.port()).isEmpty()) {
      return Verdict.refused(
          device, "has no port %d, only %s".formatted(wishes.port(), ports(device)));
    }
    List<String> refusals = new ArrayList<>();
    for (RdmaPort port : device.ports()) {
      if (wishes.port() == 0 || wishes.port() == port.number()) {
        String refusal = refusal(port, wishes);
        if (refusal.isEmpty()) {
          return Verdict.accepted(new Candidate(device, port, gid(port, wishes)));
        }
        refusals.add(refusal);
      }
    }
    return Verdict.refused(
        device, refusals.isEmpty() ? "has no ports" : String.join(", ", refusals));
  }

  private static String refusal(RdmaPort port, DeviceWishes wishes) {
    String name = "port " + port.number();
    if (!port.isActive()) {
      return name + " is " + (port.state().isEmpty() ? "in an unknown state" : port.state());
    }
    if (!port.pkeys().isEmpty() && !port.pkeys().containsKey(wishes.pkeyIndex())) {
      return "%s has no P_Key at index %d, only at %s"
          .formatted(name, wishes.pkeyIndex(), join(port.pkeys().keySet()));
    }
    if (wishes.gidIndex() >= 0 && port.gid(wishes.gidIndex()).isEmpty()) {
      return "%s has no GID at index %d, only %s"
          .formatted(name, wishes.gidIndex(), port.gids().isEmpty() ? "none" : join(port.gids()));
    }
    if (wishes.gidIndex() < 0 && port.bestGid().isEmpty()) {
      return name
          + " has no GID"
          + (port.isEthernet() && !port.netdev().isEmpty()
              ? " because its interface " + port.netdev() + " has no address"
              : "");
    }
    return "";
  }

  private static Gid gid(RdmaPort port, DeviceWishes wishes) {
    return (wishes.gidIndex() < 0 ? port.bestGid() : port.gid(wishes.gidIndex())).orElseThrow();
  }

  private static String ports(RdmaDevice device) {
    return device.ports().isEmpty()
        ? "none"
        : "port " + join(device.ports().stream().map(RdmaPort::number).toList());
  }

  private static String join(Iterable<?> things) {
    List<String> texts = new ArrayList<>();
    things.forEach(thing -> texts.add(thing.toString()));
    return texts.stream().collect(Collectors.joining(", "));
  }

  String name() {
    return device.name();
  }

  @Override
  public String toString() {
    String link = port.rate().isEmpty() ? port.linkLayer() : port.linkLayer() + ", " + port.rate();
    return "RDMA device %s port %d (%s) with %s".formatted(device.name(), port.number(), link, gid);
  }

  /**
   * What became of a device.
   *
   * @param device the device
   * @param candidate what would be used of it; null when it is refused
   * @param refusal a clause with the device as its subject left out; empty when it is accepted
   */
  record Verdict(RdmaDevice device, Candidate candidate, String refusal) {
    static Verdict accepted(Candidate candidate) {
      return new Verdict(candidate.device(), candidate, "");
    }

    static Verdict refused(RdmaDevice device, String refusal) {
      return new Verdict(device, null, refusal);
    }

    boolean isAccepted() {
      return candidate != null;
    }

    @Override
    public String toString() {
      return device.name() + " (" + (isAccepted() ? "usable" : refusal) + ")";
    }
  }
}

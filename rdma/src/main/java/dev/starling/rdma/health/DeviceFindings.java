package dev.starling.rdma.health;

import dev.starling.engine.health.Finding;
import dev.starling.jextract.NativeAccessException;
import dev.starling.rdma.device.Gid;
import dev.starling.rdma.device.RdmaDevice;
import dev.starling.rdma.device.RdmaPort;
import dev.starling.rdma.disni.AtomicCapability;
import dev.starling.rdma.disni.DeviceLimits;
import dev.starling.rdma.disni.PortInfo;
import dev.starling.rdma.disni.VerbsException;
import java.util.ArrayList;
import java.util.List;

/** What there is to say about one device. */
final class DeviceFindings {
  /** The largest payload of a packet, {@code IBV_MTU_4096}. */
  private static final int LARGEST_MTU = 4096;

  private final RdmaDevice device;
  private final List<Finding> findings = new ArrayList<>();

  private DeviceFindings(RdmaDevice device) {
    this.device = device;
  }

  /** Lists the device, its ports and their addresses. */
  static List<Finding> of(RdmaDevice device, DeviceQuery query) {
    DeviceFindings found = new DeviceFindings(device);
    DeviceQuery.Answer answer = found.ask(query);
    for (RdmaPort port : device.ports()) {
      found.port(port, answer == null ? null : answer.ports().get(port.number()));
    }
    return found.findings;
  }

  private DeviceQuery.Answer ask(DeviceQuery query) {
    String where =
        "%s%s%s"
            .formatted(
                device.firmware().isEmpty() ? "" : "firmware " + device.firmware() + ", ",
                device.pci().address().isEmpty()
                    ? "no PCI device"
                    : "PCI " + device.pci().address(),
                device.numaNode() < 0 ? ", NUMA node unknown" : ", NUMA node " + device.numaNode());
    try {
      DeviceQuery.Answer answer = query.ask(device);
      limits(where, answer.limits());
      return answer;
    } catch (VerbsException | NativeAccessException failure) {
      findings.add(
          Finding.note(
              device.name(),
              where + ", could not be asked: " + failure.getMessage(),
              "see the lines above; 'ibv_devinfo' shows whether other programs can open it"));
      return null;
    }
  }

  private void limits(String where, DeviceLimits limits) {
    String what =
        "%s, atomics %s, max_qp_wr %d, max_qp_rd_atom %d in and %d out"
            .formatted(
                where,
                limits.atomicCap(),
                limits.maxQpWr(),
                limits.maxQpRdAtom(),
                limits.maxQpInitRdAtom());
    findings.add(
        limits.atomicCap() == AtomicCapability.NONE
            ? Finding.note(
                device.name(),
                what + ": lock words need atomics, so it cannot be used",
                "use another device, or another driver or firmware")
            : Finding.ok(device.name(), what));
  }

  private void port(RdmaPort port, PortInfo info) {
    String subject = device.name() + " port " + port.number();
    String what =
        "%s, %s%s%s%s"
            .formatted(
                port.state(),
                port.linkLayer(),
                port.rate().isEmpty() ? "" : ", " + port.rate(),
                port.netdev().isEmpty() ? "" : ", interface " + port.netdev(),
                info == null || !port.isActive() ? "" : ", MTU " + info.activeMtuBytes());
    if (!port.isActive()) {
      findings.add(Finding.note(subject, what, cure(port)));
      return;
    }
    findings.add(
        port.isEthernet() && info != null && info.activeMtuBytes() < LARGEST_MTU
            ? Finding.note(
                subject,
                what + ": small packets cost speed",
                "let the interface%s and its switch carry frames of 4200 bytes or more (ip link set"
                        .formatted(port.netdev().isEmpty() ? "" : " " + port.netdev())
                    + " ... mtu 9000), on every host alike")
            : Finding.ok(subject, what));
    addresses(port, subject);
  }

  private void addresses(RdmaPort port, String subject) {
    if (port.bestGid().isEmpty()) {
      findings.add(
          Finding.note(
              subject, "has no address (GID)", "give its network interface an IP address"));
    }
    int best = port.bestGid().map(Gid::index).orElse(-1);
    for (Gid gid : port.gids()) {
      findings.add(Finding.ok(subject, gid + (gid.index() == best ? ", would be used" : "")));
    }
  }

  private static String cure(RdmaPort port) {
    if (port.isEthernet()) {
      return "connect it and bring its interface up (ip link set %s up)"
          .formatted(port.netdev().isEmpty() ? "..." : port.netdev());
    }
    return port.state().equals("INIT")
        ? "start a subnet manager on the network (opensm, or that of the switch)"
        : "connect it; 'ibstat' shows its physical state";
  }
}

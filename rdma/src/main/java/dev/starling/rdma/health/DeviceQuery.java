package dev.starling.rdma.health;

import dev.starling.rdma.device.RdmaDevice;
import dev.starling.rdma.device.RdmaPort;
import dev.starling.rdma.disni.DeviceLimits;
import dev.starling.rdma.disni.FfmContext;
import dev.starling.rdma.disni.PortInfo;
import java.util.Map;
import java.util.TreeMap;

/** Asks a device what it can do. */
@FunctionalInterface
interface DeviceQuery {
  /**
   * What a device answers.
   *
   * @param limits what it can do
   * @param ports its ports by number
   */
  record Answer(DeviceLimits limits, Map<Integer, PortInfo> ports) {}

  /**
   * Asks.
   *
   * @throws dev.starling.rdma.disni.VerbsException if the device cannot be opened or does not
   *     answer
   * @throws dev.starling.jextract.NativeAccessException if libibverbs cannot be called
   */
  Answer ask(RdmaDevice device);

  /** Opens the device with libibverbs, asks, and closes it. */
  static Answer byVerbs(RdmaDevice device) {
    try (FfmContext context = FfmContext.open(device.name())) {
      Map<Integer, PortInfo> ports = new TreeMap<>();
      for (RdmaPort port : device.ports()) {
        ports.put(port.number(), context.port(port.number()));
      }
      return new Answer(context.limits(), ports);
    }
  }
}

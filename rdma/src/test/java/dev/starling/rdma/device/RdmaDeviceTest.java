package dev.starling.rdma.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.health.SystemFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RdmaDeviceTest {
  private static final String SWITCH = "pci0000:15/0000:15:01.0/0000:16:00.0";

  @TempDir Path root;
  private FakeMachine machine;

  @BeforeEach
  void createMachine() throws IOException {
    machine = new FakeMachine(root);
  }

  private RdmaDevice only() {
    List<RdmaDevice> devices = RdmaDevice.list(machine.files());
    assertEquals(1, devices.size());
    return devices.getFirst();
  }

  @Test
  void shouldListNothingWhenNoDriverIsLoaded() {
    assertEquals(List.of(), RdmaDevice.list(new SystemFiles(root.resolve("missing"))));
  }

  @Test
  void shouldListDevicesByNumberWhenThereAreMoreThanTen() throws IOException {
    machine.device("mlx5_10", SWITCH + "/0000:1a:00.0", 0);
    machine.device("mlx5_2", SWITCH + "/0000:1b:00.0", 0);
    machine.device("ibp65s0", SWITCH + "/0000:1c:00.0", 0);
    assertEquals(
        List.of("ibp65s0", "mlx5_2", "mlx5_10"),
        RdmaDevice.list(machine.files()).stream().map(RdmaDevice::name).toList());
  }

  @Test
  void shouldReadFirmwareBusPathAndNodeWhenItIsAFunctionOfTheBus() throws IOException {
    machine.device("mlx5_0", SWITCH + "/0000:17:00.0", 1);
    RdmaDevice device = only();
    assertEquals("20.31.1014", device.firmware());
    assertEquals(1, device.numaNode());
    assertEquals(List.of(SWITCH.split("/")), device.pci().steps().subList(0, 3));
    assertEquals("0000:17:00.0", device.pci().address());
  }

  @Test
  void shouldReadStateLinkAndPartitionsOfEachPort() throws IOException {
    machine.device("mlx5_0", SWITCH + "/0000:17:00.0", 0);
    machine.infiniBand("mlx5_0");
    machine.port("mlx5_0", 2, "1: DOWN", "Ethernet", "10 Gb/sec (1X QDR)");
    machine.file("sys/class/infiniband/mlx5_0/ports/1/pkeys/3", "0x8001");
    RdmaDevice device = only();
    assertEquals(1, device.activePorts());
    RdmaPort first = device.port(1).orElseThrow();
    assertTrue(first.isActive());
    assertFalse(first.isEthernet());
    assertEquals("200 Gb/sec (4X HDR)", first.rate());
    assertEquals(Map.of(0, 0xffff, 3, 0x8001), first.pkeys());
    RdmaPort second = device.port(2).orElseThrow();
    assertEquals("DOWN", second.state());
    assertTrue(second.isEthernet());
    assertTrue(device.port(3).isEmpty());
  }

  @Test
  void shouldLeaveOutAddressesThatAreNotSet() throws IOException {
    machine.device("mlx5_0", SWITCH + "/0000:17:00.0", 0);
    machine.port("mlx5_0", 1, "4: ACTIVE", "Ethernet", "100 Gb/sec (4X EDR)");
    machine.gid("mlx5_0", 1, 0, "0000:0000:0000:0000:0000:0000:0000:0000", "RoCE v2", "");
    machine.gid("mlx5_0", 1, 10, "0000:0000:0000:0000:0000:ffff:0a09:0001", "RoCE v2", "eth2");
    machine.gid("mlx5_0", 1, 9, "fe80:0000:0000:0000:5054:00ff:fe12:3456", "IB/RoCE v1", "eth2");
    RdmaPort port = only().port(1).orElseThrow();
    assertEquals("eth2", port.netdev());
    assertEquals(
        List.of(
            "GID 9 (IB/RoCE v1, fe80:0:0:0:5054:ff:fe12:3456 on eth2)",
            "GID 10 (RoCE v2, ::ffff:10.9.0.1 on eth2)"),
        port.gids().stream().map(Gid::toString).toList());
  }

  @Test
  void shouldTakeTheInterfacesPlaceWhenTheDeviceIsSoftRoce() throws IOException {
    machine.soft("rxe0", "eth0", SWITCH + "/0000:17:00.0");
    machine.port("rxe0", 1, "4: ACTIVE", "Ethernet", "2.5 Gb/sec (1X SDR)");
    RdmaDevice device = only();
    assertEquals("eth0", device.port(1).orElseThrow().netdev());
    assertEquals("0000:17:00.0", device.pci().address());
    assertEquals(0, device.numaNode());
  }

  @Test
  void shouldHaveNoPlaceWhenSoftRoceIsOnLoopback() throws IOException {
    machine.soft("rxe0", "lo", "");
    machine.port("rxe0", 1, "4: ACTIVE", "Ethernet", "2.5 Gb/sec (1X SDR)");
    RdmaDevice device = only();
    assertEquals(PciPath.NONE, device.pci());
    assertEquals(-1, device.numaNode());
    assertEquals("", device.firmware());
  }

  @Test
  void shouldNameTheInterfaceOfThePortWhenItHasNoAddress() throws IOException {
    String path = SWITCH + "/0000:17:00.0";
    machine.device("mlx4_0", path, 0);
    machine.port("mlx4_0", 1, "1: DOWN", "Ethernet", "");
    machine.port("mlx4_0", 2, "1: DOWN", "Ethernet", "");
    machine.file("sys/devices/" + path + "/net/enp1/dev_port", "0");
    machine.file("sys/devices/" + path + "/net/enp1d1/dev_port", "1");
    RdmaDevice device = only();
    assertEquals(List.of("enp1", "enp1d1"), device.ports().stream().map(RdmaPort::netdev).toList());
  }

  @Test
  void shouldReadNothingWhereTheKernelRefusesAnEntry() throws IOException {
    machine.device("mlx5_0", SWITCH + "/0000:17:00.0", 0);
    // Reading a directory fails as reading an unset entry of gid_attrs does.
    Files.createDirectories(root.resolve("sys/class/infiniband/mlx5_0/ports/1/rate"));
    RdmaPort port = only().port(1).orElseThrow();
    assertEquals("", port.rate());
    assertFalse(port.isActive());
  }
}

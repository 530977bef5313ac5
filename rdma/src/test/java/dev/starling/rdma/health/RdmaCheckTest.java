package dev.starling.rdma.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.Finding.Level;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.Workload;
import dev.starling.rdma.FakeVerbs;
import dev.starling.rdma.device.DeviceProbe;
import dev.starling.rdma.device.FakeMachine;
import dev.starling.rdma.disni.AtomicCapability;
import dev.starling.rdma.disni.DeviceLimits;
import dev.starling.rdma.disni.LinkLayer;
import dev.starling.rdma.disni.PortInfo;
import dev.starling.rdma.disni.PortState;
import dev.starling.rdma.disni.VerbsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RdmaCheckTest {
  private static final Workload WORKLOAD = new Workload(4, 1_000_000);
  private static final String SLOT = "pci0000:15/0000:18:00.0";

  @TempDir Path root;
  private FakeMachine machine;
  private AtomicCapability atomics = AtomicCapability.HCA;
  private int mtu = 4096;

  @BeforeEach
  void createMachine() throws IOException {
    machine = new FakeMachine(root).file("dev/infiniband/uverbs0", "");
  }

  @AfterEach
  void resetTheFake() {
    if (FakeVerbs.isFake()) {
      FakeVerbs.reset();
    }
  }

  private DeviceQuery.Answer answer() {
    DeviceLimits limits =
        new DeviceLimits(1, 32_768, 30, 1, 1, Long.MAX_VALUE, 16, 8, atomics, 1, "20.31.1014");
    PortInfo port =
        new PortInfo(PortState.ACTIVE, LinkLayer.INFINIBAND, 1, mtu, 5, 1 << 30, 8, 128);
    return new DeviceQuery.Answer(limits, Map.of(1, port));
  }

  private List<Finding> examine() {
    return examine(device -> answer(), device -> Optional.empty());
  }

  private List<Finding> examine(DeviceQuery query, DeviceProbe probe) {
    return new RdmaCheck(machine.files(), query, probe).examine(WORKLOAD);
  }

  private static Finding find(List<Finding> findings, String subject) {
    return findings.stream().filter(f -> f.subject().equals(subject)).findFirst().orElseThrow();
  }

  private void infiniBand() throws IOException {
    machine.device("mlx5_0", SLOT, 1).infiniBand("mlx5_0");
  }

  private void roce(String state) throws IOException {
    machine.soft("rxe0", "eth0", "").port("rxe0", 1, state, "Ethernet", "2.5 Gb/sec (1X SDR)");
  }

  @Test
  void shouldSayThatThereIsNoDeviceWhenTheKernelListsNone() {
    List<Finding> findings = examine();
    assertEquals("devices", findings.getLast().subject());
    assertEquals(Level.NOTE, findings.getLast().level());
    assertTrue(findings.getLast().cure().contains("load its driver"));
  }

  @Test
  void shouldDescribeDevicePortAddressAndChoice() throws IOException {
    infiniBand();
    List<Finding> findings = examine();
    assertEquals(
        Finding.ok(
            "mlx5_0",
            "firmware 20.31.1014, PCI 0000:18:00.0, NUMA node 1, atomics HCA, max_qp_wr 32768,"
                + " max_qp_rd_atom 16 in and 8 out"),
        find(findings, "mlx5_0"));
    assertEquals(
        List.of(
            Finding.ok("mlx5_0 port 1", "ACTIVE, InfiniBand, 200 Gb/sec (4X HDR), MTU 4096"),
            Finding.ok(
                "mlx5_0 port 1", "GID 0 (IB/RoCE v1, fe80:0:0:0:2:c903:0:1), would be used")),
        findings.stream().filter(f -> f.subject().equals("mlx5_0 port 1")).toList());
    assertTrue(find(findings, "choice").what().startsWith("RDMA device mlx5_0 port 1 ("));
    assertEquals(
        Finding.ok("/dev/infiniband/uverbs0", "this user may open it"),
        find(findings, "/dev/infiniband/uverbs0"));
  }

  @Test
  void shouldNoteThatADeviceWithoutAtomicsCannotBeUsed() throws IOException {
    infiniBand();
    atomics = AtomicCapability.NONE;
    List<Finding> findings =
        examine(device -> answer(), device -> Optional.of("reports ATOMIC_NONE"));
    assertEquals(Level.NOTE, find(findings, "mlx5_0").level());
    Finding choice = find(findings, "choice");
    assertEquals(Level.NOTE, choice.level());
    assertTrue(choice.what().endsWith("mlx5_0 (reports ATOMIC_NONE)"), choice::what);
    assertTrue(choice.cure().startsWith("bring up a port"), choice::cure);
  }

  @Test
  void shouldNoteSmallPacketsAndPortsThatAreDown() throws IOException {
    roce("4: ACTIVE");
    mtu = 1024;
    Finding small = find(examine(), "rxe0 port 1");
    assertEquals(Level.NOTE, small.level());
    assertTrue(small.what().contains("MTU 1024"), small::what);
    roce("1: DOWN");
    Finding down = find(examine(), "rxe0 port 1");
    assertEquals(Level.NOTE, down.level());
    assertTrue(down.cure().contains("ip link set eth0 up"), down::cure);
  }

  @Test
  void shouldNoteThatAPortHasNoAddress() throws IOException {
    roce("4: ACTIVE");
    assertTrue(
        examine()
            .contains(
                Finding.note(
                    "rxe0 port 1",
                    "has no address (GID)",
                    "give its network interface an IP address")));
  }

  @Test
  void shouldAskForASubnetManagerWhenAPortIsOnlyInitialised() throws IOException {
    machine.device("mlx5_0", SLOT, 0).port("mlx5_0", 1, "2: INIT", "InfiniBand", "");
    assertTrue(find(examine(), "mlx5_0 port 1").cure().contains("opensm"));
  }

  @Test
  void shouldListTheDeviceFromItsFilesWhenItCannotBeOpened() throws IOException {
    infiniBand();
    List<Finding> findings =
        examine(
            device -> {
              throw new VerbsException(device.name(), "ibv_open_device", 13, "denied");
            },
            device -> Optional.of("cannot be asked"));
    assertTrue(find(findings, "mlx5_0").what().endsWith("could not be asked: denied"));
    assertTrue(find(findings, "mlx5_0 port 1").what().startsWith("ACTIVE, InfiniBand"));
  }

  @Test
  void shouldNameTheCureWhenThereAreNoDeviceFiles() throws IOException {
    infiniBand();
    Files.delete(root.resolve("dev/infiniband/uverbs0"));
    assertTrue(find(examine(), "/dev/infiniband").cure().contains("ib_uverbs"));
  }

  @Test
  void shouldFindAProblemWhenAReplicaCannotBeRegistered() throws IOException {
    infiniBand();
    machine.file(
        "proc/self/limits",
        "Max locked memory         8388608              8388608              bytes");
    Finding registration = find(examine(), "registration");
    assertEquals(Level.PROBLEM, registration.level());
    assertTrue(registration.what().endsWith("may register 8.0 MiB"), registration::what);
    assertTrue(registration.cure().startsWith("ulimit -l unlimited"), registration::cure);
  }

  @Test
  void shouldAskTheDeviceThroughTheLibrary() throws IOException {
    String device = FakeVerbs.device();
    assumeTrue(FakeVerbs.isFake(), "the files of this test describe the fake device");
    machine.device(device, SLOT, 0).infiniBand(device);
    List<Finding> findings = examine(DeviceQuery::byVerbs, DeviceProbe.VERBS);
    assertEquals(Level.OK, find(findings, device).level(), findings::toString);
    assertTrue(find(findings, device).what().contains("atomics HCA"), findings::toString);
    assertEquals(Level.OK, find(findings, "choice").level(), findings::toString);
    FakeVerbs.setDevice(0, "atomic_cap", 0);
    List<Finding> without = examine(DeviceQuery::byVerbs, DeviceProbe.VERBS);
    assertEquals(Level.NOTE, find(without, device).level(), without::toString);
    assertTrue(find(without, "choice").what().contains("reports ATOMIC_NONE"), without::toString);
    assertEquals(0, FakeVerbs.live("context"), "every device was closed");
  }

  @Test
  void shouldBeFoundByTheServiceLoader() {
    assertEquals(
        List.of("rdma"),
        ServiceLoader.load(HealthCheck.class).stream().map(p -> p.get().area()).toList());
  }
}

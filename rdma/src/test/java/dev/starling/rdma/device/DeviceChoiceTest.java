package dev.starling.rdma.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceChoiceTest {
  private static final String LEFT = "pci0000:15/0000:15:01.0/0000:16:00.0";
  private static final String RIGHT = "pci0000:85/0000:85:01.0/0000:86:00.0";
  private static final String IPV4 = "0000:0000:0000:0000:0000:ffff:0a09:0001";
  private static final String GLOBAL = "2001:0db8:0000:0000:0000:0000:0000:0001";
  private static final String LINK_LOCAL = "fe80:0000:0000:0000:5054:00ff:fe12:3456";
  private static final String V1 = "IB/RoCE v1";
  private static final String V2 = "RoCE v2";

  private final Map<String, String> refusals = new HashMap<>();

  @TempDir Path root;
  private FakeMachine machine;

  @BeforeEach
  void createMachine() throws IOException {
    machine = new FakeMachine(root);
  }

  /** Two sockets with a GPU and an InfiniBand device on a switch of each. */
  private void twoSockets() throws IOException {
    machine.node(0, "0-3", "10 21").node(1, "4-7", "21 10");
    machine.gpu(LEFT + "/0000:17:00.0", 0).gpu(RIGHT + "/0000:87:00.0", 1);
    machine.device("mlx5_0", LEFT + "/0000:18:00.0", 0).infiniBand("mlx5_0");
    machine.device("mlx5_1", RIGHT + "/0000:88:00.0", 1).infiniBand("mlx5_1");
  }

  private void roce() throws IOException {
    machine.soft("rxe0", "eth0", "");
    machine.port("rxe0", 1, "4: ACTIVE", "Ethernet", "2.5 Gb/sec (1X SDR)");
  }

  private Choice choose(DeviceWishes wishes) {
    return DeviceChoice.choose(
        wishes, machine.files(), name -> Optional.ofNullable(refusals.get(name)));
  }

  private Choice choose() {
    return choose(DeviceWishes.none());
  }

  private String refused(DeviceWishes wishes) {
    return assertThrows(ConfigurationException.class, () -> choose(wishes)).getMessage();
  }

  private String unusable() {
    StarlingException failure = assertThrows(StarlingException.class, this::choose);
    assertFalse(failure instanceof ConfigurationException);
    return failure.getMessage();
  }

  @Test
  void shouldTakeTheOnlyDeviceWhenThereIsOne() throws IOException {
    machine.device("mlx5_0", LEFT + "/0000:18:00.0", 0).infiniBand("mlx5_0");
    assertEquals(
        new Choice(
            "mlx5_0",
            1,
            0,
            "RDMA device mlx5_0 port 1 (InfiniBand, 200 Gb/sec (4X HDR)) with GID 0 (IB/RoCE v1,"
                + " fe80:0:0:0:2:c903:0:1): the only device that can be used"),
        choose());
  }

  @Test
  void shouldTakeTheDeviceOfTheGpusSwitchWhenAGpuIsNamed() throws IOException {
    twoSockets();
    Choice choice = choose(DeviceWishes.none().withNearPci("00000000:87:00.0"));
    assertEquals("mlx5_1", choice.device());
    assertTrue(
        choice.reason().endsWith(": the nearest to the GPU 0000:87:00.0 of mlx5_0, mlx5_1"),
        choice.reason());
    assertEquals("mlx5_0", choose(DeviceWishes.none().withNearPci("0000:17:00.0")).device());
  }

  @Test
  void shouldTakeTheDeviceOfTheGpusNodeWhenNoneSharesItsBus() throws IOException {
    twoSockets();
    machine.gpu("pci0000:a0/0000:a1:00.0", 1);
    Choice choice = choose(DeviceWishes.none().withNearPci("0000:A1:00.0"));
    assertEquals("mlx5_1", choice.device());
    assertTrue(choice.reason().contains(": the nearest to NUMA node 1 of"), choice.reason());
  }

  @Test
  void shouldTakeTheDeviceOfTheProcessesNodeWhenItMayRunOnOneOnly() throws IOException {
    twoSockets();
    machine.allowed("5,7");
    assertEquals("mlx5_1", choose().device());
    machine.allowed("1-2");
    assertEquals("mlx5_0", choose().device());
  }

  @Test
  void shouldTakeTheFirstByNameWhenTheProcessMayRunOnAllNodes() throws IOException {
    twoSockets();
    machine.allowed("0-7");
    Choice choice = choose();
    assertEquals("mlx5_0", choice.device());
    assertTrue(choice.reason().endsWith(": the first by name of mlx5_0, mlx5_1"), choice.reason());
  }

  @Test
  void shouldPreferTheNodeThatIsAskedForToThatOfTheProcess() throws IOException {
    twoSockets();
    assertEquals("mlx5_1", choose(DeviceWishes.none().withNumaNode(1)).device());
    assertEquals(
        "this machine has no NUMA node 2, only [0, 1]: choose one of them",
        refused(DeviceWishes.none().withNumaNode(2)));
  }

  @Test
  void shouldTakeTheNearerNodeByTheFirmwaresTableWhenNoneIsTheWorkers() throws IOException {
    twoSockets();
    machine.node(2, "8-11", "31 12 10").allowed("8-11");
    assertEquals("mlx5_1", choose().device());
  }

  @Test
  void shouldNameWhatWasLeftOutWhenDevicesCannotBeUsed() throws IOException {
    twoSockets();
    machine.device("mlx5_2", LEFT + "/0000:19:00.0", 0);
    machine.port("mlx5_2", 1, "1: DOWN", "InfiniBand", "10 Gb/sec (4X SDR)");
    refusals.put("mlx5_0", "reports ATOMIC_NONE");
    Choice choice = choose();
    assertEquals("mlx5_1", choice.device());
    assertTrue(
        choice
            .reason()
            .endsWith(
                ": the only device that can be used; left out: mlx5_0 (reports ATOMIC_NONE),"
                    + " mlx5_2 (port 1 is DOWN)"),
        choice.reason());
  }

  @Test
  void shouldRefuseADeviceWithoutAtomicsWhenItIsAskedFor() throws IOException {
    twoSockets();
    refusals.put("mlx5_0", "reports ATOMIC_NONE");
    assertEquals(
        "RDMA device mlx5_0 cannot be used: reports ATOMIC_NONE; this machine has mlx5_0 (port 1"
            + " ACTIVE, InfiniBand), mlx5_1 (port 1 ACTIVE, InfiniBand): choose another one, or"
            + " cure that",
        refused(DeviceWishes.none().withDevice("mlx5_0")));
  }

  @Test
  void shouldObeyWhenADeviceIsAskedForThoughAnotherIsNearer() throws IOException {
    twoSockets();
    Choice choice = choose(DeviceWishes.none().withDevice("mlx5_1").withNearPci("0000:17:00.0"));
    assertEquals("mlx5_1", choice.device());
    assertTrue(choice.reason().endsWith(": as asked for"), choice.reason());
  }

  @Test
  void shouldListTheDevicesWhenTheOneAskedForDoesNotExist() throws IOException {
    twoSockets();
    assertEquals(
        "this machine has no RDMA device 'mlx5_7', only mlx5_0, mlx5_1: choose one of them",
        refused(DeviceWishes.none().withDevice("mlx5_7")));
  }

  @Test
  void shouldAskOnlyTheNamedDeviceWhenOneIsNamed() throws IOException {
    twoSockets();
    Choice choice =
        DeviceChoice.choose(
            DeviceWishes.none().withDevice("mlx5_1"),
            machine.files(),
            name -> {
              assertEquals("mlx5_1", name);
              return Optional.empty();
            });
    assertEquals("mlx5_1", choice.device());
  }

  @Test
  void shouldTakeTheFirstActivePortWhenNoneIsAskedFor() throws IOException {
    machine.device("mlx5_0", LEFT + "/0000:18:00.0", 0);
    machine.port("mlx5_0", 1, "2: INIT", "InfiniBand", "");
    machine.port("mlx5_0", 2, "4: ACTIVE", "InfiniBand", "");
    machine.gid("mlx5_0", 2, 0, LINK_LOCAL, V1, "");
    assertEquals(2, choose().port());
    assertTrue(
        refused(DeviceWishes.none().withPort(1)).contains("mlx5_0 (port 1 is INIT): ask for less"));
    assertTrue(
        refused(DeviceWishes.none().withDevice("mlx5_0").withPort(3))
            .contains("mlx5_0 cannot be used: has no port 3, only port 1, 2; this machine has"));
  }

  @Test
  void shouldPreferRoceVersionTwoWithIpv4() throws IOException {
    roce();
    machine.gid("rxe0", 1, 0, LINK_LOCAL, V1, "eth0").gid("rxe0", 1, 1, LINK_LOCAL, V2, "eth0");
    assertEquals(0, choose().gidIndex());
    machine.gid("rxe0", 1, 3, GLOBAL, V1, "eth0").gid("rxe0", 1, 4, GLOBAL, V2, "eth0");
    assertEquals(4, choose().gidIndex());
    machine.gid("rxe0", 1, 6, IPV4, V1, "eth0").gid("rxe0", 1, 7, IPV4, V2, "eth0");
    Choice choice = choose();
    assertEquals(7, choice.gidIndex());
    assertTrue(
        choice.reason().contains(" with GID 7 (RoCE v2, ::ffff:10.9.0.1 on eth0): "),
        choice.reason());
  }

  @Test
  void shouldObeyOrListTheAddressesWhenOneIsAskedFor() throws IOException {
    roce();
    machine.gid("rxe0", 1, 0, LINK_LOCAL, V2, "eth0").gid("rxe0", 1, 1, IPV4, V2, "eth0");
    assertEquals(0, choose(DeviceWishes.none().withGidIndex(0)).gidIndex());
    assertTrue(
        refused(DeviceWishes.none().withGidIndex(5))
            .contains(
                "port 1 has no GID at index 5, only GID 0 (RoCE v2, fe80:0:0:0:5054:ff:fe12:3456 on"
                    + " eth0), GID 1 (RoCE v2, ::ffff:10.9.0.1 on eth0)"));
  }

  @Test
  void shouldObeyOrListThePartitionsWhenOneIsAskedFor() throws IOException {
    twoSockets();
    machine.file("sys/class/infiniband/mlx5_1/ports/1/pkeys/1", "0x8001");
    assertEquals("mlx5_1", choose(DeviceWishes.none().withPkeyIndex(1)).device());
    assertTrue(
        refused(DeviceWishes.none().withPkeyIndex(2))
            .contains("mlx5_1 (port 1 has no P_Key at index 2, only at 0, 1): ask for less"));
  }

  @Test
  void shouldListTheGpusWhenTheAddressIsNotOnTheBus() throws IOException {
    twoSockets();
    assertTrue(
        refused(DeviceWishes.none().withNearPci("0000:99:00.0"))
            .contains("(display and 3D controllers there: 0000:17:00.0, 0000:87:00.0)"));
  }

  @Test
  void shouldSayThatThereIsNoDeviceWhenTheKernelListsNone() {
    assertTrue(unusable().startsWith("this machine has no RDMA device ("), this::unusable);
    assertTrue(
        refused(DeviceWishes.none().withDevice("mlx5_0"))
            .startsWith("RDMA device mlx5_0: this machine has no RDMA device ("));
  }

  @Test
  void shouldNameEveryDeviceWhenNoneCanBeUsed() throws IOException {
    twoSockets();
    roce();
    refusals.put("mlx5_0", "reports ATOMIC_NONE");
    refusals.put("mlx5_1", "reports ATOMIC_NONE");
    assertEquals(
        "no RDMA device of this machine can be used: mlx5_0 (reports ATOMIC_NONE), mlx5_1 (reports"
            + " ATOMIC_NONE), rxe0 (port 1 has no GID because its interface eth0 has no address):"
            + " bring up a port of a device that has atomics ('rdma link' lists them), or use the"
            + " fabric shm",
        unusable());
  }
}

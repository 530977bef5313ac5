package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.FabricProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerbsFabricProviderTest {
  @TempDir Path sysfs;

  private void device(String name, String numaNode, String... portStates) throws IOException {
    Path device = sysfs.resolve(name);
    Files.createDirectories(device.resolve("device"));
    Files.writeString(device.resolve("device/numa_node"), numaNode + "\n");
    for (int port = 1; port <= portStates.length; port++) {
      Path directory = Files.createDirectories(device.resolve("ports/" + port));
      Files.writeString(directory.resolve("state"), portStates[port - 1] + "\n");
      Files.writeString(directory.resolve("link_layer"), "InfiniBand\n");
    }
  }

  @Test
  void shouldListDevicesWithPortsAndNumaNode() throws IOException {
    device("mlx5_1", "1", "4: ACTIVE", "1: DOWN");
    device("mlx5_0", "-1", "1: DOWN");
    assertEquals(
        List.of(
            new RdmaDevice("mlx5_0", -1, 0, "InfiniBand"),
            new RdmaDevice("mlx5_1", 1, 1, "InfiniBand")),
        RdmaDevice.list(sysfs));
  }

  @Test
  void shouldSayThatThereIsNoDeviceWhenTheKernelListsNone() {
    VerbsFabricProvider provider = new VerbsFabricProvider(sysfs.resolve("missing"));
    assertTrue(provider.unavailableReason().orElseThrow().contains("no RDMA device"));
    assertTrue(
        assertThrows(StarlingException.class, provider::open)
            .getMessage()
            .endsWith("use the fabric shm"));
  }

  @Test
  void shouldNameTheDevicesWhenThereAreSome() throws IOException {
    device("mlx5_0", "0", "4: ACTIVE");
    assertEquals(
        "this version has no verbs fabric yet, although the machine has mlx5_0 with 1 active ports",
        new VerbsFabricProvider(sysfs).unavailableReason().orElseThrow());
  }

  @Test
  void shouldBeFoundByTheEnginesServiceLoader() {
    List<String> names =
        ServiceLoader.load(FabricProvider.class).stream().map(p -> p.get().name()).toList();
    assertEquals(List.of("verbs"), names);
  }
}

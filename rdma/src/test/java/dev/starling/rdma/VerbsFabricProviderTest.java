package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.fabric.FabricSettings;
import dev.starling.rdma.device.FakeMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerbsFabricProviderTest {
  private static final FabricSettings SETTINGS =
      new FabricSettings(null, Path.of("/dev/shm"), false, Map.of(), line -> {});

  @TempDir Path root;
  private FakeMachine machine;

  @BeforeEach
  void createMachine() throws IOException {
    machine = new FakeMachine(root);
  }

  @Test
  void shouldSayThatThereIsNoDeviceWhenTheKernelListsNone() {
    VerbsFabricProvider provider =
        new VerbsFabricProvider(machine.files(), device -> Optional.empty());
    assertTrue(provider.unavailableReason().orElseThrow().contains("no RDMA device"));
    assertTrue(
        assertThrows(StarlingException.class, () -> provider.open(SETTINGS))
            .getMessage()
            .endsWith("use the fabric shm"));
  }

  @Test
  void shouldNameTheDeviceWhenItHasNoAtomics() throws IOException {
    machine.device("mlx5_0", "pci0000:15/0000:17:00.0", 0).infiniBand("mlx5_0");
    assertEquals(
        "no RDMA device of this machine can be used: mlx5_0 (reports ATOMIC_NONE): bring up a port"
            + " of a device that has atomics ('rdma link' lists them), or use the fabric shm",
        new VerbsFabricProvider(machine.files(), device -> Optional.of("reports ATOMIC_NONE"))
            .unavailableReason()
            .orElseThrow());
  }

  @Test
  void shouldBeAvailableWhenADeviceHasAnActivePortAndAtomics() throws IOException {
    machine.device("mlx5_0", "pci0000:15/0000:17:00.0", 0).infiniBand("mlx5_0");
    assertTrue(
        new VerbsFabricProvider(machine.files(), device -> Optional.empty())
            .unavailableReason()
            .isEmpty());
  }

  @Test
  void shouldBeFoundByTheEnginesServiceLoader() {
    List<String> names =
        ServiceLoader.load(FabricProvider.class).stream().map(p -> p.get().name()).toList();
    assertEquals(List.of("verbs"), names);
  }
}

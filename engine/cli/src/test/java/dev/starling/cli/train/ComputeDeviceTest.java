package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.KernelsFactory;
import dev.starling.models.Models;
import dev.starling.models.Pass;
import dev.starling.models.PassFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComputeDeviceTest {
  private static TrainOptions options(String device) {
    TrainOptions options = new TrainOptions();
    options.device = device;
    options.combineThreads = 2;
    return options;
  }

  @Test
  void shouldComputeOnTheCpuWhenItIsAskedFor() {
    ComputeDevice device = ComputeDevice.choose(options("cpu"), rank -> rank, List.of());
    assertEquals("cpu", device.name());
    assertFalse(device.isPinning());
    assertTrue(device.reason().endsWith("2 threads): asked for"), device.reason());
    try (Kernels kernels = device.kernels().open(0);
        Pass pass = device.newPass(Models.parse("softmax", 4, 2), 3, 0)) {
      assertTrue(kernels.description().endsWith("2 threads"), kernels.description());
      assertEquals("DensePass", pass.getClass().getSimpleName());
    }
  }

  @Test
  void shouldNameWhatThereIsWhenTheDeviceIsUnknown() {
    ConfigurationException refused =
        assertThrows(
            ConfigurationException.class,
            () -> ComputeDevice.choose(options("mlx5_0"), rank -> rank, List.of()));
    assertTrue(
        refused.getMessage().startsWith("device=mlx5_0 is unknown: choose one of auto, cpu"),
        refused.getMessage());
  }

  @Test
  void shouldShareDevicesOutByTheRankAmongThoseOfTheHost() {
    List<Integer> opened = new ArrayList<>();
    ComputeDevice device =
        new ComputeDevice(
            "abacus",
            new KernelsFactory() {
              @Override
              public String description(int rank) {
                return "beads";
              }

              @Override
              public Kernels open(int rank) {
                throw new AssertionError("not asked for");
              }
            },
            new PassFactory() {
              @Override
              public String description() {
                return "beads";
              }

              @Override
              public Pass open(dev.starling.models.Model model, int maxBatch, int localRank) {
                opened.add(localRank);
                return model.newPass(maxBatch);
              }
            },
            rank -> rank % 8,
            "asked for");
    device.newPass(Models.parse("softmax", 4, 2), 3, 13).close();
    assertEquals(List.of(5), opened);
    assertTrue(device.isPinning());
  }

  @Test
  void shouldOpenNothingWhenTheWorkersAreOtherProcesses() {
    ComputeDevice device = ComputeDevice.ofOtherProcesses(options("auto"));
    assertEquals("device auto, as each worker's process finds it", device.kernels().description(0));
    assertThrows(IllegalStateException.class, () -> device.kernels().open(0));
  }
}

package dev.starling.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cuda.FakeCuda;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.KernelsFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which device a worker gets, how its memory is reached, and what the engine's line says. */
class CudaKernelsFactoryTest {
  private static final long VECTOR_BYTES = 4L << 20;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    FakeCuda.reset(System.nanoTime());
    PlacementProbe.forget();
  }

  @AfterEach
  void leave() {
    PlacementProbe.forget();
  }

  private static void assertClean() {
    assertEquals(List.of(), FakeCuda.violations());
    assertEquals(Map.of(), FakeCuda.live());
  }

  private static KernelsFactory open(Map<String, String> settings) {
    return new CudaKernelsProvider().open(settings);
  }

  private static String descriptionOf(KernelsFactory factory, int rank) {
    try (Kernels kernels = factory.open(rank)) {
      return kernels.description();
    }
  }

  @Test
  void shouldGiveEachRankTheNextDevice() {
    FakeCuda.setDevices(4, 80, FakeCuda.MEMORY_BYTES);
    KernelsFactory factory = open(Map.of("devices", "2, 0", "placement", "mapped"));
    assertEquals(0, FakeCuda.callCount("cuDevicePrimaryCtxRetain"), "nobody has taken a device");
    assertTrue(descriptionOf(factory, 0).contains("(device 2 of 4)"));
    assertTrue(descriptionOf(factory, 1).contains("(device 0 of 4)"));
    assertTrue(descriptionOf(factory, 2).contains("(device 2 of 4)"));
    assertTrue(
        factory.description(0).contains("(devices 2, 0 of 4)"), () -> factory.description(0));
    KernelsFactory colons = open(Map.of("devices", "2:0", "placement", "mapped"));
    assertEquals(factory.description(0), colons.description(0));
    assertClean();
  }

  @Test
  void shouldUseThePlacementThatIsSetWithoutMeasuring() {
    String staged = open(Map.of("placement", "staged")).description(0);
    assertTrue(
        staged.matches("CUDA, .+ \\(device 0 of 1\\), kernels over staged copies \\(as set\\)"),
        staged);
    String mapped = descriptionOf(open(Map.of("placement", "mapped")), 3);
    assertTrue(mapped.endsWith(", kernels over mapped host memory (as set)"), mapped);
    assertEquals(0, FakeCuda.count("launches"));
    assertClean();
  }

  @Test
  void shouldMeasureAndTakeTheFasterPlacement() {
    // Bytes per nanosecond: three vectors of five are copied in, two out, at the same time.
    FakeCuda.setRates(4000, 40, 10, 0);
    PlacementProbe.Rates rates = PlacementProbe.measure(0, VECTOR_BYTES);
    assertEquals(PlacementKind.MAPPED, rates.faster());
    assertEquals(40, rates.mapped(), 4);
    FakeCuda.setRates(4000, 5, 50, 0);
    rates = PlacementProbe.measure(0, VECTOR_BYTES);
    assertEquals(PlacementKind.STAGED, rates.faster());
    assertEquals(5, rates.mapped(), 0.5);
    assertTrue(rates.staged() > 50 && rates.staged() < 90, rates::toString);
    assertClean();
  }

  @Test
  void shouldSayWhatWasMeasured() {
    assertEquals(
        "kernels over mapped host memory (48.1 GB/s; staged 41.0 GB/s)",
        new PlacementProbe.Rates(48.1, 41).description());
    assertEquals(
        "kernels over staged copies (41.0 GB/s; mapped 8.1 GB/s)",
        new PlacementProbe.Rates(8.12, 41).description());
  }

  @Test
  void shouldMeasureEachDeviceOnce() {
    FakeCuda.setDevices(2, 80, FakeCuda.MEMORY_BYTES);
    FakeCuda.setEager(true);
    KernelsFactory factory = open(Map.of());
    String description = factory.description(0);
    assertTrue(
        description.matches("CUDA, .+ \\(devices 0, 1 of 2\\), kernels over .+ GB/s; .+ GB/s\\)"),
        description);
    long launches = FakeCuda.count("launches");
    assertTrue(launches > 0);
    descriptionOf(factory, 0);
    descriptionOf(open(Map.of("placement", "auto")), 2);
    assertEquals(launches, FakeCuda.count("launches"));
    descriptionOf(factory, 1);
    assertTrue(FakeCuda.count("launches") > launches, "the other device was not measured");
    assertClean();
  }

  @Test
  void shouldRefuseWhatCannotBeSet() {
    FakeCuda.setDevices(2, 80, FakeCuda.MEMORY_BYTES);
    for (Map<String, String> settings :
        List.of(
            Map.of("speed", "high"),
            Map.of("placement", "pinned"),
            Map.of("devices", ""),
            Map.of("devices", "0,"),
            Map.of("devices", "2"),
            Map.of("devices", "-1"),
            Map.of("devices", "0,0"))) {
      String message =
          assertThrows(ConfigurationException.class, () -> open(settings)).getMessage();
      assertTrue(message.contains(settings.keySet().iterator().next()), message);
    }
    assertEquals(
        new CudaSettings(Optional.empty(), List.of(0, 1, 2)), CudaSettings.of(Map.of(), 3));
    assertClean();
  }
}

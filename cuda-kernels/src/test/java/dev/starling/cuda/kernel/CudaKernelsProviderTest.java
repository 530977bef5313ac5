package dev.starling.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cuda.CudaDevice;
import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.KernelsProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaKernelsProviderTest {
  private static final String LIBRARY_PROPERTY = "starling.cuda.library";

  @TempDir Path driver;

  @AfterEach
  void forget() {
    System.clearProperty(LIBRARY_PROPERTY);
  }

  private void device(String busId, String... information) throws IOException {
    Path device = Files.createDirectories(driver.resolve(busId));
    Files.write(device.resolve("information"), List.of(information));
  }

  @Test
  void shouldListDevicesWithTheirModel() throws IOException {
    device("0000:98:00.0", "Model: \t\t NVIDIA H200", "IRQ:   \t\t 301");
    Files.createDirectories(driver.resolve("0000:17:00.0"));
    assertEquals(
        List.of(new CudaDevice("0000:17:00.0", ""), new CudaDevice("0000:98:00.0", "NVIDIA H200")),
        CudaDevice.list(driver));
  }

  @Test
  void shouldSayThatThereIsNoDeviceWhenTheDriverListsNone() {
    CudaKernelsProvider provider =
        new CudaKernelsProvider(driver.resolve("missing"), () -> Optional.of("no library"));
    System.setProperty(LIBRARY_PROPERTY, "/missing/libcuda.so.1");
    assertEquals(
        "this machine has no NVIDIA device (" + driver.resolve("missing") + " lists none)",
        provider.unavailableReason().orElseThrow());
    assertTrue(
        assertThrows(StarlingException.class, () -> provider.open(Map.of()))
            .getMessage()
            .endsWith("use the CPU"));
  }

  @Test
  void shouldGiveTheDriversReasonWhenThereAreDevices() throws IOException {
    device("0000:17:00.0", "Model: \t\t NVIDIA H200");
    assertEquals(
        Optional.of("no library"),
        new CudaKernelsProvider(driver, () -> Optional.of("no library")).unavailableReason());
    assertEquals(
        Optional.empty(), new CudaKernelsProvider(driver, Optional::empty).unavailableReason());
  }

  @Test
  void shouldGiveTheDriversReasonWhenItsLibraryIsThere() {
    System.setProperty(LIBRARY_PROPERTY, "libc.so.6");
    assertEquals(
        Optional.of("too old"),
        new CudaKernelsProvider(driver, () -> Optional.of("too old")).unavailableReason());
  }

  @Test
  void shouldBeFoundByTheEnginesServiceLoader() {
    List<String> names =
        ServiceLoader.load(KernelsProvider.class).stream().map(p -> p.get().name()).toList();
    assertEquals(List.of("cuda"), names);
  }
}

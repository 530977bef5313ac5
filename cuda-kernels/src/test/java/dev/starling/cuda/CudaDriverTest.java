package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Why CUDA cannot be used, each in one sentence. */
class CudaDriverTest {
  private static final String JCUDA = "libJCudaDriver-12.6.0-linux-x86_64.so";

  @TempDir Path folder;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    FakeCuda.reset(0);
  }

  @AfterEach
  void leave() {
    System.clearProperty(CudaDriver.LIBRARY_PROPERTY);
    FakeCuda.reset(0);
  }

  private static void assertReason(String... parts) {
    String reason = CudaDriver.examine().orElse("none");
    for (String part : parts) {
      assertTrue(reason.contains(part), reason);
    }
  }

  @Test
  void shouldBeUsableWhenThereIsADevice() {
    assertEquals(Optional.empty(), CudaDriver.examine());
    assertEquals(Optional.empty(), CudaDriver.unavailableReason());
    assertEquals(1, CudaDriver.deviceCount());
    assertEquals(0, FakeCuda.callCount("cuDevicePrimaryCtxRetain"), "looking takes no device");
  }

  @Test
  void shouldNameTheLibraryWhenItIsMissing() {
    System.setProperty(CudaDriver.LIBRARY_PROPERTY, "/missing/libcuda.so.1");
    assertReason("the library '/missing/libcuda.so.1' cannot be loaded", "starling.cuda.library");
    assertEquals(0, FakeCuda.callCount());
  }

  @Test
  void shouldRefuseADriverThatIsTooOld() {
    FakeCuda.setDriverVersion(11080);
    assertReason("the NVIDIA driver is of CUDA 11.8", "12.0");
    FakeCuda.setDriverVersion(12000);
    assertEquals(Optional.empty(), CudaDriver.examine());
  }

  @Test
  void shouldSayWhatTheDriverAnswers() {
    FakeCuda.setDevices(0, 80, FakeCuda.MEMORY_BYTES);
    assertReason("CUDA_VISIBLE_DEVICES");
    FakeCuda.setDevices(1, 80, FakeCuda.MEMORY_BYTES);
    for (String function : new String[] {"cuInit", "cuDriverGetVersion", "cuDeviceGetCount"}) {
      FakeCuda.fail(function, 1, CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH);
      assertReason("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (error 803)", "same version");
    }
  }

  @Test
  void shouldNotTouchJcudaWhenItsLibraryIsNotInTheLibraryPath() throws Exception {
    String reason = CudaDriver.jcudaReason("/missing" + File.pathSeparator + folder).orElse("none");
    assertTrue(reason.contains(JCUDA + " is not in java.library.path (/missing"), reason);
    assertTrue(reason.contains("-Djava.library.path=FOLDER"), reason);
    String found = System.getProperty("java.library.path");
    assertEquals(Optional.empty(), CudaDriver.jcudaReason("/missing" + File.pathSeparator + found));
  }

  @Test
  void shouldNotTouchJcudaWhenItsLibraryCannotBeLoaded() throws Exception {
    Path good =
        Arrays.stream(System.getProperty("java.library.path").split(File.pathSeparator))
            .map(path -> Path.of(path, JCUDA))
            .filter(Files::exists)
            .findFirst()
            .orElseThrow();
    // The same library, but it needs one that is not there.
    String bytes = Files.readString(good, StandardCharsets.ISO_8859_1);
    Files.writeString(
        folder.resolve(JCUDA),
        bytes.replace("libcuda.so.1", "libcuda.so.0"),
        StandardCharsets.ISO_8859_1);
    String reason = CudaDriver.jcudaReason(folder.toString()).orElse("none");
    assertTrue(reason.contains(folder.resolve(JCUDA) + " cannot be loaded"), reason);
    assertTrue(reason.contains("replace it by the one in jcuda-natives-12.6.0"), reason);
  }
}

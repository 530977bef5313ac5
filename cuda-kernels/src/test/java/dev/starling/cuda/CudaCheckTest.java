package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.Finding.Level;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaCheckTest {
  @TempDir Path root;

  @BeforeEach
  void hideTheLibrary() {
    System.setProperty(CudaDriver.LIBRARY_PROPERTY, "/missing/libcuda.so.1");
  }

  @AfterEach
  void showTheLibrary() {
    System.clearProperty(CudaDriver.LIBRARY_PROPERTY);
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
  }

  private void gpu() throws IOException {
    write("proc/driver/nvidia/gpus/0000:17:00.0/information", "Model: \t\t NVIDIA H200");
    write(
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build");
  }

  private Map<String, Finding> examine() {
    return new CudaCheck(new SystemFiles(root))
        .examine(new Workload(4, 1000)).stream()
            .collect(Collectors.toMap(Finding::subject, Function.identity()));
  }

  @Test
  void shouldSayThatThereIsNoGpuWhenTheDriverListsNone() {
    Map<String, Finding> findings = examine();
    assertEquals(1, findings.size());
    assertEquals(Level.NOTE, findings.get("devices").level());
  }

  @Test
  void shouldNameDriverAndModelWhenThereIsAGpu() throws IOException {
    gpu();
    write("dev/nvidiactl", "");
    write("dev/nvidia-uvm", "");
    write("dev/nvidia0", "");
    Map<String, Finding> findings = examine();
    assertEquals(Finding.ok("driver", "580.65.06"), findings.get("driver"));
    assertEquals(Finding.ok("0000:17:00.0", "NVIDIA H200"), findings.get("0000:17:00.0"));
    assertEquals(Finding.ok("/dev/nvidia0", "this user may open it"), findings.get("/dev/nvidia0"));
    assertEquals(Level.OK, findings.get("/dev/nvidia-uvm").level());
  }

  @Test
  void shouldNameTheCureWhenDeviceFilesAndLibraryAreMissing() throws IOException {
    gpu();
    Map<String, Finding> findings = examine();
    assertTrue(findings.get("/dev/nvidiactl").cure().contains("--gpus all"), findings::toString);
    assertTrue(findings.get("/dev/nvidia0").cure().contains("--gpus all"), findings::toString);
    Finding library = findings.get("libcuda");
    assertEquals(Level.NOTE, library.level());
    assertTrue(library.cure().contains(CudaDriver.LIBRARY_PROPERTY), library::toString);
  }

  @Test
  void shouldFindTheLibraryWhenItCanBeLoaded() throws IOException {
    gpu();
    System.setProperty(CudaDriver.LIBRARY_PROPERTY, "libc.so.6");
    assertEquals(Finding.ok("libcuda", "loaded"), examine().get("libcuda"));
  }
}

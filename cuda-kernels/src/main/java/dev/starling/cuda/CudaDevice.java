package dev.starling.cuda;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An NVIDIA device as the driver lists it.
 *
 * @param busId its PCI address, for instance {@code 0000:17:00.0}
 * @param model for instance {@code NVIDIA H200}; empty when the driver does not say
 */
public record CudaDevice(String busId, String model) {
  /** Where the NVIDIA driver lists its devices. */
  public static final Path DRIVER = Path.of("/proc/driver/nvidia/gpus");

  private static final String MODEL = "Model:";

  /**
   * Lists the devices.
   *
   * @param driver {@link #DRIVER}, or a directory of the same shape
   * @return the devices by address; empty when the driver is not loaded
   */
  public static List<CudaDevice> list(Path driver) {
    List<CudaDevice> devices = new ArrayList<>();
    if (Files.isDirectory(driver)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(driver)) {
        for (Path entry : entries) {
          devices.add(
              new CudaDevice(entry.getFileName().toString(), model(entry.resolve("information"))));
        }
      } catch (IOException failure) {
        throw new StarlingException(
            "reading the NVIDIA devices in "
                + driver
                + " failed ("
                + failure.getMessage()
                + "): check that /proc is mounted and readable",
            failure);
      }
    }
    devices.sort((a, b) -> a.busId().compareTo(b.busId()));
    return devices;
  }

  private static String model(Path information) throws IOException {
    if (!Files.exists(information)) {
      return "";
    }
    return Files.readAllLines(information).stream()
        .filter(line -> line.startsWith(MODEL))
        .map(line -> line.substring(MODEL.length()).trim())
        .findFirst()
        .orElse("");
  }
}

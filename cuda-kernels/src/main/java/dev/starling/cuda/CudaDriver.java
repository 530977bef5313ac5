package dev.starling.cuda;

import dev.starling.engine.StarlingException;
import dev.starling.jextract.NativeLibrary;
import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * The CUDA driver of this process: whether it can be used, and how many devices it shows.
 *
 * <p>JCuda looks for its own library in {@code java.library.path}, and when it is not there unpacks
 * one under a fixed name into {@code java.io.tmpdir}, where another user can have put a file of
 * that name. So its classes are touched only when a folder of {@code java.library.path} has the
 * library and it can be loaded from there; else the reason says what to do. The launcher sets that
 * path; whoever embeds the engine sets it.
 *
 * <p>Safe from any thread. What is usable once stays so until the process ends.
 */
public final class CudaDriver {
  /** Names another file to load than {@value #LIBRARY}. */
  static final String LIBRARY_PROPERTY = "starling.cuda.library";

  static final String LIBRARY = "libcuda.so.1";

  /** PTX 8.0, in which the kernels are written, needs it. */
  private static final int OLDEST_VERSION = 12_000;

  private static volatile boolean usable;

  private CudaDriver() {}

  /**
   * Looks whether kernels can run: the driver's library, JCuda's, the driver's version and at least
   * one device. Takes no device and never throws.
   *
   * @return empty if they can, else one clause that says why not, with the cure
   */
  public static Optional<String> unavailableReason() {
    if (usable) {
      return Optional.empty();
    }
    synchronized (CudaDriver.class) {
      Optional<String> reason = examine();
      usable = reason.isEmpty();
      return reason;
    }
  }

  /**
   * Tells whether the driver's library can be loaded, be there a device or not.
   *
   * @return whether {@code libcuda.so.1} is there
   */
  public static boolean isInstalled() {
    return libraryReason().isEmpty();
  }

  /**
   * Tells how many devices the driver shows to this process.
   *
   * @return at least 1
   * @throws StarlingException if CUDA cannot be used, with the reason
   */
  public static int deviceCount() {
    unavailableReason()
        .ifPresent(
            reason -> {
              throw new StarlingException("CUDA cannot be used: " + reason);
            });
    return count();
  }

  private static int count() {
    int[] count = new int[1];
    require(JCudaDriver.cuDeviceGetCount(count), "counting the devices", "this machine");
    return count[0];
  }

  /** Looks whether kernels can run, whatever has been found before. */
  static Optional<String> examine() {
    return libraryReason()
        .or(() -> jcudaReason(System.getProperty("java.library.path", "")))
        .or(CudaDriver::driverReason);
  }

  /** Fails unless a call of the driver succeeded. */
  static void require(int result, String doing, String where) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw new CudaException(result, doing, where);
    }
  }

  private static Optional<String> libraryReason() {
    NativeLibrary library =
        NativeLibrary.open(
            LIBRARY, LIBRARY_PROPERTY, "install the library of the NVIDIA driver (libcuda1)");
    return library.isAvailable() ? Optional.empty() : Optional.of(clause(library));
  }

  /** A reason is put into other sentences. */
  private static String clause(NativeLibrary library) {
    String sentence = library.unavailableReason();
    return Character.toLowerCase(sentence.charAt(0)) + sentence.substring(1, sentence.length() - 1);
  }

  static Optional<String> jcudaReason(String searched) {
    String file =
        System.mapLibraryName(
            LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get()));
    for (String folder : searched.split(File.pathSeparator, -1)) {
      Path library = Path.of(folder.isEmpty() ? "." : folder, file).toAbsolutePath();
      if (Files.isRegularFile(library)) {
        return loadReason(library);
      }
    }
    return Optional.of(
        "JCuda's library "
            + file
            + " is not in java.library.path ("
            + searched
            + "): take it out of jcuda-natives-"
            + JCudaVersion.get()
            + "-linux-x86_64.jar and start java with -Djava.library.path=FOLDER");
  }

  /** Loads it as JCuda will, so that JCuda does not fall back to its own search. */
  @SuppressWarnings("restricted")
  private static Optional<String> loadReason(Path library) {
    try {
      SymbolLookup.libraryLookup(library, Arena.global());
    } catch (IllegalArgumentException refused) {
      return Optional.of(
          "JCuda's library "
              + library
              + " cannot be loaded ("
              + refused.getMessage()
              + "): replace it by the one in jcuda-natives-"
              + JCudaVersion.get()
              + "-linux-x86_64.jar");
    }
    return Optional.empty();
  }

  private static Optional<String> driverReason() {
    int[] version = new int[1];
    try {
      JCudaDriver.setExceptionsEnabled(false);
      require(JCudaDriver.cuDriverGetVersion(version), "asking for the driver's version", LIBRARY);
      if (version[0] < OLDEST_VERSION) {
        return Optional.of(
            "the NVIDIA driver is of CUDA %d.%d: install one of CUDA 12.0 or later (525 or later)"
                .formatted(version[0] / 1000, version[0] % 1000 / 10));
      }
      require(JCudaDriver.cuInit(0), "starting CUDA", "this machine");
      return count() == 0
          ? Optional.of("the NVIDIA driver shows no device: check CUDA_VISIBLE_DEVICES")
          : Optional.empty();
    } catch (CudaException failed) {
      return Optional.of(failed.getMessage());
    } catch (LinkageError refused) {
      return Optional.of(
          "JCuda cannot be loaded ("
              + refused.getMessage()
              + "): replace its library in java.library.path by the one in jcuda-natives-"
              + JCudaVersion.get()
              + "-linux-x86_64.jar");
    }
  }
}

package dev.starling.cuda.pass;

import dev.starling.jextract.NativeLibrary;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/**
 * Whether cuBLAS can be used through JCuda: its own library is on the machine, and JCuda's in a
 * folder of {@code java.library.path}, since JCuda would otherwise unpack one into a folder where
 * others can write.
 */
final class CublasLibrary {
  /** Names another file to load than {@value #LIBRARY}. */
  static final String PROPERTY = "starling.cublas.library";

  /** The version against which JCuda 12 is linked. */
  static final String LIBRARY = "libcublas.so.12";

  private CublasLibrary() {}

  /** Empty if it can be used, else one clause that says why not; touches no class of JCublas. */
  static Optional<String> unavailableReason() {
    NativeLibrary library = NativeLibrary.open(LIBRARY, PROPERTY, "install cuBLAS of CUDA 12");
    if (!library.isAvailable()) {
      String sentence = library.unavailableReason();
      return Optional.of(
          Character.toLowerCase(sentence.charAt(0)) + sentence.substring(1, sentence.length() - 1));
    }
    String file =
        System.mapLibraryName(LibUtils.createPlatformLibraryName("JCublas2-" + JCudaVersion.get()));
    String searched = System.getProperty("java.library.path", "");
    for (String folder : searched.split(File.pathSeparator, -1)) {
      if (Files.isRegularFile(Path.of(folder.isEmpty() ? "." : folder, file))) {
        return Optional.empty();
      }
    }
    return Optional.of(
        "JCuda's library %s is not in java.library.path (%s): take it out of jcublas-natives-%s-linux-x86_64.jar"
            .formatted(file, searched, JCudaVersion.get()));
  }
}

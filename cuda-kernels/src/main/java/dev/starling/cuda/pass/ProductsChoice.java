package dev.starling.cuda.pass;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaStream;
import dev.starling.engine.ConfigurationException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Who computes the matrix products of a process's passes, decided once.
 *
 * @param cublas whether it is cuBLAS
 * @param reason says in a few words why
 */
record ProductsChoice(boolean cublas, String reason) {
  /** The setting, and with {@value #PROPERTY_PREFIX} before it the system property. */
  static final String SETTING = "matrix";

  static final String PROPERTY_PREFIX = "starling.cuda.";

  private static final String AUTO = "auto";

  /**
   * Decides.
   *
   * @param settings what a person has set; the system property counts where they say nothing
   * @param cublasUnavailable asks why cuBLAS cannot be used, empty if it can
   * @throws ConfigurationException if a setting is unknown, or cuBLAS is demanded and not there
   */
  static ProductsChoice of(
      Map<String, String> settings, Supplier<Optional<String>> cublasUnavailable) {
    for (String name : settings.keySet()) {
      if (!name.equals(SETTING)) {
        throw new ConfigurationException(
            "the CUDA pass has no setting '%s': use %s=auto|cublas|tiled".formatted(name, SETTING));
      }
    }
    String wanted =
        settings.getOrDefault(SETTING, System.getProperty(PROPERTY_PREFIX + SETTING, AUTO));
    if (wanted.equals("tiled")) {
      return new ProductsChoice(false, "tiled kernels, as was asked for");
    }
    if (!wanted.equals("cublas") && !wanted.equals(AUTO)) {
      throw new ConfigurationException(
          "%s=%s is unknown: use auto, cublas or tiled".formatted(SETTING, wanted));
    }
    Optional<String> reason = cublasUnavailable.get();
    if (reason.isEmpty()) {
      return new ProductsChoice(true, wanted.equals(AUTO) ? "cuBLAS" : "cuBLAS, as was asked for");
    }
    if (wanted.equals("cublas")) {
      throw new ConfigurationException(
          "%s=cublas is not possible because %s; or use %s=tiled"
              .formatted(SETTING, reason.get(), SETTING));
    }
    return new ProductsChoice(false, "tiled kernels because " + reason.get());
  }

  /** Opens the products of one pass. */
  Products open(CudaContext context, CudaStream stream) {
    return cublas ? new CublasProducts(context, stream) : new TiledProducts(context, stream);
  }
}

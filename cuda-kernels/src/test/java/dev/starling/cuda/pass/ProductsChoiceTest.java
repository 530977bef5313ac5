package dev.starling.cuda.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProductsChoiceTest {
  private static final String PROPERTY = "starling.cuda.matrix";
  private static final Optional<String> MISSING = Optional.of("the library is missing");

  @AfterEach
  void forget() {
    System.clearProperty(PROPERTY);
  }

  private static ProductsChoice choose(Map<String, String> settings, Optional<String> reason) {
    return ProductsChoice.of(settings, () -> reason);
  }

  @Test
  void shouldTakeCublasWhenItIsThereAndSayWhyWhenItIsNot() {
    assertEquals(new ProductsChoice(true, "cuBLAS"), choose(Map.of(), Optional.empty()));
    assertEquals(
        new ProductsChoice(false, "tiled kernels because the library is missing"),
        choose(Map.of("matrix", "auto"), MISSING));
  }

  @Test
  void shouldDoAsASettingOrElseThePropertySays() {
    System.setProperty(PROPERTY, "tiled");
    assertFalse(choose(Map.of(), Optional.empty()).cublas());
    assertTrue(choose(Map.of("matrix", "cublas"), Optional.empty()).cublas());
    System.setProperty(PROPERTY, "cublas");
    assertTrue(choose(Map.of(), Optional.empty()).cublas());
    ProductsChoice tiled =
        ProductsChoice.of(
            Map.of("matrix", "tiled"),
            () -> {
              throw new AssertionError("nobody has to look for cuBLAS");
            });
    assertEquals(new ProductsChoice(false, "tiled kernels, as was asked for"), tiled);
  }

  @Test
  void shouldNotFallBackSilentlyWhenCublasIsDemanded() {
    ConfigurationException refusal =
        assertThrows(
            ConfigurationException.class, () -> choose(Map.of("matrix", "cublas"), MISSING));
    assertEquals(
        "matrix=cublas is not possible because the library is missing; or use matrix=tiled",
        refusal.getMessage());
  }

  @Test
  void shouldRefuseWhatItDoesNotKnow() {
    ConfigurationException value =
        assertThrows(
            ConfigurationException.class, () -> choose(Map.of("matrix", "cuBLAS"), MISSING));
    assertEquals("matrix=cuBLAS is unknown: use auto, cublas or tiled", value.getMessage());
    ConfigurationException name =
        assertThrows(ConfigurationException.class, () -> choose(Map.of("tiles", "4"), MISSING));
    assertTrue(name.getMessage().contains("'tiles'"), name.getMessage());
  }

  @Test
  void shouldSayInOneClauseWhyCublasCannotBeUsed() {
    String before = System.getProperty(CublasLibrary.PROPERTY);
    System.setProperty(CublasLibrary.PROPERTY, "/nonexistent/libcublas.so.12");
    try {
      String reason = CublasLibrary.unavailableReason().orElseThrow();
      assertTrue(reason.contains("/nonexistent/libcublas.so.12"), reason);
      assertFalse(reason.endsWith("."), reason);
    } finally {
      if (before == null) {
        System.clearProperty(CublasLibrary.PROPERTY);
      } else {
        System.setProperty(CublasLibrary.PROPERTY, before);
      }
    }
  }
}

package dev.starling.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LinearRegressionTest {
  @Test
  void shouldLearnTheWeights() throws Exception {
    float[] weights = LinearRegression.train();
    for (int i = 0; i < weights.length; i++) {
      assertEquals(i, weights[i], 0.1, "weight " + i);
    }
  }

  @Test
  void shouldBeTheCodeThatTheReadmeShows() throws Exception {
    Path module = Path.of("").toAbsolutePath();
    String source =
        Files.readString(
            module.resolve("src/test/java/dev/starling/example/LinearRegression.java"));
    String region = source.substring(source.indexOf("import "), source.indexOf("// @end"));
    String readme = Files.readString(module.resolve("../../README.md").normalize());
    assertTrue(readme.contains("```java\n" + region + "```"), "the README shows other code");
  }
}

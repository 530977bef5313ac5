package dev.starling.engine.optimizer;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What optimizers leave mapped: nothing (P6). */
class OptimizerMemoryTest {
  /** Address space only: a gibibyte a vector, of which nothing is touched. */
  private static final long PARAMETERS = 1L << 28;

  private static final long STATE_BYTES = 4 * PARAMETERS;

  private static long mappedBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmSize:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    throw new IOException("/proc/self/status has no VmSize");
  }

  static Stream<LongFunction<Optimizer>> withState() {
    return Stream.of(
        parameters -> new Sgd(0.9f, 0f, parameters),
        parameters -> new Nesterov(0.9f, 0f, parameters),
        parameters -> new AdamW(0.1f, parameters));
  }

  @ParameterizedTest
  @MethodSource("withState")
  void shouldGiveItsMemoryBackWhenClosed(LongFunction<Optimizer> factory) throws IOException {
    long before = mappedBytes();
    for (int i = 0; i < 8; i++) {
      try (Optimizer optimizer = factory.apply(PARAMETERS)) {
        assertTrue(mappedBytes() - before >= optimizer.stateBytes(), "the state is not mapped");
        assertTrue(optimizer.stateBytes() >= STATE_BYTES);
      }
    }
    assertTrue(mappedBytes() - before < STATE_BYTES, "a state stayed mapped");
  }

  static Stream<LongFunction<Optimizer>> refused() {
    return Stream.of(
        parameters -> new Sgd(0.9f, 2f, parameters),
        parameters -> new Nesterov(0.9f, Float.NaN, parameters),
        parameters -> new AdamW(0.9f, 0.999f, -1f, 0.1f, parameters),
        parameters -> new AdamW(2f, parameters));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void shouldMapNothingWhenANumberIsRefused(LongFunction<Optimizer> factory) throws IOException {
    long before = mappedBytes();
    for (int i = 0; i < 8; i++) {
      assertThrows(ConfigurationException.class, () -> factory.apply(PARAMETERS).close());
    }
    assertTrue(mappedBytes() - before < STATE_BYTES, "a refused optimizer left memory mapped");
  }

  @ParameterizedTest
  @MethodSource("withState")
  void shouldLeaveNothingMappedWhenTheSystemRefusesTheMemory(LongFunction<Optimizer> factory)
      throws IOException {
    // Whether it is refused is the system's affair (overcommit); what stays mapped is ours.
    long before = mappedBytes();
    long parameters = 1L << 42;
    for (int i = 0; i < 5; i++) {
      try (Optimizer optimizer = factory.apply(parameters)) {
        assertTrue(optimizer.stateBytes() >= 4 * parameters);
      } catch (StarlingException refused) {
        assertTrue(refused.getMessage().contains("mapping "), refused.getMessage());
      }
    }
    assertTrue(mappedBytes() - before < STATE_BYTES, "memory stayed mapped");
  }
}

package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The list of kernels of the fake driver against the PTX that a real one compiles. */
class FakeKernelsTest {
  private static final Path PTX = Path.of("src/main/resources/dev/starling/cuda/starling.ptx");
  private static final Pattern ENTRY =
      Pattern.compile("\\.visible \\.entry (\\w+)\\(([^)]*)\\)", Pattern.DOTALL);
  private static final Pattern PARAMETER = Pattern.compile("\\.param \\.[a-z](\\d+) ");

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
  }

  @Test
  void shouldHaveEveryKernelOfThePtxWithTheSameParameters() throws Exception {
    Map<String, List<Integer>> entries = new TreeMap<>();
    Matcher entry = ENTRY.matcher(Files.readString(PTX));
    while (entry.find()) {
      List<Integer> bytes = new ArrayList<>();
      Matcher parameter = PARAMETER.matcher(entry.group(2));
      while (parameter.find()) {
        bytes.add(Integer.parseInt(parameter.group(1)) / 8);
      }
      entries.put(entry.group(1), bytes);
    }
    assertFalse(entries.isEmpty());
    assertEquals(entries, FakeCuda.kernels(), "PTX and src/test/cuda/fake_kernels.cpp");
  }
}

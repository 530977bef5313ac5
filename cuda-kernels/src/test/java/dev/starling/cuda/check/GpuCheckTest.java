package dev.starling.cuda.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cuda.FakeCuda;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check itself, on a driver without a device. What it measures there means nothing. */
class GpuCheckTest {
  private static final long CAPACITY = Case.mostBytes(Differential.LONGEST_RANDOM);

  @TempDir Path folder;
  private final ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errBytes = new ByteArrayOutputStream();

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    FakeCuda.reset(System.nanoTime());
    FakeCuda.setEager(true);
  }

  @AfterEach
  void leaveNothing() {
    if (FakeCuda.isFake()) {
      assertEquals(List.of(), FakeCuda.violations());
    }
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private String out() {
    return outBytes.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return errBytes.toString(StandardCharsets.UTF_8);
  }

  private int run(String... arguments) {
    return GpuCheck.run(stream(outBytes), stream(errBytes), arguments);
  }

  @Test
  void shouldAgreeWithTheCpuWhenTheDriverRunsTheSources() {
    long seed = System.nanoTime();
    System.out.println("GpuCheckTest: seed " + seed);
    try (Executor device = new LaunchExecutor("device", 0, true, CAPACITY);
        Executor mapped = new LaunchExecutor("mapped", 0, false, CAPACITY);
        Differential differential =
            new Differential(List.of(device, mapped), CAPACITY, false, stream(outBytes))) {
      differential.lengths(0, 40, seed);
      differential.random(100, seed);
      assertEquals(0, differential.differences(), out());
      assertEquals(2 * differential.cases(), differential.comparisons());
    }
  }

  /** The kernels on the device, and a bit that one of them gets wrong. */
  private static final class OneBitWrong implements Executor {
    private final Executor right = new LaunchExecutor("device", 0, true, CAPACITY);

    @Override
    public String name() {
      return "wrong";
    }

    @Override
    public boolean takes(Operation operation) {
      return true;
    }

    @Override
    public MemorySegment run(Case example, MemorySegment input) {
      MemorySegment result = right.run(example, input);
      if (example.operation() == Operation.PACK_BF16 && example.count() == 9) {
        long at = example.at()[2] + 8L * Short.BYTES;
        short packed = result.get(ValueLayout.JAVA_SHORT, at);
        result.set(ValueLayout.JAVA_SHORT, at, (short) (packed ^ 1));
      }
      return result;
    }

    @Override
    public void close() {
      right.close();
    }
  }

  @Test
  void shouldFindOneBitThatAKernelGetsWrong() {
    try (Executor wrong = new OneBitWrong();
        Differential differential =
            new Differential(List.of(wrong), CAPACITY, false, stream(outBytes))) {
      differential.lengths(0, 12, 1);
      assertEquals(1, differential.differences(), out());
      assertTrue(out().contains("wrong: case packBf16,9,"), out());
      assertTrue(out().contains("of vector 2: "), out());
    }
  }

  @Test
  void shouldMeasureAndEndWithATableAndAnObject() throws Exception {
    Path file = folder.resolve("report.txt");
    String[] arguments =
        ("--only differential,device,host,pinning,latency --lengths 20 --large 3000 --cases 50"
                + " --device-mib 1 --host-mib 1 --pin-mib 2 --rounds 1 --launches 1 --no-goals"
                + " --report "
                + file)
            .split(" ");
    assertEquals(GpuCheck.PASSED, run(arguments), () -> out() + err());
    List<String> lines = Files.readAllLines(file);
    assertTrue(out().endsWith(String.join("\n", lines) + "\n"), out());
    String json = lines.getLast();
    assertTrue(json.matches("\\{\"device\":\".*\",\"differences\":0,.*\\]}"), json);
    for (Operation operation : Operation.values()) {
      assertTrue(json.contains("\"" + operation.label() + " in device memory\""), json);
    }
    assertTrue(json.matches(".*\"adam over host [^}]*\"mapped [0-9.]+, staged [0-9.]+\"}.*"), json);
    int cases = (21 + 3) * Operation.values().length + 50;
    assertTrue(json.contains("{\"what\":\"cases\",\"value\":" + cases + ".0"), json);
    assertTrue(json.contains("register 2 MiB of private memory"), json);
    assertTrue(lines.size() < 30, () -> "the table is not short: " + out());
    assertTrue(json.contains("until the event is complete, 99 of 100"), json);
  }

  @Test
  void shouldFailWhenAGoalIsMissed() {
    FakeCuda.setRates(1, 1, 1, 2e6);
    assertEquals(
        GpuCheck.FAILED,
        run("--only", "device", "--device-mib", "1", "--rounds", "1", "--launches", "1"),
        () -> out() + err());
    assertTrue(out().contains("average in device memory"), out());
    assertTrue(out().contains("differ: 0, parts that failed: 0, goals that are missed: 15"), out());
    assertTrue(out().contains("slowest: "), out());
  }

  @Test
  void shouldGoOnWithTheOtherPartsWhenOneFails() {
    FakeCuda.fail("cuMemHostRegister", 1, 1);
    String arguments =
        "--only differential,pinning --lengths 3 --large 9 --cases 0 --pin-mib 1 --no-goals";
    assertEquals(GpuCheck.FAILED, run(arguments.split(" ")), () -> out() + err());
    assertTrue(out().contains("FAILED: kernels in device memory: "), out());
    assertTrue(out().contains("differ: 0, parts that failed: 1, "), out());
    assertTrue(out().contains("register 1 MiB of private memory"), out());
  }

  @Test
  void shouldCompareTheGradientsOfTheModels() {
    assertEquals(
        GpuCheck.PASSED,
        run("--only", "pass", "--rounds", "1", "--launches", "1", "--seed", "5"),
        () -> out() + err());
    assertTrue(out().contains("gradients of models, products tiled, compared with"), out());
    assertTrue(out().contains("gradient of mlp:256,128, batch 16, by the device"), out());
  }

  @Test
  void shouldNameTheCaseThatTheDeviceFailed() {
    FakeCuda.fail("cuLaunchKernel", 1, 700);
    assertEquals(GpuCheck.FAILED, run("--case", "average,17,4"), () -> out() + err());
    assertTrue(out().contains("FAILED: kernels in device memory: case average,17,4; "), out());
    assertTrue(err().contains("CUDA_ERROR_ILLEGAL_ADDRESS"), err());
  }

  @Test
  void shouldSayInOneSentenceThatThereIsNoGpu() throws Exception {
    Assumptions.assumeFalse(
        Files.exists(Path.of("/dev/nvidiactl")), "the test needs a machine without a GPU");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.library.path=" + System.getProperty("java.library.path"),
            "-cp",
            System.getProperty("java.class.path"),
            GpuCheck.class.getName());
    Process process = builder.redirectErrorStream(true).start();
    try {
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the check is still running");
      assertEquals(GpuCheck.NO_GPU, process.exitValue(), text);
      assertTrue(text.startsWith("check: there is no GPU to check here: "), text);
      assertEquals(1, text.lines().count(), text);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldRefuseWhatItDoesNotUnderstand() {
    assertEquals(GpuCheck.USAGE, run("--nonsense"));
    assertEquals(GpuCheck.USAGE, run("--cases"));
    assertEquals(GpuCheck.USAGE, run("--cases", "many"));
    assertEquals(GpuCheck.USAGE, run("--only", "device,speed"));
    assertEquals(4, err().lines().count(), err());
    assertEquals(GpuCheck.PASSED, run("--help"));
    assertTrue(out().contains("--report FILE"), out());
  }
}

package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.Starling;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole runs of the command line in processes of their own, on a driver without a device: trained
 * there, they are proven bit for bit on the CPU, and leave nothing on the device.
 */
class TrainCommandOnDeviceTest {
  private static final long LIMIT_S = 240;
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> TRAIN =
      List.of(
          "train",
          "--json",
          "--device",
          "cuda",
          "--model",
          "mlp:12",
          "--batch",
          "8",
          "--workers",
          "2",
          "--steps",
          "60",
          "--generated-samples",
          "200",
          "--stripe-bytes",
          "16384");

  @TempDir Path directory;

  private Path report;

  @BeforeEach
  void makeADriver() throws Exception {
    FakeCuda.enterFake();
    report = directory.resolve("report");
    Path library = FakeCudaLibrary.build();
    Files.createSymbolicLink(directory.resolve(CudaDriver.LIBRARY), library);
  }

  /** A process that ended, and what it wrote. */
  private record Ended(int exitCode, String out, String err) {}

  private Ended run(int devices, List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--") || flag.startsWith("-Djava.library.path"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Starling.class.getName());
    command.addAll(arguments);
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("LD_LIBRARY_PATH", directory.toString());
    environment.put("STARLING_FAKE_CUDA_DEVICES", Integer.toString(devices));
    environment.put("STARLING_FAKE_CUDA_SEED", Long.toString(System.nanoTime()));
    environment.put("STARLING_FAKE_CUDA_REPORT", report.toString());
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS), () -> "still running: " + command);
      return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<String> with(List<String> first, String... more) {
    List<String> all = new ArrayList<>(first);
    all.addAll(List.of(more));
    return all;
  }

  private static JsonNode json(Ended ended) throws IOException {
    assertEquals(0, ended.exitCode(), () -> ended.out() + ended.err());
    return MAPPER.readTree(ended.out().lines().toList().getLast());
  }

  /** Counts of the driver when the process ended; every other line of it is a mistake. */
  private Map<String, Long> requireNothingLeft() throws IOException {
    Map<String, Long> counts = new TreeMap<>();
    for (String line : Files.readAllLines(report, StandardCharsets.UTF_8)) {
      assertTrue(line.matches("\\w+=\\d+"), line);
      counts.put(line.replaceAll("=.*", ""), Long.parseLong(line.replaceAll(".*=", "")));
    }
    for (String resource :
        List.of("contexts", "modules", "streams", "events", "allocations", "registrations")) {
      assertEquals(0, counts.get(resource), () -> resource + " are left: " + counts);
    }
    assertTrue(counts.get("launches") > 100, counts::toString);
    return counts;
  }

  @ParameterizedTest
  @CsvSource({"mapped, 1, momentum, f32", "staged, 2, adamw, bf16"})
  void shouldProveEveryBitOnTheCpuWhenARunWasTrainedOnADevice(
      String placement, int devices, String optimizer, String payload) throws Exception {
    Path run = directory.resolve("run");
    String settings = "placement=" + placement + ",devices=" + (devices == 1 ? "0" : "0:1");
    List<String> train =
        with(TRAIN, "--cuda", settings, "--optimizer", optimizer, "--log", payload);
    Ended trained = run(devices, with(train, "--out", run.toString()));
    JsonNode result = json(trained);
    assertTrue(trained.err().contains("device cuda (CUDA, Fake GPU 0"), trained.err());
    assertEquals(120, result.path("gradientsApplied").asLong(), result.toString());
    requireNothingLeft();

    Ended verified = run(0, List.of("verify", "--json", run.toString()));
    JsonNode proof = json(verified);
    assertEquals(0, verified.exitCode(), verified.err());
    assertTrue(proof.path("gradients").asLong() >= 60, proof.toString());
  }

  @Test
  void shouldGiveEachWorkersProcessADevice() throws Exception {
    Path run = directory.resolve("run");
    Ended trained = run(2, with(TRAIN, "--processes", "--out", run.toString()));
    json(trained);
    String log = Files.readString(run.resolve("train.log"));
    assertTrue(log.contains("device cuda (CUDA, Fake GPU"), log);
    requireNothingLeft();
  }

  /** Nobody tells its rank among those of this host. */
  @Test
  void shouldTakeTheDeviceOfItsRankWhenItIsStartedByHand() throws Exception {
    List<String> train = new ArrayList<>(TRAIN);
    train.set(train.indexOf("--workers"), "--world-size");
    train.set(train.indexOf("--world-size") + 1, "1");
    json(run(2, with(train, "--rank", "0", "--out", directory.resolve("run").toString())));
    requireNothingLeft();
  }

  @Test
  void shouldTakeTheCpuAndSayWhyWhenNoDeviceIsThere() throws Exception {
    Path run = directory.resolve("run");
    List<String> train = new ArrayList<>(with(TRAIN, "--out", run.toString()));
    train.set(train.indexOf("cuda"), "auto");
    json(run(0, train));
    String log = Files.readString(run.resolve("train.log"));
    assertTrue(log.contains("): not cuda, starting CUDA failed"), log);

    Ended refused = run(0, TRAIN);
    assertFalse(refused.exitCode() == 0);
    assertTrue(
        refused.err().contains("device=cuda cannot be used, starting CUDA failed"), refused.err());
  }
}

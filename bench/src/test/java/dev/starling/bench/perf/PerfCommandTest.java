package dev.starling.bench.perf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.bench.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.Terminal;
import dev.starling.jextract.Lanes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

@Timeout(120)
class PerfCommandTest {
  private static final List<String> QUICK = List.of("-n", "300", "-w", "50");

  private static CommandRun run(String operation, String... more) {
    List<String> arguments = new ArrayList<>(List.of("perf", operation));
    arguments.addAll(QUICK);
    arguments.addAll(List.of(more));
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  @Test
  void shouldBeACommandOfStarlingWhenTheModuleIsOnTheClassPath() {
    String help = CommandRun.of("--help").requireOk().out();
    assertTrue(help.contains("\n  perf "), help);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "read", "write", "exchange", "snapshot", "log"})
  void shouldDescribeEveryOptionAndDefaultWhenHelpIsAsked(String operation) {
    PrintWriter nowhere = new PrintWriter(new StringWriter());
    CommandLine command =
        PerfCommand.with(new Terminal(nowhere, nowhere, false)).getSubcommands().get(operation);
    String help = CommandRun.of("perf", operation, "--help").requireOk().out();
    for (OptionSpec option : command.getCommandSpec().options()) {
      String description = String.join(" ", option.description());
      assertTrue(help.contains(option.longestName()), option.longestName());
      assertTrue(
          option.arity().max() == 0
              || option.longestName().equals("--size")
              || description.contains("Default:")
              || option.longestName().equals("--max-bytes"),
          () -> option.longestName() + ": " + description);
    }
    assertFalse(help.contains("${"), help);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "read", "write", "exchange", "snapshot", "log"})
  void shouldCountWhatTookEffectAndOrderPercentilesWhenLatenciesAreMeasured(String operation)
      throws DataFormatException {
    List<JsonNode> lines = run(operation, "--json").requireOk().jsonLines();
    assertEquals(1, lines.size());
    JsonNode line = lines.getFirst();
    assertEquals(operation, line.get("operation").asText());
    assertEquals(300, line.get("iterations").asLong());
    assertEquals(300, line.get("counted").asLong());
    assertEquals(50, line.get("warmUp").asLong());
    double last = 0;
    for (String key : List.of("minUs", "p50Us", "p99Us", "p999Us", "maxUs")) {
      assertTrue(line.get(key).asDouble() >= last, () -> key + " in " + line);
      last = line.get(key).asDouble();
    }
    assertTrue(line.get("avgUs").asDouble() <= last && last > 0, line::toString);
    Histogram histogram =
        Histogram.decodeFromCompressedByteBuffer(
            ByteBuffer.wrap(Base64.getDecoder().decode(line.get("histogramNs").asText())), 0);
    assertEquals(300, histogram.getTotalCount());
    assertEquals(line.get("maxUs").asDouble(), histogram.getMaxValue() / 1e3);
    assertTrue(line.get("clockNs").asDouble() > 0);
    assertEquals(
        Runtime.getRuntime().availableProcessors(),
        line.get("environment").get("processors").asInt());
  }

  @Test
  void shouldLeaveNoLogWhenItIsDone(@TempDir Path parent) throws IOException {
    run("log", "--directory", parent.toString()).requireOk();
    try (Stream<Path> left = Files.list(parent)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @ParameterizedTest
  @CsvSource({"lock,16", "read,16", "write,16", "exchange,1", "snapshot,1", "log,1"})
  void shouldCountWhatTookEffectWhenARateIsMeasured(String operation, int depth) {
    JsonNode line = run(operation, "--bandwidth", "--json").requireOk().jsonLines().getFirst();
    assertEquals("bandwidth", line.get("measures").asText());
    assertEquals(depth, line.get("depth").asInt());
    assertEquals(300, line.get("counted").asLong());
    double average = line.get("avgMops").asDouble();
    assertTrue(average > 0 && line.get("peakMops").asDouble() >= average, line::toString);
    if (operation.equals("lock")) {
      assertTrue(line.get("avgMBs").isNull());
    } else {
      double megabytes = average * line.get("bytes").asLong();
      assertEquals(1, line.get("avgMBs").asDouble() / megabytes, 1e-9);
    }
  }

  @Test
  void shouldMeasureEveryPowerOfTwoWhenAllAreAskedFor() {
    List<JsonNode> reads = run("read", "-a", "--max-bytes", "64", "--json").requireOk().jsonLines();
    assertArrayEquals(new long[] {2, 4, 8, 16, 32, 64}, bytes(reads));
    List<JsonNode> exchanges =
        run("exchange", "--all", "--max-bytes", "33", "--json").requireOk().jsonLines();
    assertArrayEquals(new long[] {4, 8, 16, 32}, bytes(exchanges));
    List<JsonNode> whole =
        CommandRun.of("perf", "snapshot", "-a", "-n", "1", "-w", "0", "--json")
            .requireOk()
            .jsonLines();
    assertEquals(8L << 20, whole.getLast().get("bytes").asLong());
  }

  private static long[] bytes(List<JsonNode> lines) {
    return lines.stream().mapToLong(line -> line.get("bytes").asLong()).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "read", "write", "exchange"})
  void shouldMeasureAcrossTwoProcessesWhenAsked(String operation) {
    JsonNode line = run(operation, "--processes", "--json").requireOk().jsonLines().getFirst();
    assertEquals("fabric shm, the passive end in a second process", line.get("ends").asText());
    assertEquals(300, line.get("counted").asLong());
  }

  @Test
  void shouldPrintWhatIsMeasuredAboveTheTableWhenNoJsonIsAsked() {
    List<String> latency = run("read", "-s", "4096").requireOk().out().lines().toList();
    assertEquals(3, latency.size(), latency::toString);
    assertTrue(
        latency
            .getFirst()
            .matches(
                "read: one-sided read of a peer's parameters; fabric shm, both ends in this"
                    + " process; one at a time; reading the clock takes [0-9.]+ ns, part of each"
                    + " latency"),
        latency::getFirst);
    assertEquals(
        "bytes iterations min[us] p50[us] avg[us] p99[us] p99.9[us] max[us]",
        latency.get(1).strip().replaceAll(" +", " "));
    assertTrue(latency.get(2).strip().matches("4096 +300( +[0-9]+\\.[0-9]{3}){6}"));
    List<String> rate = run("lock", "--bandwidth").requireOk().out().lines().toList();
    assertTrue(rate.get(2).strip().matches("8 +300 +- +-( +[0-9]+\\.[0-9]{6}){2}"), rate::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "read -s 0|--size=0 is out of range: choose a value from 1 to 1073741824",
        "write -s -3|--size=-3 is out of range",
        "exchange -s 6|--size=6 is no whole number of parameters: choose a multiple of 4",
        "snapshot -s 2000000000|--size=2000000000 is out of range",
        "log -s 3|--size=3 is out of range: choose a value from 4 to 1073741824",
        "read -s 8 -a|--size=8 and --all exclude each other: give one of them",
        "read --max-bytes 8|--max-bytes=8 says where --all ends: give --all too",
        "exchange -a --max-bytes 3|--max-bytes=3 is out of range",
        "read -s 1k|Invalid value for option '--size'",
        "lock -s 8|Unknown options: '-s', '8'",
        "read -n 0|--iterations=0 is out of range",
        "read -w -1|--warm-up=-1 is out of range",
        "read --depth 2|--depth=2 is for --bandwidth",
        "read --bandwidth --depth 65|--depth=65 is out of range: choose a value from 1 to 64",
        "exchange --bandwidth --depth 2|--depth=2 is out of range: choose a value from 1 to 1",
        "read --fabric tcp|--fabric=tcp is unknown: choose one of shm, verbs",
        "read --rank 0 --world-size 2|are for --fabric verbs: use --processes",
        "read --fabric verbs --processes|--processes is for --fabric shm",
        "read --fabric verbs --rank 0 --world-size 3 --master 127.0.0.1:1|--world-size=3: a",
        "log --directory /no/such|--directory=/no/such is no directory that can be written"
      })
  void shouldSayWhatIsWrongWhenAnOptionIsImpossible(String arguments, String sentence) {
    CommandRun run = CommandRun.of(("perf " + arguments).split(" "));
    assertEquals(ExitCodes.USAGE, run.exitCode(), run.err());
    assertTrue(run.err().contains(sentence), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertEquals("", run.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "read", "write", "exchange"})
  void shouldNameTheCureWhenThereIsNoRdmaDevice(String operation) {
    Lanes.enter(
        "no-rdma",
        !Files.isDirectory(Path.of("/sys/class/infiniband")),
        "this machine has RDMA devices");
    CommandRun run = run(operation, "--fabric", "verbs", "--json");
    assertEquals(ExitCodes.FAILURE, run.exitCode());
    assertTrue(run.err().contains("this machine has no RDMA device"), run.err());
    assertTrue(run.err().contains("load the driver of its adapter"), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertEquals(1, run.jsonLines().getFirst().get("exitCode").asInt());
  }
}

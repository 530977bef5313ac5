package dev.starling.bench.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.bench.CommandRun;
import dev.starling.bench.FakeDevice;
import dev.starling.cli.ExitCodes;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.jextract.Lanes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class VerbsPerfTest {
  private static final long LIMIT_S = 60;

  @BeforeEach
  void shouldHaveTheDeviceOfTests() {
    Lanes.enter(
        "cc", FakeDevice.unavailableReason().isEmpty(), FakeDevice.unavailableReason().orElse(""));
  }

  private static CommandRun run(String arguments) {
    String all = arguments + " --fabric verbs -n 200 -w 20 --json";
    return CommandRun.of(
        terminal ->
            PerfCommand.with(terminal, (options, channel, tell) -> FakeDevice.open(channel, tell)),
        all.split(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "lock,8",
    "read,2",
    "read -s 3000000,3000000",
    "write,2",
    "write -s 3000000,3000000",
    "exchange -s 4,4",
    "exchange -s 3000000,3000000"
  })
  void shouldCountWhatTookEffectWhenTheDeviceMovesIt(String operation, long bytes) {
    JsonNode line = run(operation).requireOk().jsonLines().getFirst();
    assertEquals("verbs", line.get("fabric").asText());
    assertEquals(
        "fabric verbs, both ends on one device of this process", line.get("ends").asText());
    assertEquals(bytes, line.get("bytes").asLong());
    assertEquals(200, line.get("counted").asLong());
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "read", "write"})
  void shouldKeepManyOperationsUnderWayWhenARateIsMeasured(String operation) {
    JsonNode line = run(operation + " --bandwidth --depth 64").requireOk().jsonLines().getFirst();
    assertEquals(200, line.get("counted").asLong());
    assertEquals(64, line.get("depth").asInt());
  }

  @Test
  void shouldNotAddressThePeersMemoryWhenBothEndsAreInThisProcess() throws IOException {
    ReplicaLayout layout = ReplicaLayout.ofStripes(2, 16);
    VerbsOpener fake = (options, channel, tell) -> FakeDevice.open(channel, tell);
    try (Ends ends = Ends.loopback(layout, fake, Map.of(), sentence -> {})) {
      assertFalse(ends.isAddressable());
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "read -a --max-bytes 64", "write", "exchange"})
  void shouldMeasureBetweenRanksAndEndBothWhenTwoAreStarted(String operation) throws Exception {
    String ranks = operation + " --world-size 2 --master 127.0.0.1:" + freePort() + " --rank ";
    CompletableFuture<CommandRun> passive = CompletableFuture.supplyAsync(() -> run(ranks + 1));
    CommandRun active = run(ranks + 0).requireOk();
    JsonNode line = active.jsonLines().getLast();
    assertEquals("fabric verbs, the passive end is rank 1", line.get("ends").asText());
    assertEquals(200, line.get("counted").asLong());
    CommandRun ended = passive.get(LIMIT_S, TimeUnit.SECONDS).requireOk();
    assertEquals("", ended.out());
    assertTrue(ended.err().contains("rank 1 was the passive end of perf"), ended.err());
  }

  @Test
  void shouldRefuseRanksWithDifferentSizesWhenTheyMeet() throws Exception {
    String ranks =
        " --gather-seconds 10 --world-size 2 --master 127.0.0.1:" + freePort() + " --rank ";
    CompletableFuture<CommandRun> passive =
        CompletableFuture.supplyAsync(() -> run("read -s 16" + ranks + 1));
    CommandRun active = run("read -s 8" + ranks + 0);
    assertEquals(ExitCodes.FAILURE, active.exitCode());
    CommandRun refused = passive.get(LIMIT_S, TimeUnit.SECONDS);
    assertEquals(ExitCodes.FAILURE, refused.exitCode());
    assertTrue(refused.err().contains("sizes=[16]"), refused.err());
  }

  @Test
  void shouldGiveUpWithinTheLimitWhenTheOtherRankDoesNotCome() throws Exception {
    CommandRun alone =
        run("read --gather-seconds 1 --world-size 2 --rank 0 --master 127.0.0.1:" + freePort());
    assertEquals(ExitCodes.FAILURE, alone.exitCode());
    assertTrue(alone.err().contains("1 of 2 ranks had joined after 1000 ms"), alone.err());
  }
}

package dev.starling.bench.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.bench.CommandRun;
import dev.starling.cli.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of slow workers from results that are known. */
class SlowWorkerTest {
  @TempDir Path folder;

  /** Sixteen samples a step; every worker as fast as said. */
  private static String result(long steps, double seconds, double... stepsPerSecond) {
    String rates =
        java.util.Arrays.stream(stepsPerSecond)
            .mapToObj(Double::toString)
            .collect(Collectors.joining(","));
    String zeros = String.join(",", Collections.nCopies(stepsPerSecond.length, "3"));
    return """
    {"steps": %d, "samples": %d, "seconds": %s, "stepsPerSecond": [%s],
     "stepsPerWorker": [%s], "exchangesPerWorker": [%s], "passiveExchanges": [%s],
     "consensusDistance": 0.01, "accuracy": 0.875}
    """
        .formatted(steps, 16 * steps, seconds, rates, zeros, zeros, zeros);
  }

  private static double[] rates(int workers, double each, double last) {
    double[] rates = new double[workers];
    java.util.Arrays.fill(rates, each);
    rates[workers - 1] = last;
    return rates;
  }

  private String[] arguments(String... more) {
    List<String> all =
        new ArrayList<>(
            List.of("slow-worker", "--slowdowns", "10", "--out", folder.resolve("out").toString()));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static CannedRuns runs() {
    return new CannedRuns()
        .result("one-worker", result(400, 20, 20))
        .result("ad-psgd-slow-10", result(6_000, 20, rates(16, 19.5, 1.95)))
        .result("allreduce-slow-10", result(640, 20.5, rates(16, 2.5, 1.96)))
        .result("d-psgd-slow-10", result(640, 20.5, rates(16, 2.5, 1.96)))
        .result("a-psgd-slow-10", result(6_000, 20, rates(16, 20, 2)));
  }

  @Test
  void shouldGiveTheKeysAndNumbersThatFollowFromTheRates() {
    CommandRun run = runs().execute(arguments("--json")).requireOk();
    List<JsonNode> rows = run.jsonLines();
    assertEquals(4, rows.size(), "one worker alone has no row");
    JsonNode first = rows.getFirst();
    List<String> keys = new ArrayList<>();
    first.fieldNames().forEachRemaining(keys::add);
    assertEquals(
        List.of("algorithm", "slowdown", "epochSeconds", "speedup", "idealSpeedup"),
        keys.subList(0, 5));
    assertTrue(
        keys.containsAll(
            List.of("slowRankExchanges", "consensusDistance", "accuracy", "cpuBusy", "valid")),
        keys::toString);
    assertEquals("ad-psgd", first.get("algorithm").asText());
    assertEquals(10, first.get("slowdown").asDouble());
    // 8000 samples are 500 steps; 15 workers do 19.5 of them a second, the slow one 1.95.
    assertEquals(500 / (15.1 * 19.5), first.get("epochSeconds").asDouble(), 1e-9);
    assertEquals(15.1 * 19.5 / 20, first.get("speedup").asDouble(), 1e-9);
    assertEquals(15.1, first.get("idealSpeedup").asDouble(), 1e-9);
    assertEquals(19.5 / 20, first.get("ofIdeal").asDouble(), 1e-9);
    assertEquals(6, first.get("slowRankExchanges").asLong());
    assertTrue(first.get("valid").asBoolean());
    // Rounds end with the slowest: 640 steps in 20.5 s, whatever the others' own rates are.
    assertEquals(500 / (640 / 20.5), rows.get(1).get("epochSeconds").asDouble(), 1e-9);
  }

  @Test
  void shouldShowAMarkdownTableWithThePapersNumbersMarked() throws IOException {
    CommandRun run = runs().execute(arguments()).requireOk();
    List<String> lines = run.out().lines().toList();
    String row = lines.stream().filter(line -> line.startsWith("| ad-psgd")).findFirst().orElse("");
    List<String> cells = List.of(row.split(" *\\| *", -1));
    assertEquals("10x", cells.get(2), row);
    assertEquals("14.72", cells.get(4), row);
    assertEquals("15.10", cells.get(5), row);
    assertEquals("0.975", cells.get(6), row);
    assertEquals("13.56 (unverified)", cells.get(7), row);
    assertTrue(run.out().contains(PaperTable.TAG), run.out());
    String page = Files.readString(folder.resolve("out").resolve("report.html"));
    assertTrue(page.contains("13.56 (unverified)") && page.contains(PaperTable.TAG));
    assertTrue(page.contains("starling train --algorithm ad-psgd --model softmax"), page);
  }

  @Test
  void shouldMarkARowInvalidWhenTheMachineWasBusy() {
    CommandRun busy = runs().busy("ad-psgd-slow-10", 0.71).execute(arguments("--json"));
    assertFalse(busy.requireOk().jsonLines().getFirst().get("valid").asBoolean());
    assertTrue(busy.jsonLines().get(1).get("valid").asBoolean());
  }

  @Test
  void shouldMarkAllRowsInvalidWhenOneWorkerAloneWasMeasuredOnABusyMachine() {
    CommandRun busy = runs().busy("one-worker", 0.9).execute(arguments());
    assertEquals(4, busy.requireOk().out().lines().filter(l -> l.contains("(invalid)")).count());
  }

  @Test
  void shouldTellWhatFailedAndEndWithOne() {
    CommandRun run = runs().failure("a-psgd-slow-10", "it broke").execute(arguments("--json"));
    assertEquals(ExitCodes.FAILURE, run.exitCode());
    assertEquals("it broke", run.jsonLines().getLast().get("error").asText());
    assertEquals("a-psgd", run.jsonLines().getLast().get("algorithm").asText());
  }

  @Test
  void shouldSayThatNothingCanBeComparedWhenOneWorkerAloneFailed() {
    CommandRun run = runs().failure("one-worker", "no room").execute(arguments("--json"));
    assertEquals(ExitCodes.FAILURE, run.exitCode());
    assertEquals(5, run.jsonLines().size());
    run.jsonLines().forEach(row -> assertTrue(row.get("error").asText().contains("no room")));
  }

  @Test
  void shouldRunLongEnoughForThreeRoundsAndNoLongerThanAsked() {
    CannedRuns runs = new CannedRuns();
    runs.execute("slow-worker", "--out", folder.resolve("out").toString());
    assertEquals(17, runs.launched.size());
    assertEquals("400", steps(runs, "one-worker"));
    assertEquals("400", steps(runs, "ad-psgd-slow-1"));
    assertEquals("375", steps(runs, "ad-psgd-slow-100"));
    assertEquals("40", steps(runs, "allreduce-slow-10"));
    assertEquals("4", steps(runs, "d-psgd-slow-100"));
    for (RunSpec run : runs.launched) {
      assertTrue(run.expectedSeconds() >= 10 && run.expectedSeconds() <= 30, run::toString);
    }
    RunSpec slow = runs.launched.getLast();
    assertTrue(String.join(" ", slow.arguments()).contains("--slow 15=100"), slow::toString);
  }

  @Test
  void shouldShortenRunsInWhichAllWaitForASlowLink() {
    CannedRuns runs = new CannedRuns();
    runs.execute("slow-link", "--out", folder.resolve("out").toString());
    assertEquals(17, runs.launched.size());
    assertEquals("400", steps(runs, "ad-psgd-link-100"));
    // A model takes 2.512 ms, so 251.2 ms on the slow link, and a ring carries two.
    assertEquals("36", steps(runs, "allreduce-link-100"));
    assertEquals("5", steps(runs, "d-psgd-link-100"));
    for (RunSpec run : runs.launched) {
      assertTrue(run.expectedSeconds() >= 10 && run.expectedSeconds() <= 30, run::toString);
    }
    assertTrue(
        String.join(" ", runs.launched.getLast().arguments()).contains("--slow-link 15=100"));
  }

  private static String steps(CannedRuns runs, String name) {
    RunSpec run =
        runs.launched.stream().filter(spec -> spec.name().equals(name)).findFirst().orElseThrow();
    return run.arguments().get(run.arguments().indexOf("--steps") + 1);
  }

  @Test
  void shouldPrintTheCommandsAndRunNoneOnADryRun() {
    CannedRuns runs = new CannedRuns();
    CommandRun run = runs.execute(arguments("--dry-run")).requireOk();
    assertEquals(List.of(), runs.launched);
    assertFalse(Files.exists(folder.resolve("out")));
    assertEquals(5, run.out().lines().count());
    assertTrue(
        run.out().startsWith("starling train --algorithm ad-psgd --model softmax --workers 1 "));
    JsonNode first = runs.execute(arguments("--dry-run", "--json")).jsonLines().getFirst();
    assertEquals("starling", first.get("command").get(0).asText());
  }

  @Test
  void shouldRefuseWhatMakesNoSense() {
    assertEquals(ExitCodes.USAGE, runs().execute("slow-worker", "--workers", "1").exitCode());
    assertEquals(ExitCodes.USAGE, runs().execute("slow-worker", "--slowdowns", "0").exitCode());
    CommandRun unknown = runs().execute("slow-worker", "--algorithms", "sgd");
    assertEquals(ExitCodes.USAGE, unknown.exitCode());
    assertTrue(unknown.err().contains("allreduce, d-psgd"), unknown.err());
  }

  @Test
  void shouldQuoteWhatAShellWouldSplit() {
    assertEquals(
        "starling 'a b' 'it'\\''s' x=1",
        ExperimentCommand.shell(List.of("starling", "a b", "it's", "x=1")));
  }
}

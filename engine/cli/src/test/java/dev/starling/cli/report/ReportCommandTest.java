package dev.starling.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.Json;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.RankProcesses;
import dev.starling.cli.TrainingProcess;
import dev.starling.cli.page.Parsed;
import dev.starling.cli.train.HistoryFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ReportCommandTest {
  private static final List<String> SECTIONS =
      List.of(
          "What ran",
          "Workers",
          "Learning",
          "Throughput",
          "Staleness and pairs",
          "Time line of exchanges",
          "Stragglers",
          "Incidents",
          "Command",
          "Options",
          "Environment");

  @RegisterExtension private final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Parsed report(String state) throws IOException {
    return report(shared.run("run"), state);
  }

  private static Parsed report(Path directory, String state) throws IOException {
    JsonNode json = CommandRun.of("report", directory.toString(), "--json").requireOk().json();
    assertEquals(state, json.get("state").asText());
    Path file = Path.of(json.get("report").asText());
    assertEquals(directory.resolve("report.html"), file);
    assertEquals(Files.size(file), json.get("bytes").asLong());
    Parsed page = Parsed.of(Files.readString(file));
    assertEquals(SECTIONS, page.texts("h2", ""));
    return page;
  }

  private void train(String... more) {
    CommandRun.of(shared.train(more)).requireOk();
  }

  private static boolean notes(Parsed page, String part) {
    return page.texts("p", "note").stream().anyMatch(note -> note.contains(part));
  }

  @Test
  void shouldShowEverySectionWhenARunWithALogHasEnded() throws IOException {
    train("--workers", "3", "--epochs", "3", "--compute-ms", "10", "--log", "none");
    Parsed page = report("finished");
    List<String> figures = page.texts("h3", "");
    for (String figure :
        List.of(
            "Training loss by epoch",
            "Training loss by time",
            "Accuracy of the average by epoch",
            "Learning rate by time",
            "Steps of each worker",
            "Exchanges begun by each worker",
            "Samples of all workers",
            "Staleness of applied gradients",
            "Exchanges by pair",
            "Updates and exchanges")) {
      assertTrue(figures.contains(figure), figure + " in " + figures);
    }
    assertFalse(page.all("rect", "span").isEmpty(), "the time line has bars");
    assertFalse(page.all("line", "link").isEmpty(), "the time line has links");
    assertEquals(3, page.texts("td", "").stream().filter("finished"::equals).count());
    assertFalse(page.text().contains("no data"), page.text());
    String command = page.texts("pre", "").getFirst();
    assertTrue(command.startsWith("starling train"), command);
    assertTrue(command.contains("--workers 3 --epochs 3 --compute-ms 10 --log none"), command);
    assertFalse(command.contains("--out"), command);
  }

  @Test
  void shouldNameNoUserNorPathWhenItIsWrittenElsewhere() throws IOException {
    train("--workers", "2", "--epochs", "1");
    Path file = shared.run("elsewhere.html");
    CommandRun.of("report", shared.run("run").toString(), "--out", file.toString()).requireOk();
    String html = Files.readString(file);
    assertFalse(html.contains(shared.run("run").getParent().toString()), "the runs' directory");
    assertFalse(html.contains(shared.directory().toString()), "the regions' directory");
    assertFalse(html.contains(System.getProperty("user.home")), "the home directory");
  }

  @Test
  void shouldNameTheOptionWhenARunHasNoLog() throws IOException {
    train("--workers", "2", "--epochs", "1");
    assertTrue(notes(report("finished"), "The run kept no log of its updates: --log none"));
  }

  @Test
  void shouldSayWhyWhenTheLogCannotBeRead() throws IOException {
    train("--workers", "2", "--epochs", "1");
    Files.createDirectory(shared.run("run").resolve("log"));
    assertTrue(notes(report("finished"), "The log of updates shows nothing: "));
  }

  @Test
  void shouldStillMakeThePageWhenAlmostEverythingIsMissing() throws IOException {
    train("--workers", "2", "--epochs", "1");
    Path run = shared.run("run");
    Files.delete(run.resolve("result.json"));
    Files.delete(run.resolve("stat.json"));
    Files.delete(run.resolve(HistoryFile.NAME));
    Parsed page = report("dead");
    for (String part :
        List.of(
            "no counters (stat.json)",
            "no history.jsonl",
            "No staleness was counted",
            "No exchange was counted",
            "No worker has done a step",
            "Incidents are saved when a run ends; this one died before")) {
      assertTrue(notes(page, part), part);
    }
  }

  @Test
  void shouldShowWhatThereIsWhenTheRunGoesOnAndWhenItWasKilled()
      throws IOException, InterruptedException {
    try (TrainingProcess process =
        TrainingProcess.start(
            shared,
            "--workers",
            "2",
            "--processes",
            "--compute-ms",
            "2",
            "--steps",
            "1000000",
            "--log",
            "none")) {
      process.awaitSteps(40);
      // Lines from before the first step are left out of the page.
      process.await("no history", () -> linesWithSteps() > 2);
      Parsed running = report("running");
      assertTrue(notes(running, "The run goes on: this is what it had saved by"));
      assertTrue(running.texts("h3", "").contains("Steps of each worker"));
      process.signal("KILL");
      assertTrue(process.process().waitFor(60, TimeUnit.SECONDS));
      Parsed dead = report("dead");
      assertTrue(dead.texts("p", "lead").getFirst().contains("the run died after"));
      assertTrue(dead.texts("h3", "").contains("Updates and exchanges"));
      assertTrue(dead.texts("h3", "").contains("Training loss by time"));
      awaitWorkersGone();
    }
  }

  private long linesWithSteps() throws IOException {
    return HistoryFile.read(shared.run("run")).stream()
        .filter(line -> line.path("steps").asLong() > 0)
        .count();
  }

  /** The workers end with their coordinator; the next run removes what they left. */
  private void awaitWorkersGone() throws IOException, InterruptedException {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!CommandRun.list(shared.directory()).isEmpty() && System.nanoTime() - deadlineNs < 0) {
      CommandRun.of(shared.train("--steps", "1", "--out", shared.run("next").toString()));
      deleteRecursively(shared.run("next"));
    }
  }

  private static void deleteRecursively(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Test
  void shouldTakeTheRankThatEvaluatedWhenRanksWereLaunched()
      throws IOException, InterruptedException {
    try (RankProcesses ranks = RankProcesses.start(shared, 2, "--epochs", "2")) {
      ranks.result(0, ExitCodes.OK);
      ranks.result(1, ExitCodes.OK);
    }
    Parsed page = report("finished");
    assertTrue(page.texts("dd", "").contains("2 launched ranks"), page.texts("dd", "") + "");
    assertTrue(notes(page, "once for each of the 2 ranks"));
    assertTrue(notes(page, "Ranks that are launched one by one cannot have one"));
  }

  @Test
  void shouldShowHostileNamesAsTextWhenTheyAreInTheConfiguration() throws IOException {
    String hostile = "</style><script>alert(1)</script><img src='x' onerror='y'>&\u0001";
    Path run = Files.createDirectories(shared.run("run"));
    Map<String, Object> config =
        Map.of(
            "command",
            hostile,
            "arguments",
            List.of(hostile, "--model=" + hostile, "it's"),
            "time",
            hostile,
            "cpu",
            hostile,
            "options",
            Map.of("model", hostile, "data", hostile, "workers", 2, hostile, hostile));
    Files.writeString(run.resolve("config.json"), Json.line(config));
    Files.writeString(run.resolve("result.json"), Json.line(Map.of("incidents", List.of(hostile))));
    Files.writeString(
        run.resolve(HistoryFile.NAME),
        "{\"seconds\":1,\"stepsPerWorker\":[\"<b>\"],\"loss\":\"<i>\"}\nno JSON\n\n[1]\n");
    Parsed page = report("finished");
    assertTrue(page.all("script", "").isEmpty() && page.all("img", "").isEmpty());
    String shown = hostile.replace('\u0001', '\uFFFD');
    assertTrue(page.texts("dd", "").contains(shown), page.texts("dd", "") + "");
    assertTrue(page.texts("li", "").contains(shown));
    assertTrue(page.texts("pre", "").getFirst().endsWith("'it'\\''s'"), page.texts("pre", "") + "");
  }

  @Test
  void shouldCutPathsWhenTheyAreInTheCommand() throws IOException {
    Path run = Files.createDirectories(shared.run("run"));
    Map<String, Object> config =
        Map.of(
            "command",
            "train",
            "arguments",
            List.of(
                "--data", "/home/somebody/digits", "--out=/x", "--resume", "/y", "--json", "-q"),
            "options",
            Map.of("model", "softmax", "data", "/home/somebody/digits", "workers", 1));
    Files.writeString(run.resolve("config.json"), Json.line(config));
    Parsed page = report("dead");
    assertEquals("starling train --data …/digits -q", page.texts("pre", "").getFirst());
    assertFalse(page.text().contains("somebody"));
    assertTrue(notes(page, "Paths are cut"));
  }

  @Test
  void shouldRefuseInOneSentenceWhenThereIsNoRun() throws IOException {
    Path empty = Files.createDirectories(shared.run("empty"));
    CommandRun run = CommandRun.of("report", empty.toString());
    assertEquals(ExitCodes.USAGE, run.exitCode());
    assertTrue(run.err().contains("is no run directory"), run.err());
    Files.writeString(empty.resolve("config.json"), "[");
    assertEquals(ExitCodes.FAILURE, CommandRun.of("report", empty.toString()).exitCode());
    assertFalse(Files.exists(empty.resolve("report.html")));
  }
}

package dev.starling.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.chronicle.ChronicleLogContext;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.Starling;
import dev.starling.engine.log.UpdateLog;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogCommandsTest {
  @TempDir Path directory;
  private TestRun run;

  @BeforeEach
  void writeLogs() {
    run = new TestRun(directory);
    run.write(
        0,
        0,
        log -> {
          for (int step = 1; step <= 3; step++) {
            TestRun.update(log, step, 1);
          }
          log.intent(0, 4, 1, 0, 104, false);
          log.torn(0, 1, true);
          log.fence(0, 1, 4);
          log.fenced(0, 1, true);
          log.rejected(2, 5, 17);
          log.rejected(1, 6, -1);
        });
    run.writeKilled(
        1,
        0,
        log -> {
          TestRun.update(log, 1, 0);
          TestRun.update(log, 2, 2);
        });
    run.write(
        1,
        1,
        log -> {
          TestRun.update(log, 1, 0);
          log.cut(7);
          log.checkpoint(7, 1, new long[] {1, 1});
        });
  }

  private CommandRun log(String command, String... more) {
    List<String> arguments = new ArrayList<>(List.of("log", command, directory.toString()));
    arguments.addAll(List.of(more));
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  private List<JsonNode> lines(String command, String... more) {
    List<String> arguments = new ArrayList<>(List.of(more));
    arguments.add("--json");
    CommandRun dump = log(command, arguments.toArray(String[]::new)).requireOk();
    assertEquals("", dump.err());
    return dump.out().lines().map(CommandRun::parse).toList();
  }

  private static Map<String, Integer> kinds(List<JsonNode> lines) {
    Map<String, Integer> kinds = new HashMap<>();
    lines.forEach(line -> kinds.merge(line.get("kind").asText(), 1, Integer::sum));
    return kinds;
  }

  @Test
  void shouldListEveryLogWithItsEndWhenLsIsAsked() {
    List<JsonNode> logs = lines("ls");
    assertEquals(3, logs.size());
    JsonNode first = logs.get(0);
    assertEquals(0, first.get("rank").asInt());
    assertEquals("END", first.get("end").asText());
    assertEquals(1, first.get("segments").asInt());
    assertEquals(2 + 3 * 5 + 6 + 1, first.get("records").asInt());
    assertEquals(0, first.get("firstVersion").asLong());
    assertEquals(4, first.get("lastVersion").asLong(), "the fence made it");
    assertTrue(first.get("recordBytes").asLong() < first.get("fileBytes").asLong());
    assertTrue(first.get("firstTime").asText().compareTo(first.get("lastTime").asText()) <= 0);
    assertEquals("killed", logs.get(1).get("end").asText());
    assertEquals(2, logs.get(1).get("lastVersion").asLong());
    assertEquals("END", logs.get(2).get("end").asText());
    assertEquals(1, logs.get(2).get("incarnation").asInt());
    assertEquals(2, logs.get(2).get("segments").asInt(), "a cut begins a segment");
  }

  @Test
  void shouldPrintATableWhenLsIsAskedByAPerson() {
    List<String> lines = log("ls").requireOk().out().lines().toList();
    assertEquals(4, lines.size());
    assertTrue(lines.get(0).startsWith("log "), lines.get(0));
    assertTrue(lines.get(2).matches("1\\.0 .* 2  killed"), lines.get(2));
  }

  @Test
  void shouldSayFullWhenALogHasUsedItsBudgetUp() {
    run.write(
        5,
        0,
        new ChronicleLogContext().budgetBytes(1 << 20),
        UpdateLog.OnFailure.CONTINUE,
        log -> {
          for (int step = 1; step <= 10_000; step++) {
            TestRun.update(log, step, 1);
          }
        });
    assertEquals("full", lines("ls").getLast().get("end").asText());
    assertEquals(
        "full-or-failed",
        lines("dump", "--rank", "5", "--kind", "END").getLast().get("reason").asText());
  }

  @Test
  void shouldDumpEveryRecordByTimeWhenNothingIsFiltered() {
    List<JsonNode> lines = lines("dump");
    int records = lines("ls").stream().mapToInt(log -> log.get("records").asInt()).sum();
    assertEquals(records, lines.size());
    for (int i = 1; i < lines.size(); i++) {
      assertTrue(
          lines.get(i - 1).get("time").asText().compareTo(lines.get(i).get("time").asText()) <= 0);
    }
    List<String> text = log("dump").requireOk().out().lines().toList();
    assertEquals(records, text.size());
    assertTrue(
        text.stream()
            .anyMatch(line -> line.contains("0.0    #2        GRADIENT   optimizerStep=1")),
        () -> String.join("\n", text));
  }

  @Test
  void shouldNameEveryFieldWhenARecordIsDumped() {
    Map<String, JsonNode> first = new HashMap<>();
    lines("dump").forEach(line -> first.putIfAbsent(line.get("kind").asText(), line));
    assertEquals("j", first.get("RUN").get("run").get("job").asText());
    assertTrue(first.get("RESTORE").get("originRank").isNull());
    assertEquals(0, first.get("RESTORE").get("set").asLong());
    JsonNode gradient = first.get("GRADIENT");
    assertEquals(4, gradient.get("count").asInt());
    assertEquals("0.1", gradient.get("learningRate").asText());
    assertEquals("f32", gradient.get("payload").asText());
    assertEquals(TestRun.GRADIENT_BYTES, gradient.get("payloadBytes").asLong());
    JsonNode fragment = first.get("FRAGMENT");
    assertEquals(0, fragment.get("offsetBytes").asLong());
    assertEquals(TestRun.GRADIENT_BYTES, fragment.get("lengthBytes").asLong());
    JsonNode intent = first.get("INTENT");
    assertEquals(101, intent.get("peerVersionLow28").asLong());
    assertTrue(intent.get("withUpdate").asBoolean());
    assertTrue(first.get("TORN").get("mayBePublished").asBoolean());
    assertEquals(4, first.get("FENCE").get("versionLow28").asLong());
    assertTrue(first.get("FENCED").get("broken").asBoolean());
    assertEquals("not-finite", first.get("REJECT").get("reason").asText());
    assertEquals(17, first.get("REJECT").get("badIndex").asLong());
    assertEquals(CommandRun.parse("[1,1]"), first.get("CHECKPOINT").get("versions"));
    assertEquals("closed", first.get("END").get("reason").asText());
  }

  @Test
  void shouldDumpOnlyWhatTheFiltersLeave() {
    assertEquals(Map.of("STEP", 6, "COMMIT", 6), kinds(lines("dump", "--kind", "step,COMMIT")));
    assertEquals(
        Map.of("STEP", 1),
        kinds(lines("dump", "--kind", "STEP", "--rank", "1", "--incarnation", "1")));
    assertEquals(Map.of("STEP", 6, "CHECKPOINT", 1), kinds(lines("dump", "--stripe", "1")));
    assertEquals(
        Map.of("INTENT", 3, "COMMIT", 2, "STEP", 2, "FENCE", 1),
        kinds(lines("dump", "--from-version", "2", "--to-version", "4", "--rank", "0")));
    assertEquals(5, lines("dump", "--limit", "5").size());
  }

  @Test
  void shouldKeepBothEndsWhenATimeIsFiltered() {
    List<JsonNode> all = lines("dump");
    String from = all.get(4).get("time").asText();
    String to = all.get(9).get("time").asText();
    List<JsonNode> some = lines("dump", "--from-time", from, "--to-time", to);
    assertEquals(from, some.getFirst().get("time").asText());
    assertEquals(to, some.getLast().get("time").asText());
    assertTrue(some.size() >= 6 && some.size() < all.size(), some.size() + " of " + all.size());
    assertEquals(List.of(), lines("dump", "--to-time", "1970-01-01T00:00:00Z"));
    assertEquals(all.size(), lines("dump", "--to-time", "+999999999-01-01T00:00:00Z").size());
  }

  @Test
  void shouldCountByRankKindAndPartnerWhenStatIsAsked() {
    JsonNode stat = log("stat", "--json").requireOk().json();
    assertEquals(3, stat.get("logs").asInt());
    JsonNode total = stat.get("total");
    assertEquals(lines("dump").size(), total.get("records").asInt());
    assertEquals(6, total.get("updates").asInt());
    assertEquals(24, total.get("gradients").asInt());
    assertEquals(6, total.get("steps").asInt());
    assertEquals(6, total.get("exchanges").asInt());
    assertEquals(1, total.get("torn").asInt());
    assertEquals(1, total.get("tornUncertain").asInt());
    assertEquals(1, total.get("fences").asInt());
    assertEquals(3, total.get("rejected").asInt());
    assertEquals(6 * 64, total.get("kinds").get("FRAGMENT").get("bytes").asLong());
    assertEquals(CommandRun.parse("[0,1,2]"), stat.get("exchanges").get("ranks"));
    assertEquals(
        CommandRun.parse("[[0,3,0],[2,0,1],[0,0,0]]"), stat.get("exchanges").get("counts"));
    assertEquals(2, stat.get("ranks").size());
    assertEquals(12, stat.get("ranks").get(1).get("gradients").asInt());
    double records = 0;
    for (JsonNode rate : stat.get("rates")) {
      records += rate.get("recordsPerSecond").asDouble() * rate.get("seconds").asDouble();
    }
    assertEquals(total.get("records").asDouble(), records, 1e-6);
    assertEquals(0, stat.get("damage").size());
  }

  @Test
  void shouldShowTablesWhenStatIsAskedByAPerson() {
    String report = log("stat").requireOk().out();
    for (String row :
        List.of("0 .* 3 +12 +3 +3 +1 +1 +1 +3", "GRADIENT +6 +432 .*%", "1 +2 +\\. +1", ".* #+")) {
      assertTrue(report.lines().anyMatch(line -> line.matches(row)), () -> row + "\n" + report);
    }
  }

  @Test
  void shouldShowWhatLiesBeforeTheDamageWhenAFileIsDamaged() throws IOException {
    Path file = run.log(0, 0).resolve("00000000.cq4");
    int records = lines("dump", "--rank", "0").size();
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    // The payload's length of the third GRADIENT, one bit of it.
    long third = -1;
    for (int found = 0; found < 3; found++) {
      third = bytes.indexOf("\u00cd\u00cc\u00cc\u003d", (int) third + 1);
    }
    try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
      damaged.seek(third);
      damaged.write(0x21);
    }
    CommandRun dump = log("dump", "--rank", "0");
    assertEquals(ExitCodes.FAILURE, dump.exitCode());
    assertEquals(2 + 2 * 5, dump.out().lines().count());
    assertTrue(dump.err().contains("00000000.cq4 at ") && dump.err().contains("is damaged"));
    assertEquals(1, dump.err().lines().count(), dump.err());
    assertTrue(records > 12, "there was more");
    CommandRun json = log("dump", "--rank", "0", "--json");
    assertEquals(ExitCodes.FAILURE, json.json().get("exitCode").asInt());
    JsonNode ls = lines("ls").getFirst();
    assertEquals("damaged", ls.get("end").asText());
    assertEquals(12, ls.get("records").asInt());
    assertTrue(ls.get("damage").asText().contains("00000000.cq4 at "), ls.toString());
    assertEquals(1, log("stat", "--json").requireOk().json().get("damage").size());
    assertTrue(log("stat").requireOk().out().contains("WARNING: "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ls /no/such/place | /no/such/place does not exist: give the --out of a run",
        "stat /dev/null | /dev/null is no directory",
        "dump /proc/self/task | has no update log",
        "dump DIR --rank 9 | --rank=9 has no log in",
        "dump DIR --incarnation 9 | --incarnation=9 has no log in",
        "dump DIR --kind NONE | NONE",
        "dump DIR --limit 0 | --limit=0 is out of range",
        "dump DIR --from-version 3 --to-version 2 | --from-version=3 lies after --to-version=2",
        "dump DIR --from-time yesterday | yesterday",
        "dump DIR --from-time 2026-01-02T00:00:00Z --to-time 2026-01-01T00:00:00Z | lies after",
        "ls | DIR",
        "list DIR | list"
      })
  void shouldRefuseInOneSentenceWhenTheInputIsImpossible(String options, String part) {
    CommandRun refused =
        CommandRun.of(("log " + options).replace("DIR", directory.toString()).split(" "));
    assertEquals(ExitCodes.USAGE, refused.exitCode(), refused.err());
    assertEquals("", refused.out());
    assertEquals(1, refused.err().lines().count(), refused.err());
    assertFalse(refused.err().contains("\tat "), refused.err());
    assertTrue(refused.err().contains(part), () -> part + " is missing in: " + refused.err());
  }

  @Test
  void shouldAskForACommandWhenTheGroupIsCalledAlone() {
    CommandRun group = CommandRun.of("log");
    assertEquals(ExitCodes.USAGE, group.exitCode());
    assertTrue(group.err().contains("choose one of ls, dump, stat"), group.err());
  }

  @Test
  void shouldReadWithoutAnyFlagOfTheJvm() throws IOException, InterruptedException {
    Path out = directory.resolve("out");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Starling.class.getName(),
                "log",
                "ls",
                directory.toString(),
                "--json")
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(ExitCodes.OK, process.exitValue(), () -> "see " + out);
      assertEquals(3, Files.readAllLines(out).size(), () -> "see " + out);
    } finally {
      process.destroyForcibly();
    }
  }
}

package dev.starling.cuda.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script of the folder that is copied to a machine, with a stand-in for the JVM. */
class CheckRunTest {
  /** Writes down how it was called; checks and trains as the environment says. */
  private static final String JAVA =
      """
      #!/bin/sh
      echo "$*" >> "$CALLS"
      case "$*" in
      *GpuCheck*)
        report=
        for argument; do
          [ "$report" != next ] || report=$argument
          [ "$argument" != --report ] || report=next
        done
        [ "$CHECK" = 3 ] || printf 'device\\ntable\\n{"results":[]}\\n' > "$report"
        exit "$CHECK" ;;
      *"--device cuda"*) [ "$CUDA" != broken ] || exit 1; echo "{\\"accuracy\\":$CUDA,\\"loss\\":1}" ;;
      *"--device cpu"*) echo '{"accuracy":0.96,"loss":1}' ;;
      *) exit 9 ;;
      esac
      """;

  @TempDir Path folder;
  private Path calls;
  private Path out;

  @BeforeEach
  void makeFolder() throws Exception {
    calls = folder.resolve("calls");
    out = folder.resolve("out");
    Files.copy(Path.of("src/check/run").toAbsolutePath(), folder.resolve("run"));
    Files.writeString(folder.resolve("jvm.flags"), "--one --two\n");
    Path java = Files.createDirectories(folder.resolve("runtime/bin")).resolve("java");
    Files.writeString(java, JAVA);
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
  }

  /** Runs the script; the last line is its exit status. */
  private List<String> run(int check, String cudaAccuracy, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", folder.resolve("run").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(Path.of("/").toFile());
    builder.environment().put("CALLS", calls.toString());
    builder.environment().put("CHECK", Integer.toString(check));
    builder.environment().put("CUDA", cudaAccuracy);
    builder.environment().put("STARLING_CHECK_OUT", out.toString());
    builder.environment().remove("STARLING_DIGITS");
    Process process = builder.start();
    try {
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the script is still running");
      List<String> lines = new ArrayList<>(text.lines().toList());
      lines.add(Integer.toString(process.exitValue()));
      return lines;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldCheckThenTrainAndPrintTheTableLast() throws Exception {
    List<String> lines = run(0, "0.955", "--cases", "7");
    assertEquals("0", lines.getLast(), lines::toString);
    int end = lines.size();
    assertEquals(List.of("device", "table"), lines.subList(end - 5, end - 3));
    assertTrue(lines.get(end - 3).startsWith("training: accuracy 95.50 % on the GPU, 96.00 % on"));
    assertEquals(
        "{\"kernels\":{\"results\":[]},\"training\":{\"device\":\"cuda\",\"accuracy\":0.955,"
            + "\"cpuAccuracy\":0.96,\"goal\":\"reached\"}}",
        lines.get(end - 2));
    List<String> called = Files.readAllLines(calls);
    assertEquals(3, called.size(), called::toString);
    String first = called.getFirst();
    assertTrue(first.startsWith("--one --two -Djava.library.path=" + folder), first);
    assertTrue(first.endsWith("--cases 7"), first);
    assertEquals(lines.subList(end - 5, end - 1), Files.readAllLines(out.resolve("report.txt")));
  }

  @Test
  void shouldFailWhenTheGpuLearnsWorseThanTheCpu() throws Exception {
    List<String> lines = run(0, "0.94");
    assertEquals("1", lines.getLast(), lines::toString);
    assertTrue(lines.get(lines.size() - 3).endsWith(": missed"), lines::toString);
  }

  @Test
  void shouldPrintTheTableEvenWhenTrainingFails() throws Exception {
    List<String> lines = run(0, "broken", "--no-goals");
    assertEquals("1", lines.getLast(), lines::toString);
    int end = lines.size();
    assertEquals("table", lines.get(end - 4));
    assertEquals("training: FAILED, see " + out, lines.get(end - 3));
    assertTrue(lines.get(end - 2).contains("\"accuracy\":null,\"cpuAccuracy\":0.96,"));
  }

  @Test
  void shouldLeaveGoalsOutWhenAsked() throws Exception {
    assertEquals("0", run(0, "0.94", "--no-goals").getLast());
  }

  @Test
  void shouldTrainEvenThoughTheCheckFoundSomething() throws Exception {
    List<String> lines = run(1, "0.96");
    assertEquals("1", lines.getLast(), lines::toString);
    assertTrue(lines.get(lines.size() - 3).endsWith(": reached"), lines::toString);
  }

  @Test
  void shouldEndWhenThereIsNoGpu() throws Exception {
    assertEquals(List.of("3"), run(3, "0.96"));
    assertEquals(1, Files.readAllLines(calls).size());
    assertFalse(Files.exists(out.resolve("report.txt")));
  }

  @Test
  void shouldNotTakeAnEarlierReportForItsOwn() throws Exception {
    run(0, "0.96");
    List<String> lines = run(0, "0.96");
    assertEquals("1", lines.getLast(), lines::toString);
    assertTrue(lines.getFirst().endsWith("name another folder."), lines::toString);
  }
}

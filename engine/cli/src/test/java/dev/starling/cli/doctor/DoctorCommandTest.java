package dev.starling.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.Json;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.fabric.FabricSettings;
import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.Workload;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  private static final Workload WORKLOAD = new Workload(2, 1000);

  private record Fixed(String area, List<Finding> findings) implements HealthCheck {
    @Override
    public List<Finding> examine(Workload workload) {
      return findings;
    }
  }

  private record Rdma(Optional<String> unavailableReason) implements FabricProvider {
    @Override
    public String name() {
      return "verbs";
    }

    @Override
    public Fabric open(FabricSettings settings) {
      throw new UnsupportedOperationException("a doctor opens nothing");
    }
  }

  @Test
  void shouldPrintSectionsWithCuresUnderWhatTheyCure() {
    HealthCheck check =
        new Fixed(
            "limits",
            List.of(
                Finding.ok("a", "fine"),
                Finding.note("longer", "slow", "do this"),
                Finding.problem("b", "broken", "do that")));
    DoctorReport report = DoctorReport.of(List.of(check), WORKLOAD);
    assertEquals(
        """
        limits
          ok       a       fine
          note     longer  slow
                           cure: do this
          PROBLEM  b       broken
                           cure: do that
        1 problem stops a run (1 note; asked for 2 workers with 1,000 parameters)
        """,
        report.text());
    JsonNode json = CommandRun.parse(Json.line(report.json()));
    assertEquals(1, json.path("problems").asInt());
    assertEquals(1, json.path("notes").asInt());
    JsonNode last = json.path("findings").get(2);
    assertEquals("limits", last.path("area").asText());
    assertEquals("problem", last.path("level").asText());
    assertEquals("b", last.path("subject").asText());
    assertEquals("do that", last.path("cure").asText());
  }

  @Test
  void shouldGoOnWithTheOthersWhenACheckFails() {
    HealthCheck failing =
        new HealthCheck() {
          @Override
          public String area() {
            return "rdma";
          }

          @Override
          public List<Finding> examine(Workload workload) {
            throw new NoClassDefFoundError("com/ibm/disni/verbs/IbvContext");
          }
        };
    HealthCheck other = new Fixed("java", List.of(Finding.ok("version", "Java")));
    DoctorReport report = DoctorReport.of(List.of(failing, other), WORKLOAD);
    assertEquals(1, report.count(Finding.Level.PROBLEM));
    assertTrue(report.text().contains("could not be made (java.lang.NoClassDefFoundError: com/"));
    assertTrue(report.text().contains("java\n  ok       version  Java\n"), report::text);
  }

  private static String fabric(FabricProvider... providers) {
    return new ChoiceCheck(List.of(providers), List.of()).examine(WORKLOAD).getFirst().what();
  }

  @Test
  void shouldSayWhatWouldBeChosenAndWhyNotTheOthers() {
    String host = "--fabric auto takes shm when all ranks are on this host";
    assertEquals(host + "; no fabric between hosts is on the class path (starling-rdma)", fabric());
    assertEquals(
        host + ", verbs when some are elsewhere: which would fail, no device",
        fabric(new Rdma(Optional.of("no device"))));
    assertEquals(
        host + ", verbs when some are elsewhere: which can be used here",
        fabric(new Rdma(Optional.empty())));
  }

  @Test
  void shouldExamineThisMachine() {
    CommandRun run = CommandRun.of("doctor", "--workers", "1", "--parameters", "1000", "--json");
    JsonNode json = run.json();
    assertEquals(
        json.path("problems").asInt() == 0 ? ExitCodes.OK : ExitCodes.FAILURE, run.exitCode());
    List<String> areas =
        json.path("findings").findValuesAsText("area").stream().distinct().toList();
    assertEquals(List.of("java", "machine", "memory", "limits", "choice"), areas);
    assertTrue(json.path("findings").findValuesAsText("what").stream().noneMatch(String::isBlank));
  }

  @Test
  void shouldEndWithOneWhenTheModelDoesNotFit() {
    CommandRun run = CommandRun.of("doctor", "--parameters", "1000000000000");
    assertEquals(ExitCodes.FAILURE, run.exitCode());
    assertTrue(run.out().contains("  PROBLEM  /dev/shm "), run.out());
    assertEquals("", run.err());
  }

  @Test
  void shouldRefuseAWorkloadThatIsNone() {
    CommandRun run = CommandRun.of("doctor", "--workers", "0");
    assertEquals(ExitCodes.USAGE, run.exitCode());
    assertFalse(run.err().isBlank());
  }
}

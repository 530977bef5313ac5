package dev.starling.cli.doctor;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.Finding.Level;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What all checks found.
 *
 * @param workload what the machine was to be fit for
 * @param sections the findings by area, in the order of the checks
 */
record DoctorReport(Workload workload, List<Section> sections) {
  private static final String CURE = "cure: ";

  /** What one check found. */
  record Section(String area, List<Finding> findings) {}

  static DoctorReport of(List<HealthCheck> checks, Workload workload) {
    List<Section> sections = new ArrayList<>();
    for (HealthCheck check : checks) {
      sections.add(new Section(check.area(), examine(check, workload)));
    }
    return new DoctorReport(workload, sections);
  }

  /** A check that fails says so in the report, and the others still run. */
  private static List<Finding> examine(HealthCheck check, Workload workload) {
    try {
      return check.examine(workload);
    } catch (RuntimeException | LinkageError failure) {
      return List.of(
          Finding.problem(
              "check",
              "could not be made (" + failure + ")",
              "cure what it names; if it names nothing of this machine, report it as a bug"));
    }
  }

  long count(Level level) {
    return sections.stream()
        .flatMap(section -> section.findings().stream())
        .filter(finding -> finding.level() == level)
        .count();
  }

  Map<String, Object> json() {
    List<Map<String, Object>> findings = new ArrayList<>();
    for (Section section : sections) {
      for (Finding finding : section.findings()) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("area", section.area());
        entry.put("level", finding.level().name().toLowerCase(Locale.ROOT));
        entry.put("subject", finding.subject());
        entry.put("what", finding.what());
        entry.put("cure", finding.cure());
        findings.add(entry);
      }
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("workers", workload.workers());
    json.put("parameters", workload.parameters());
    json.put("problems", count(Level.PROBLEM));
    json.put("notes", count(Level.NOTE));
    json.put("findings", findings);
    return json;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    for (Section section : sections) {
      text.append(section.area()).append('\n');
      int width = section.findings().stream().mapToInt(f -> f.subject().length()).max().orElse(0);
      for (Finding finding : section.findings()) {
        String subject = finding.subject() + " ".repeat(width - finding.subject().length());
        text.append("  %-7s  %s  %s\n".formatted(level(finding), subject, finding.what()));
        if (!finding.cure().isEmpty()) {
          text.append(" ".repeat(width + 13)).append(CURE).append(finding.cure()).append('\n');
        }
      }
    }
    return text.append(conclusion()).append('\n').toString();
  }

  private static String level(Finding finding) {
    return switch (finding.level()) {
      case OK -> "ok";
      case NOTE -> "note";
      case PROBLEM -> "PROBLEM";
    };
  }

  private String conclusion() {
    long problems = count(Level.PROBLEM);
    return "%s (%s; asked for %s)"
        .formatted(
            problems == 0
                ? "nothing stops a run here"
                : problems == 1 ? "1 problem stops a run" : problems + " problems stop a run",
            count(Level.NOTE) == 1 ? "1 note" : count(Level.NOTE) + " notes",
            workload);
  }
}

package dev.starling.bench.experiment;

import dev.starling.cli.ExitCodes;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.page.Page;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * An experiment: plans its runs, executes them one after the other, and tells what came out as raw
 * lines, rows, a table and a page.
 */
abstract class ExperimentCommand extends StarlingCommand {
  private static final String PAGE = "report.html";
  private static final String UNSAFE = "[^A-Za-z0-9_@%+=:,./-]";

  @Mixin private ExperimentOptions options = new ExperimentOptions();
  @Spec private CommandSpec spec;
  private final RunLauncher launcher;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   * @param launcher executes the runs
   */
  ExperimentCommand(Terminal terminal, RunLauncher launcher) {
    super(terminal);
    this.launcher = launcher;
  }

  /**
   * Plans the runs.
   *
   * @return the runs in the order of execution, those for reference before those that need them
   */
  abstract List<RunSpec> plan();

  /**
   * Tells of one run that did not fail.
   *
   * @param outcome the run
   * @param before all runs before it
   * @return begins with the run's keys
   */
  abstract Row row(RunOutcome outcome, List<RunOutcome> before);

  /**
   * Tells of several runs together.
   *
   * @param rows of all runs but those for reference
   * @return further rows, none by default
   */
  List<Row> summaries(List<Row> rows) {
    return List.of();
  }

  /**
   * Lays the rows out for people.
   *
   * @param rows of all runs but those for reference, and the summaries
   * @return the tables, by heading
   */
  abstract Map<String, TextTable> tables(List<Row> rows);

  /**
   * Draws the rows.
   *
   * @param page where to add figures
   * @param rows as for {@link #tables}
   * @param outcomes all runs
   */
  abstract void draw(Page page, List<Row> rows, List<RunOutcome> outcomes);

  /** {@return what a reader must know, one sentence each} */
  abstract List<String> notes();

  /** {@return whether everything shall be small} */
  final boolean quick() {
    return options.quick();
  }

  @Override
  protected final void execute() throws Exception {
    List<RunSpec> plan = plan();
    Path directory = options.directory(spec.name());
    if (options.dryRun()) {
      plan.forEach(run -> tellCommand(run, directory));
      return;
    }
    ExperimentOptions.make(directory);
    List<RunOutcome> outcomes = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    run(plan, directory, outcomes, rows);
    rows.addAll(summaries(List.copyOf(rows)));
    Map<String, TextTable> tables = tables(rows);
    page(tables, rows, outcomes).write(directory.resolve(PAGE));
    tell(rows, tables, directory);
    if (rows.stream().anyMatch(Row::hasFailed)) {
      exitWith(ExitCodes.FAILURE);
    }
  }

  private void tellCommand(RunSpec run, Path directory) {
    List<String> arguments = new ArrayList<>(List.of("starling"));
    arguments.addAll(ChildRuns.arguments(run, directory.resolve(run.name())));
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("run", run.name());
    line.put("command", arguments);
    answerLine(line, shell(arguments));
  }

  /** A command line as a shell takes it. */
  static String shell(List<String> arguments) {
    List<String> words = new ArrayList<>();
    for (String argument : arguments) {
      boolean plain = !argument.isEmpty() && !argument.matches(".*" + UNSAFE + ".*");
      words.add(plain ? argument : "'" + argument.replace("'", "'\\''") + "'");
    }
    return String.join(" ", words);
  }

  private void run(List<RunSpec> plan, Path directory, List<RunOutcome> outcomes, List<Row> rows)
      throws IOException, InterruptedException {
    long totalMs = plan.stream().mapToLong(ExperimentCommand::expectedMs).sum();
    try (RawRows raw = new RawRows(directory, spec.name());
        WorkProgress progress = new WorkProgress(terminal(), spec.name(), totalMs)) {
      for (RunSpec run : plan) {
        tellBegin(run, outcomes.size() + 1, plan.size());
        RunOutcome outcome = launch(run, directory, progress);
        Row row = told(outcome, List.copyOf(outcomes));
        outcomes.add(outcome);
        raw.add(outcome, row);
        if (!run.reference() || row.hasFailed()) {
          rows.add(row);
        }
      }
    }
  }

  private static long expectedMs(RunSpec run) {
    return Math.round(1e3 * (run.expectedSeconds() + 2));
  }

  /** A bar says it better, where there can be one. */
  private void tellBegin(RunSpec run, int number, int count) {
    if (!terminal().interactive()) {
      terminal().err().printf("run %d of %d: %s%n", number, count, run.name());
      terminal().err().flush();
    }
  }

  private RunOutcome launch(RunSpec run, Path directory, WorkProgress progress)
      throws IOException, InterruptedException {
    long[] told = new long[1];
    RunOutcome outcome =
        launcher.launch(
            run,
            directory.resolve(run.name()),
            takenMs -> {
              long now = Math.min(takenMs, expectedMs(run));
              progress.advance(now - told[0]);
              told[0] = now;
            });
    progress.advance(expectedMs(run) - told[0]);
    return outcome;
  }

  /** What a run that failed cannot tell of itself, and what cannot be told of one that did not. */
  private Row told(RunOutcome outcome, List<RunOutcome> before) {
    if (outcome.hasFailed()) {
      return new Row(outcome).put("error", outcome.failure());
    }
    try {
      return row(outcome, before);
    } catch (StarlingException failure) {
      return new Row(outcome).put("error", failure.getMessage());
    }
  }

  private Page page(Map<String, TextTable> tables, List<Row> rows, List<RunOutcome> outcomes)
      throws IOException {
    Page page = new Page("Experiment: " + spec.name(), spec.usageMessage().header()[0]);
    Map<String, String> facts = new LinkedHashMap<>();
    Environment.here().forEach((name, value) -> facts.put(name, String.valueOf(value)));
    page.section("Machine").facts(facts);
    page.section("Result");
    tables.forEach(
        (heading, table) -> {
          page.note(heading);
          table.on(page);
        });
    rows.stream()
        .filter(Row::hasFailed)
        .forEach(row -> page.note("A run failed: " + row.text("error")));
    draw(page, rows, outcomes);
    if (!notes().isEmpty()) {
      page.section("How to read it").list(notes());
    }
    page.section("Commands");
    page.typed(
        String.join(
            "\n",
            outcomes.stream()
                .map(outcome -> ChildRuns.arguments(outcome.spec(), outcome.directory()))
                .map(arguments -> "starling " + shell(arguments))
                .toList()));
    return page;
  }

  private void tell(List<Row> rows, Map<String, TextTable> tables, Path directory) {
    if (json()) {
      rows.forEach(row -> answerLine(row.map(), ""));
      return;
    }
    StringBuilder text = new StringBuilder();
    tables.forEach((heading, table) -> text.append(heading + "\n\n" + table.markdown() + "\n"));
    rows.stream()
        .filter(Row::hasFailed)
        .forEach(row -> text.append("failed: " + row.text("error") + "\n"));
    notes().forEach(note -> text.append("* " + note + "\n"));
    text.append("* Raw lines and a page with plots: " + directory + "\n");
    answer(Map.of(), text.toString());
  }

  /**
   * Fails when a value is missing that the rest follows from.
   *
   * @param outcome the run that it comes from, null when there was none
   * @param what what it is, for the sentence
   * @return the run
   */
  static RunOutcome require(RunOutcome outcome, String what) {
    if (outcome == null || outcome.hasFailed()) {
      throw new StarlingException(
          what
              + " was not measured"
              + (outcome == null ? "" : " (" + outcome.failure() + ")")
              + ": nothing can be compared with it");
    }
    return outcome;
  }
}

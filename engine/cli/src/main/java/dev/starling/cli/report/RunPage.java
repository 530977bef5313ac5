package dev.starling.cli.report;

import dev.starling.cli.page.Page;
import java.io.IOException;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;

/** Makes the page of a run. */
public final class RunPage {
  /** The file in a run directory. */
  public static final String FILE = "report.html";

  private RunPage() {}

  /**
   * Makes the page and writes it into the run directory.
   *
   * @param directory the run directory
   * @return the file
   * @throws IOException when the run cannot be read or the page not be written
   */
  public static Path write(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    of(RunFiles.of(directory)).write(file);
    return file;
  }

  /**
   * Makes the page.
   *
   * @param run what is known of the run
   * @return the page, complete
   */
  static Page of(RunFiles run) {
    Summary summary = new Summary(run);
    Page page = new Page("Run " + run.name(), summary.lead());
    page.section("What ran");
    summary.facts(page);
    if (run.isRunning()) {
      page.note(
          "The run goes on: this is what it had saved by "
              + OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS)
              + "; make the page again to see more.");
    }
    page.section("Workers");
    summary.workers(page);
    page.section("Learning");
    new Curves(run).write(page);
    page.section("Throughput");
    new Throughput(run).write(page);
    Meetings meetings = new Meetings(run);
    page.section("Staleness and pairs");
    meetings.stalenessAndPairings(page);
    page.section("Time line of exchanges");
    meetings.timeLine(page);
    page.section("Stragglers");
    summary.stragglers(page);
    page.section("Incidents");
    summary.incidents(page);
    Environment environment = new Environment(run);
    page.section("Command");
    environment.command(page);
    page.section("Options");
    environment.options(page);
    page.section("Environment");
    environment.facts(page);
    return page;
  }
}

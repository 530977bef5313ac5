package dev.starling.cli.doctor;

import dev.starling.cli.ExitCodes;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import dev.starling.engine.replica.ReplicaLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what of this machine would stop or slow a run. */
@Command(
    name = "doctor",
    header = "Examine this machine: what would stop or slow a run, and the cure.",
    description = {
      "",
      "Looks at the JVM, memory, limits, network cards and GPUs, changes nothing, and ends with"
          + " what a run here would choose by itself.",
      "",
      "ok: as it should be; note: a run can do without; PROBLEM: stops a run.",
      ""
    },
    exitCodeList = {
      " 0:nothing stops a run here",
      " 1:a problem was found",
      " 2:the command line asks for something impossible",
      "130:stopped by SIGINT (Ctrl-C)",
      "143:stopped by SIGTERM"
    })
public final class DoctorCommand extends StarlingCommand {
  private static final int MAX_WORKERS = 1024;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "Workers that shall run on this machine, 1 to "
              + MAX_WORKERS
              + ". Default: ${DEFAULT-VALUE}.")
  private int workers = 4;

  @Option(
      names = "--parameters",
      paramLabel = "N",
      description = "Parameters of the model that they shall train. Default: ${DEFAULT-VALUE}.")
  private long parameters = 1_000_000;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public DoctorCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    ConfigurationException.requireRange("--workers", workers, 1, MAX_WORKERS);
    ConfigurationException.requireRange(
        "--parameters", parameters, 1, ReplicaLayout.MAX_PARAMETERS);
    DoctorReport report = DoctorReport.of(checks(), new Workload(workers, parameters));
    answer(report.json(), report.text());
    exitWith(report.count(Finding.Level.PROBLEM) == 0 ? ExitCodes.OK : ExitCodes.FAILURE);
  }

  private static List<HealthCheck> checks() {
    SystemFiles files = SystemFiles.HOST;
    List<HealthCheck> checks = new ArrayList<>();
    checks.add(new JavaCheck(JvmFacts.ofProcess()));
    checks.add(
        new MachineCheck(
            files, System.getProperty("os.arch"), Runtime.getRuntime().availableProcessors()));
    checks.add(new SharedMemoryCheck(files));
    checks.add(new LimitsCheck(files));
    ServiceLoader.load(HealthCheck.class).forEach(checks::add);
    checks.add(new ChoiceCheck());
    return checks;
  }
}

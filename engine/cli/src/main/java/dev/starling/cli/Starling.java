package dev.starling.cli;

import dev.starling.cli.checkpoint.CheckpointCommand;
import dev.starling.cli.doctor.DoctorCommand;
import dev.starling.cli.log.LogCommand;
import dev.starling.cli.replay.ReplayCommand;
import dev.starling.cli.replay.VerifyCommand;
import dev.starling.cli.report.ReportCommand;
import dev.starling.cli.report.RunPage;
import dev.starling.cli.sim.SimCommand;
import dev.starling.cli.topology.TopologyCommand;
import dev.starling.cli.train.DemoCommand;
import dev.starling.cli.train.StatCommand;
import dev.starling.cli.train.TrainCommand;
import dev.starling.cli.train.WorkerCommand;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program {@code starling}. */
@Command(
    name = "starling",
    versionProvider = Starling.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    usageHelpAutoWidth = true,
    description = {
      "Trains models with asynchronous decentralised SGD: every worker keeps its own replica in"
          + " shared memory and averages it with one neighbour at a time; nobody waits.",
      ""
    },
    footer = {"", "Start with: starling demo"})
public final class Starling implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help and exit.")
  @SuppressWarnings("unused") // picocli acts on it
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version of starling, Java and the machine, and exit.")
  @SuppressWarnings("unused") // picocli acts on it
  private boolean version;

  private Starling() {}

  /**
   * Runs the program and ends the process.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    System.exit(commandLine(Terminal.ofProcess()).execute(arguments));
  }

  /**
   * Assembles the program.
   *
   * @param terminal where it writes
   * @return the commands of this module and of every {@link SubCommandProvider}
   */
  public static CommandLine commandLine(Terminal terminal) {
    CommandLine commandLine =
        new CommandLine(new Starling())
            .addSubcommand(new DemoCommand(terminal, RunPage::write))
            .addSubcommand(new TrainCommand(terminal))
            .addSubcommand(new WorkerCommand(terminal))
            .addSubcommand(new StatCommand(terminal))
            .addSubcommand(new ReportCommand(terminal))
            .addSubcommand(new VerifyCommand(terminal))
            .addSubcommand(new ReplayCommand(terminal))
            .addSubcommand(LogCommand.with(terminal))
            .addSubcommand(CheckpointCommand.with(terminal))
            .addSubcommand(new TopologyCommand(terminal))
            .addSubcommand(new DoctorCommand(terminal))
            .addSubcommand(SimCommand.with(terminal));
    // A run that goes on has its first options and those that replace them.
    commandLine.getSubcommands().get(WorkerCommand.NAME).setOverwrittenOptionsAllowed(true);
    for (SubCommandProvider provider : ServiceLoader.load(SubCommandProvider.class)) {
      commandLine.addSubcommand(provider.command(terminal));
    }
    return commandLine
        .setOut(terminal.out())
        .setErr(terminal.err())
        .setParameterExceptionHandler(new ErrorReporter(terminal));
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "a command is missing: choose one of "
            + String.join(", ", CommandGroup.visibleCommands(spec)));
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Starling.class.getPackage().getImplementationVersion();
      return new String[] {
        "starling " + (version == null ? "(built from source)" : version),
        "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name"),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch")
            + ", "
            + Runtime.getRuntime().availableProcessors()
            + " processors"
      };
    }
  }
}

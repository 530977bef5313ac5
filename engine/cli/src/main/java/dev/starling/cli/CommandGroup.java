package dev.starling.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that does nothing but hold others, for instance {@code starling log}. */
@Command(
    synopsisSubcommandLabel = "COMMAND",
    usageHelpAutoWidth = true,
    commandListHeading = "%nCommands:%n")
public abstract class CommandGroup implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help and exit.")
  @SuppressWarnings("unused") // picocli acts on it
  private boolean help;

  /** Creates a group without commands. */
  protected CommandGroup() {}

  /**
   * Puts commands into the group.
   *
   * @param commands the commands, in the order in which help lists them
   * @return the group as a command line
   */
  protected final CommandLine holding(List<? extends StarlingCommand> commands) {
    CommandLine line = new CommandLine(this);
    commands.forEach(line::addSubcommand);
    return line.setCaseInsensitiveEnumValuesAllowed(true);
  }

  /**
   * Names the commands that help lists.
   *
   * @param spec the program or a group
   * @return the names of its commands, without hidden ones
   */
  static List<String> visibleCommands(CommandSpec spec) {
    return spec.subcommands().entrySet().stream()
        .filter(command -> !command.getValue().getCommandSpec().usageMessage().hidden())
        .map(Map.Entry::getKey)
        .toList();
  }

  @Override
  public final void run() {
    throw new ParameterException(
        spec.commandLine(),
        "a command is missing: choose one of " + String.join(", ", visibleCommands(spec)));
  }
}

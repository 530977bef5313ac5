package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class HelpTest {
  private static CommandLine program() {
    PrintWriter nowhere = new PrintWriter(new StringWriter());
    return Starling.commandLine(new Terminal(nowhere, nowhere, false));
  }

  /** The commands that do something, with the group that they are in. */
  static Stream<String> commands() {
    return visible(program())
        .flatMap(
            name -> {
              CommandLine command = command(name);
              Stream<String> own =
                  command.getCommand() instanceof StarlingCommand
                      ? Stream.of(name)
                      : Stream.empty();
              return Stream.concat(own, visible(command).map(inner -> name + " " + inner));
            });
  }

  private static Stream<String> visible(CommandLine group) {
    return group.getSubcommands().entrySet().stream()
        .filter(command -> !command.getValue().getCommandSpec().usageMessage().hidden())
        .map(Map.Entry::getKey);
  }

  private static CommandLine command(String path) {
    CommandLine command = program();
    for (String name : path.split(" ")) {
      command = command.getSubcommands().get(name);
    }
    return command;
  }

  private static String[] help(String path) {
    return (path + " --help").split(" ");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldDescribeEveryOptionWhenHelpIsAsked(String command) {
    CommandRun run = CommandRun.of(help(command)).requireOk();
    assertEquals("", run.err());
    for (OptionSpec option : command(command).getCommandSpec().options()) {
      String description = String.join(" ", option.description());
      assertFalse(description.isBlank(), () -> option.longestName() + " has no description");
      assertTrue(run.out().contains(option.longestName()), () -> option.longestName());
      assertFalse(run.out().contains("${"), "a variable was not filled in");
    }
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldSayTheDefaultWhenAnOptionTakesAValueAndHasOne(String command) {
    List<String> without = List.of("--slow", "--steps", "--resume");
    for (OptionSpec option : command(command).getCommandSpec().options()) {
      if (option.arity().max() > 0
          && !option.required()
          && !without.contains(option.longestName())) {
        String description = String.join(" ", option.description());
        assertTrue(
            description.contains("Default:"), () -> option.longestName() + ": " + description);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldTakeJsonAndVerboseWhenItIsACommand(String command) {
    List<String> names =
        command(command).getCommandSpec().options().stream()
            .flatMap(option -> Arrays.stream(option.names()))
            .toList();
    assertTrue(names.containsAll(List.of("--json", "--verbose", "--help")), names::toString);
  }

  @Test
  void shouldListEveryCommandWhenHelpIsAsked() {
    CommandRun run = CommandRun.of("--help").requireOk();
    visible(program()).forEach(command -> assertTrue(run.out().contains("  " + command), command));
    assertEquals(
        List.of(
            "demo",
            "train",
            "stat",
            "report",
            "verify",
            "replay",
            "log",
            "checkpoint",
            "topology",
            "doctor",
            "sim"),
        visible(program()).filter(c -> !c.equals("hello")).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"log", "checkpoint"})
  void shouldListTheCommandsOfAGroupWhenItsHelpIsAsked(String group) {
    CommandRun run = CommandRun.of(help(group)).requireOk();
    visible(command(group))
        .forEach(command -> assertTrue(run.out().contains("\n  " + command + " "), run.out()));
  }

  @Test
  void shouldNameJavaAndMachineWhenVersionIsAsked() {
    CommandRun run = CommandRun.of("--version").requireOk();
    assertTrue(run.out().startsWith("starling "), run.out());
    assertTrue(run.out().contains("Java 25"), run.out());
  }

  @Test
  void shouldAskForACommandWhenNoneIsGiven() {
    CommandRun run = CommandRun.of();
    assertEquals(ExitCodes.USAGE, run.exitCode());
    assertEquals("", run.out());
    assertTrue(run.err().contains("choose one of demo, train, stat, report, verify, "), run.err());
  }
}

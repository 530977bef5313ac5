package dev.starling.cli;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Command lines that run {@code starling} as this process does. Any thread may call. */
public final class OwnJvm {
  private OwnJvm() {}

  /**
   * Returns the command line of another process with the Java, the flags and the class path of this
   * one; what watches this process from inside is left out.
   *
   * @param arguments what follows {@code starling}
   * @return the program and its arguments
   */
  public static List<String> command(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!flag.startsWith("-agentlib:") && !flag.startsWith("-javaagent:")) {
        command.add(flag);
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Starling.class.getName());
    command.addAll(arguments);
    return command;
  }
}

package dev.starling.cli.train;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.health.SystemFiles;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What config.json records, so that a run can be understood and repeated later. */
final class RunFacts {
  private RunFacts() {}

  /**
   * Collects options and facts of the machine.
   *
   * @param command the command's name
   * @param plan the run
   * @param board the job's board, which tools look for
   * @param arguments the options as they were given, for going on later
   * @return keys and values
   */
  static Map<String, Object> of(
      String command, RunPlan plan, JobBoard board, List<String> arguments) {
    RunSetup setup = plan.setup();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("command", command);
    facts.put("time", OffsetDateTime.now().toString());
    facts.put("arguments", arguments);
    facts.put("options", plan.options().toMap());
    facts.put("trainSamples", setup.train().count());
    facts.put("evaluationSamples", setup.evaluation().count());
    facts.put("inputs", setup.train().inputs());
    facts.put("classes", setup.train().classes());
    facts.put("parameters", setup.model().parameterCount());
    facts.put("engine", plan.context().conclude().toString());
    facts.put("fabric", board.reach().name());
    facts.put("board", board.isPrivate() ? null : board.path().toString());
    facts.put("pid", ProcessHandle.current().pid());
    facts.put("java", Runtime.version().toString());
    facts.put("vm", System.getProperty("java.vm.name"));
    facts.put("jvmArguments", ManagementFactory.getRuntimeMXBean().getInputArguments());
    facts.put(
        "os",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    facts.put("cpu", cpu());
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    facts.put("maxHeapBytes", Runtime.getRuntime().maxMemory());
    return facts;
  }

  /** The processor's name, null where the system does not tell. */
  private static String cpu() {
    return SystemFiles.text(Path.of("/proc/cpuinfo"))
        .lines()
        .filter(line -> line.startsWith("model name") && line.contains(":"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(null);
  }
}

package dev.starling.cli.train;

import dev.starling.engine.worker.JobContext;
import java.lang.management.ManagementFactory;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/** What config.json records, so that a run can be understood and repeated later. */
final class RunFacts {
  private RunFacts() {}

  /**
   * Collects options and facts of the machine.
   *
   * @param command the command's name
   * @param options the run's options
   * @param setup its data and model
   * @param context what the engine was told
   * @return keys and values
   */
  static Map<String, Object> of(
      String command, TrainOptions options, RunSetup setup, JobContext context) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("command", command);
    facts.put("time", OffsetDateTime.now().toString());
    facts.put("options", options.toMap());
    facts.put("trainSamples", setup.train().count());
    facts.put("evaluationSamples", setup.evaluation().count());
    facts.put("inputs", setup.train().inputs());
    facts.put("classes", setup.train().classes());
    facts.put("parameters", setup.model().parameterCount());
    facts.put("engine", context.toString());
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
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    facts.put("maxHeapBytes", Runtime.getRuntime().maxMemory());
    return facts;
  }
}

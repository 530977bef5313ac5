package dev.starling.bench.perf;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a measurement was made on. */
final class Machine {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final String MODEL = "model name";

  private Machine() {}

  /** {@return keys and values, in the order in which they are printed} */
  static Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("time", Instant.now().toString());
    facts.put("java", Runtime.version().toString());
    facts.put("vm", System.getProperty("java.vm.name"));
    facts.put("flags", ManagementFactory.getRuntimeMXBean().getInputArguments());
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("architecture", System.getProperty("os.arch"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    facts.put("processorModel", processorModel());
    facts.put("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    return facts;
  }

  /** Null where the kernel does not tell. */
  private static String processorModel() {
    try {
      for (String line : Files.readAllLines(PROCESSORS)) {
        if (line.startsWith(MODEL)) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
      return null;
    } catch (IOException notTold) {
      return null;
    }
  }
}

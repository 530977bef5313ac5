package dev.starling.bench.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** What a number depends on besides the run: machine, system, Java. */
final class Environment {
  private static final Path CPU = Path.of("/proc/cpuinfo");
  private static final Path MEMORY = Path.of("/proc/meminfo");

  private Environment() {}

  /**
   * Asks the system.
   *
   * @return keys and values, part of every raw line
   * @throws IOException when it does not tell
   */
  static Map<String, Object> here() throws IOException {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("processor", valueOf(CPU, "model name"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    facts.put("memory", valueOf(MEMORY, "MemTotal"));
    facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("java", Runtime.version().toString());
    facts.put("vm", System.getProperty("java.vm.name"));
    return facts;
  }

  private static String valueOf(Path file, String key) throws IOException {
    if (!Files.isReadable(file)) {
      return "unknown";
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(key))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("unknown");
    }
  }
}

package dev.starling.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What machine, JVM and checkout results come from; {@code "unknown"} where nothing tells. */
final class Environment {
  private static final String UNKNOWN = "unknown";
  private static final Path GOVERNOR =
      Path.of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage");

  private Environment() {}

  /**
   * Describes where this process runs.
   *
   * @return the values of {@code cpu, processors, kernel, jdk, jvmFlags, governor, hugePages,
   *     sharedHugePages, memoryBytes, loadAtStart, commit}
   */
  static Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("cpu", field(Path.of("/proc/cpuinfo"), "model name"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("jdk", Runtime.version().toString());
    facts.put("jvmFlags", ManagementFactory.getRuntimeMXBean().getInputArguments());
    facts.put("governor", text(GOVERNOR));
    facts.put("hugePages", chosen(text(HUGE_PAGES.resolve("enabled"))));
    facts.put("sharedHugePages", chosen(text(HUGE_PAGES.resolve("shmem_enabled"))));
    facts.put("memoryBytes", memoryBytes(field(Path.of("/proc/meminfo"), "MemTotal")));
    facts.put("loadAtStart", text(Path.of("/proc/loadavg")));
    facts.put("commit", commit());
    return facts;
  }

  /** {@return a JSON object with the {@link #facts} as its {@code environment}} */
  static String json() {
    try {
      return new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValueAsString(Map.of("environment", facts()));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("strings and numbers became no JSON", impossible);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException absent) {
      // Not every system has each of them, and a result is one without it too.
      return UNKNOWN;
    }
  }

  /** The value of the first line "name : value". */
  private static String field(Path file, String name) {
    return text(file)
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(UNKNOWN);
  }

  /** The word in brackets, which is how the kernel shows a choice. */
  static String chosen(String choices) {
    int open = choices.indexOf('[');
    int close = choices.indexOf(']');
    return open >= 0 && close > open ? choices.substring(open + 1, close) : choices;
  }

  private static long memoryBytes(String kibibytes) {
    String[] words = kibibytes.split(" ");
    return words.length == 2 ? Long.parseLong(words[0]) << 10 : -1;
  }

  /** The checkout that the current directory is in, with a + when files differ from it. */
  private static String commit() {
    Process process = null;
    try {
      process =
          new ProcessBuilder(
                  "git", "describe", "--always", "--exclude=*", "--abbrev=12", "--dirty=+")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      boolean known = process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
      // One short line, which the pipe held.
      return known
          ? new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip()
          : UNKNOWN;
    } catch (IOException noGit) {
      return UNKNOWN;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return UNKNOWN;
    } finally {
      if (process != null) {
        process.destroyForcibly();
      }
    }
  }
}

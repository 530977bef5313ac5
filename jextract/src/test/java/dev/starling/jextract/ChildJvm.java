package dev.starling.jextract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class in a JVM of its own, for what a JVM decides once. */
public final class ChildJvm {
  private ChildJvm() {}

  /** The lines that the main class prints in a JVM with these flags. */
  public static List<String> run(Class<?> main, String... flags) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-Xshare:auto", "-XX:+UseSerialGC"));
    command.addAll(List.of(flags));
    String classes = location(NativeLibrary.class) + ":" + location(main);
    command.addAll(List.of("-cp", classes, main.getName()));
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!child.waitFor(30, TimeUnit.SECONDS)) {
        throw new AssertionError("The child JVM closed its output but did not end within 30 s");
      }
      assertEquals(0, child.exitValue(), output);
      return output.lines().toList();
    } finally {
      child.destroyForcibly();
    }
  }

  private static String location(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }
}

package dev.starling.engine.model;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The lane of tests that need the model checker {@code spin} and a C compiler. Without them it is
 * skipped with its reason, unless {@code STARLING_REQUIRED_LANES} demands it: then it fails.
 */
final class SpinLane {
  private static final String LANE = "spin";
  private static final String VARIABLE = "STARLING_REQUIRED_LANES";

  private SpinLane() {}

  static void enter() {
    enter(System.getenv("PATH"), System.getenv(VARIABLE));
  }

  static void enter(String path, String requiredLanes) {
    String missing = !isOn(path, "spin") ? "spin" : !isOn(path, "cc") ? "cc" : null;
    if (missing == null) {
      return;
    }
    String reason =
        "no command " + missing + " is on the PATH (install the Debian packages spin and gcc)";
    if (requiredLanes != null
        && Arrays.stream(requiredLanes.split(",")).map(String::strip).anyMatch(LANE::equals)) {
      Assertions.fail("Lane '%s' is required by %s but %s.".formatted(LANE, VARIABLE, reason));
    }
    String skipped = "Lane '%s' is skipped because %s.".formatted(LANE, reason);
    System.out.println(skipped);
    Assumptions.abort(skipped);
  }

  private static boolean isOn(String path, String command) {
    return path != null
        && Arrays.stream(path.split(File.pathSeparator))
            .filter(folder -> !folder.isEmpty())
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }
}

package dev.starling.jextract;

import java.util.Arrays;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Tests that need a tool of the machine form a lane with a short name, such as {@code cc}. Without
 * the tool a lane is skipped with its reason, unless the environment variable {@code
 * STARLING_REQUIRED_LANES} (names separated by commas) demands it: then the test fails.
 */
public final class Lanes {
  static final String VARIABLE = "STARLING_REQUIRED_LANES";

  private Lanes() {}

  /** Goes on if the lane can run, else skips or fails the calling test. */
  public static void enter(String lane, boolean canRun, String reason) {
    enter(System.getenv(VARIABLE), lane, canRun, reason);
  }

  static void enter(String requiredLanes, String lane, boolean canRun, String reason) {
    if (canRun) {
      return;
    }
    boolean required =
        requiredLanes != null
            && Arrays.stream(requiredLanes.split(",")).map(String::strip).anyMatch(lane::equals);
    if (required) {
      Assertions.fail("Lane '%s' is required by %s but %s.".formatted(lane, VARIABLE, reason));
    }
    String skipped = "Lane '%s' is skipped because %s.".formatted(lane, reason);
    System.out.println(skipped);
    Assumptions.abort(skipped);
  }
}

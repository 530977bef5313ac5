package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.starling.engine.StarlingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUresult;

/**
 * Runs a scenario once for every call of the driver that it makes, and lets that call fail; a
 * scenario that measures time may make fewer calls the next time, and then no call fails. Each time
 * the scenario ends with an exception that names the error, or goes on as if the call did not
 * matter where a test allows that; nothing stays alive and the same scenario succeeds afterwards in
 * the same process.
 */
public final class FaultSweep {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long SEED = 7;
  private static final int ERROR = CUresult.CUDA_ERROR_UNKNOWN;
  private static final int STICKY_ERROR = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;

  /** What a failing call itself leaves. */
  private static final Map<String, String> LEFT_BY =
      Map.of("cuDevicePrimaryCtxRelease", "contexts");

  /** Opens, works, closes all that it opened; deterministic. */
  public interface Scenario {
    void run() throws Exception;
  }

  private final Scenario scenario;
  private final List<String> optional;
  private final Map<String, Integer> failures = new HashMap<>();
  private final List<String> wrong = new ArrayList<>();

  /** Whether operations run at once; else a few at each question, by the seed. */
  private boolean eager;

  /** What the process could not do any more; then what comes later says nothing. */
  private Throwable afterwards;

  private FaultSweep(Scenario scenario, List<String> optional) {
    this.scenario = scenario;
    this.optional = optional;
  }

  /**
   * Runs the sweep.
   *
   * @param optional functions whose failure need not end the scenario
   * @return how often each function was made to fail
   */
  public static Map<String, Integer> run(Scenario scenario, List<String> optional) {
    FaultSweep sweep = new FaultSweep(scenario, optional);
    for (boolean eager : new boolean[] {true, false}) {
      sweep.eager = eager;
      long calls = sweep.clean();
      for (long n = 1; n <= calls && sweep.afterwards == null; n++) {
        sweep.failing(n, ERROR, false);
        sweep.failing(n, STICKY_ERROR, true);
      }
    }
    if (!sweep.wrong.isEmpty()) {
      fail(String.join("\n", sweep.wrong), sweep.afterwards);
    }
    return sweep.failures;
  }

  /** Runs without a fault; gives the number of calls. */
  private long clean() {
    prepare();
    assertTimeoutPreemptively(LIMIT, scenario::run);
    assertTrue(FakeCuda.live().isEmpty(), () -> "left: " + FakeCuda.live());
    assertEquals(List.of(), FakeCuda.violations());
    return FakeCuda.callCount();
  }

  private void prepare() {
    FakeCuda.reset(SEED);
    FakeCuda.setEager(eager);
  }

  private void failing(long n, int error, boolean sticky) {
    prepare();
    FakeCuda.failCall(n, error, sticky);
    Throwable outcome = null;
    try {
      assertTimeoutPreemptively(LIMIT, scenario::run);
    } catch (Throwable thrown) {
      outcome = thrown;
    }
    String function = FakeCuda.failedFunction();
    failures.merge(function, 1, Integer::sum);
    String where =
        "call %d, %s, %s%s: ".formatted(n, function, CUresult.stringFor(error), sticky ? "!" : "");
    judge(where, function, error, outcome);
    try {
      clean();
    } catch (Throwable thrown) {
      wrong.add(where + "afterwards " + thrown);
      afterwards = thrown;
    }
  }

  private void judge(String where, String function, int error, Throwable outcome) {
    boolean hit = FakeCuda.faultsLeft() == 0;
    if (hit && outcome == null && !optional.contains(function)) {
      wrong.add(where + "nobody noticed");
    }
    if (outcome != null && !(outcome instanceof StarlingException)) {
      wrong.add(where + outcome);
    } else if (outcome != null && !outcome.getMessage().contains(CUresult.stringFor(error))) {
      wrong.add(where + "the error is not named: " + outcome.getMessage());
    }
    Map<String, Long> live = FakeCuda.live();
    live.remove(LEFT_BY.getOrDefault(function, ""));
    if (!live.isEmpty()) {
      wrong.add(where + "left: " + live);
    }
    if (!FakeCuda.violations().isEmpty()) {
      wrong.add(where + "violations: " + FakeCuda.violations());
    }
  }
}

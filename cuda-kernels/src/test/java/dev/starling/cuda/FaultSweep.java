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
 * the scenario ends with an exception that names the error; nothing stays alive and the same
 * scenario succeeds afterwards in the same process.
 */
public final class FaultSweep {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long SEED = 7;
  private static final int ERROR = CUresult.CUDA_ERROR_UNKNOWN;
  private static final int STICKY_ERROR = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;

  /** What failing calls themselves leave. */
  private static final Map<String, String> LEFT_BY =
      Map.of(
          "cuDevicePrimaryCtxRelease", "contexts",
          "cuModuleUnload", "modules",
          "cuStreamDestroy", "streams",
          "cuEventDestroy", "events",
          "cuMemFree", "allocations",
          "cuMemHostUnregister", "registrations");

  /** Opens, works, closes all that it opened; deterministic. */
  public interface Scenario {
    void run() throws Exception;
  }

  private final Scenario scenario;
  private final Map<String, Integer> failures = new HashMap<>();
  private final List<String> wrong = new ArrayList<>();

  /** Whether operations run at once; else a few at each question, by the seed. */
  private boolean eager;

  /** What the process could not do any more; then what comes later says nothing. */
  private Throwable afterwards;

  private boolean hitSecond;

  private FaultSweep(Scenario scenario) {
    this.scenario = scenario;
  }

  /**
   * Runs the sweep with operations that run at once, and again with such that run late.
   *
   * @return how often each function was made to fail
   */
  public static Map<String, Integer> run(Scenario scenario) {
    return sweep(scenario, true, false);
  }

  /** As {@link #run}, with operations that run at once only: fewer calls, as nothing is polled. */
  public static Map<String, Integer> runEagerly(Scenario scenario) {
    return sweep(scenario, true);
  }

  /** As {@link #runEagerly}, and each time another one of the later calls fails as well. */
  public static void runPairs(Scenario scenario) {
    FaultSweep sweep = new FaultSweep(scenario);
    sweep.eager = true;
    long calls = sweep.clean();
    for (long first = 1; first <= calls; first++) {
      sweep.hitSecond = true;
      for (long second = first + 1; sweep.hitSecond && sweep.afterwards == null; second++) {
        sweep.failing(first, second);
      }
    }
    sweep.conclude();
  }

  private void failing(long first, long second) {
    prepare();
    FakeCuda.failCall(first, ERROR);
    FakeCuda.failCall(second, ERROR);
    Throwable outcome = outcome();
    hitSecond = FakeCuda.faultsLeft() == 0;
    String function = FakeCuda.failedFunction();
    String where = "calls %d and %d, %s: ".formatted(first, second, function);
    judge(where, ERROR, outcome);
    judgeNext(where);
  }

  private static Map<String, Integer> sweep(Scenario scenario, boolean... modes) {
    FaultSweep sweep = new FaultSweep(scenario);
    for (boolean eager : modes) {
      sweep.eager = eager;
      long calls = sweep.clean();
      for (long n = 1; n <= calls && sweep.afterwards == null; n++) {
        sweep.failing(n, ERROR, false);
        sweep.failing(n, STICKY_ERROR, true);
      }
    }
    sweep.conclude();
    return sweep.failures;
  }

  private void conclude() {
    if (!wrong.isEmpty()) {
      fail(String.join("\n", wrong), afterwards);
    }
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
    Throwable outcome = outcome();
    String function = FakeCuda.failedFunction();
    failures.merge(function, 1, Integer::sum);
    String where =
        "call %d, %s, %s%s: ".formatted(n, function, CUresult.stringFor(error), sticky ? "!" : "");
    judge(where, error, outcome);
    judgeNext(where);
  }

  private void judgeNext(String where) {
    try {
      clean();
    } catch (Throwable thrown) {
      wrong.add(where + "afterwards " + thrown);
      afterwards = thrown;
    }
  }

  /** What the scenario threw; null for nothing. */
  private Throwable outcome() {
    try {
      assertTimeoutPreemptively(LIMIT, scenario::run);
      return null;
    } catch (Throwable thrown) {
      return thrown;
    }
  }

  private void judge(String where, int error, Throwable outcome) {
    boolean hit = FakeCuda.faultsLeft() == 0;
    if (hit && outcome == null) {
      wrong.add(where + "nobody noticed");
    }
    if (outcome != null && !(outcome instanceof StarlingException)) {
      wrong.add(where + outcome);
    } else if (outcome != null && !outcome.getMessage().contains(CUresult.stringFor(error))) {
      wrong.add(where + "the error is not named: " + outcome.getMessage());
    }
    Map<String, Long> live = FakeCuda.live();
    for (FakeCuda.LoggedCall call : FakeCuda.calls()) {
      if (call.result() == error) {
        live.remove(LEFT_BY.getOrDefault(call.function(), ""));
      }
    }
    if (!live.isEmpty()) {
      wrong.add(where + "left: " + live);
    }
    if (!FakeCuda.violations().isEmpty()) {
      wrong.add(where + "violations: " + FakeCuda.violations());
    }
  }
}

package dev.starling.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.starling.jextract.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;

/**
 * A CUDA driver for tests without a GPU: {@code libcuda.so.1}, compiled from {@code src/test/cuda}
 * on first use, which runs the kernels of {@code src/main/cuda} on the CPU. {@code fake_cuda.h}
 * says what it does.
 *
 * <p>It is loaded before JCuda's own library, which needs a {@code libcuda.so.1} and takes the one
 * that is there. With the system property {@value #DEVICE_PROPERTY} tests run on the real driver
 * and nothing is faked; tests that need a control begin with {@link #enterFake()}.
 *
 * <p>The fake is one per JVM, so tests that use it do not run side by side. Safe from any thread.
 */
public final class FakeCuda {
  /** Set to {@code true}: tests use the driver of this machine. */
  public static final String DEVICE_PROPERTY = "starling.cuda.device";

  /** The lane of tests that need a C++ compiler. */
  public static final String LANE = "cxx";

  /** Memory of each device that {@link #reset} leaves. */
  public static final long MEMORY_BYTES = 1L << 30;

  private static boolean prepared;
  private static Path library;
  private static String unavailable;
  private static IllegalStateException broken;

  private FakeCuda() {}

  /** Whether tests run on the fake, not on a device. */
  public static boolean isFake() {
    return !Boolean.getBoolean(DEVICE_PROPERTY);
  }

  /** Goes on if there is a driver to test on, else skips or fails the calling test. */
  public static void enter() {
    prepare();
    if (broken != null) {
      throw new IllegalStateException("there is no fake CUDA driver", broken);
    }
    Lanes.enter(LANE, unavailable == null, unavailable);
  }

  /** As {@link #enter}, for tests of the fake or with its controls: skips them on a device. */
  public static void enterFake() {
    enter();
    Assumptions.assumeTrue(
        isFake(),
        "the test needs the controls of the fake CUDA driver, but " + DEVICE_PROPERTY + " is set");
  }

  /** Compiles and loads the library. Called before any test class is loaded. */
  @SuppressWarnings("restricted")
  static synchronized void prepare() {
    if (prepared || !isFake()) {
      return;
    }
    prepared = true;
    try {
      library = FakeCudaLibrary.build();
      System.load(library.toString());
      reset(0);
    } catch (FakeCudaLibrary.UnavailableException reason) {
      unavailable = reason.getMessage();
    } catch (IllegalStateException doesNotCompile) {
      broken = doesNotCompile;
    }
  }

  /** Calls of the controls; apart, so that they are linked on first use. */
  private static final class Controls {
    static final MethodHandle RESET = link("fake_reset", null, JAVA_LONG);
    static final MethodHandle SET_DEVICES =
        link("fake_set_devices", null, JAVA_INT, JAVA_INT, JAVA_LONG);
    static final MethodHandle SET_ATTRIBUTE =
        link("fake_set_attribute", null, JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle SET_DRIVER_VERSION = link("fake_set_driver_version", null, JAVA_INT);
    static final MethodHandle SET_INITIALISED = link("fake_set_initialised", null, JAVA_INT);
    static final MethodHandle SET_EAGER = link("fake_set_eager", null, JAVA_INT);
    static final MethodHandle SET_HANG = link("fake_set_hang", null, JAVA_INT);
    static final MethodHandle SET_RATES =
        link("fake_set_rates", null, JAVA_DOUBLE, JAVA_DOUBLE, JAVA_DOUBLE, JAVA_DOUBLE);
    static final MethodHandle FAIL =
        link("fake_fail", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT);
    static final MethodHandle FAILED = link("fake_failed", ADDRESS);
    static final MethodHandle FAULTS_LEFT = link("fake_faults_left", JAVA_LONG);
    static final MethodHandle CALLS = link("fake_calls", JAVA_LONG, ADDRESS);
    static final MethodHandle COUNTS = link("fake_counts", ADDRESS);
    static final MethodHandle VIOLATIONS = link("fake_violations", ADDRESS);
    static final MethodHandle LOG = link("fake_log", ADDRESS);
    static final MethodHandle KERNELS = link("fake_kernel_list", ADDRESS);
    static final MethodHandle RUN_KERNEL =
        link("fake_run_kernel", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle PEEK = link("fake_peek", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

    @SuppressWarnings("restricted")
    private static MethodHandle link(
        String symbol, MemoryLayout result, MemoryLayout... parameters) {
      MemorySegment address =
          SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow(symbol);
      FunctionDescriptor descriptor =
          result == null
              ? FunctionDescriptor.ofVoid(parameters)
              : FunctionDescriptor.of(result, parameters);
      return Linker.nativeLinker().downcallHandle(address, descriptor);
    }
  }

  /** Any call of a control: {@link MethodHandle#invokeWithArguments}, texts copied. */
  private static Object call(MethodHandle control, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      Object[] passed = arguments.clone();
      for (int i = 0; i < passed.length; i++) {
        if (passed[i] instanceof String text) {
          passed[i] = arena.allocateFrom(text);
        }
      }
      return control.invokeWithArguments(passed);
    } catch (Throwable failure) {
      throw new IllegalStateException("a control of the fake CUDA driver failed", failure);
    }
  }

  @SuppressWarnings("restricted")
  private static List<String> lines(MethodHandle control) {
    MemorySegment text = (MemorySegment) call(control);
    return text.reinterpret(Long.MAX_VALUE).getString(0).lines().toList();
  }

  /**
   * Forgets every resource, fault, count and setting: one device of capability 8.0 with {@link
   * #MEMORY_BYTES}, operations run late, in an order that the seed decides.
   */
  public static void reset(long seed) {
    call(Controls.RESET, seed);
    setDevices(1, 80, MEMORY_BYTES);
  }

  /** Sets how many devices there are, 0 to 8, and what each is; 80 is capability 8.0. */
  public static void setDevices(int count, int capability, long memoryBytes) {
    call(Controls.SET_DEVICES, count, capability, memoryBytes);
  }

  /** Sets what {@code cuDeviceGetAttribute} gives. */
  public static void setAttribute(int device, int attribute, int value) {
    call(Controls.SET_ATTRIBUTE, device, attribute, value);
  }

  /** Sets the version of the driver, 12060 for 12.6. */
  public static void setDriverVersion(int version) {
    call(Controls.SET_DRIVER_VERSION, version);
  }

  /** Sets whether {@code cuInit} has been called; {@link #reset} leaves it. */
  public static void setInitialised(boolean initialised) {
    call(Controls.SET_INITIALISED, initialised ? 1 : 0);
  }

  /** Has operations run at once, as far as they can. */
  public static void setEager(boolean eager) {
    call(Controls.SET_EAGER, eager ? 1 : 0);
  }

  /** Has no operation run any more. */
  public static void setHang(boolean hang) {
    call(Controls.SET_HANG, hang ? 1 : 0);
  }

  /** Sets the speed that event times show: bytes per nanosecond, nanoseconds of a launch. */
  public static void setRates(double device, double mapped, double copy, double launchNs) {
    call(Controls.SET_RATES, device, mapped, copy, launchNs);
  }

  /** Has the nth next call of a function fail; its name without {@code _v2}. */
  public static void fail(String function, long nth, int result) {
    fail(function, nth, result, false);
  }

  /** Has the nth next call of any function fail. */
  public static void failCall(long nth, int result) {
    failCall(nth, result, false);
  }

  /** As above; sticky: and every later one of the context. */
  public static void failCall(long nth, int result, boolean sticky) {
    fail("", nth, result, sticky);
  }

  /** The function that a test had fail last; empty if none has. */
  public static String failedFunction() {
    return String.join("", lines(Controls.FAILED));
  }

  /** As {@link #fail}; every later call of the same context fails as well. */
  public static void failForGood(String function, long nth, int result) {
    fail(function, nth, result, true);
  }

  private static void fail(String function, long nth, int result, boolean sticky) {
    if ((int) call(Controls.FAIL, function, nth, result, sticky ? 1 : 0) != 0) {
      throw new IllegalArgumentException("the fake CUDA driver has no function " + function);
    }
  }

  /** Counts the failures that were ordered and have not happened. */
  public static long faultsLeft() {
    return (long) call(Controls.FAULTS_LEFT);
  }

  /** Counts the calls since the last reset. */
  public static long callCount() {
    return (long) call(Controls.CALLS, "");
  }

  /** Counts the calls of a function since the last reset. */
  public static long callCount(String function) {
    long count = (long) call(Controls.CALLS, function);
    if (count < 0) {
      throw new IllegalArgumentException("the fake CUDA driver has no function " + function);
    }
    return count;
  }

  /**
   * What is alive: contexts (retains), streams, events, modules, allocations, deviceBytes,
   * registrations, registeredBytes, queued; and sums since the last reset, where not zero:
   * launches, pageableCopies, toDeviceBytes, toHostBytes, kernelDeviceBytes, kernelHostBytes.
   */
  public static Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    for (String line : lines(Controls.COUNTS)) {
      int equals = line.indexOf('=');
      counts.put(line.substring(0, equals), Long.valueOf(line.substring(equals + 1)));
    }
    return counts;
  }

  /** One of {@link #counts}; 0 where it is missing. */
  public static long count(String name) {
    return counts().getOrDefault(name, 0L);
  }

  /** The kinds of resources that are alive, with their number; empty when all was given back. */
  public static Map<String, Long> live() {
    Map<String, Long> live = counts();
    live.keySet()
        .retainAll(
            List.of(
                "contexts",
                "streams",
                "events",
                "modules",
                "allocations",
                "registrations",
                "queued"));
    live.values().removeIf(count -> count == 0);
    return live;
  }

  /** Sentences about what a driver would punish; empty if there was nothing. */
  public static List<String> violations() {
    return lines(Controls.VIOLATIONS);
  }

  /** A call as the log has it; the handle is what was made, given or 0. */
  public record LoggedCall(String function, long handle, int result) {}

  /** The calls since the last reset, without polls and changes of the current context. */
  public static List<LoggedCall> calls() {
    return lines(Controls.LOG).stream()
        .map(line -> line.split(" "))
        .map(w -> new LoggedCall(w[0], Long.parseUnsignedLong(w[1], 16), Integer.parseInt(w[2])))
        .toList();
  }

  /**
   * The kernels of {@code src/main/cuda} that can be launched, with the bytes of each parameter.
   */
  static Map<String, List<Integer>> kernels() {
    Map<String, List<Integer>> kernels = new TreeMap<>();
    for (String line : lines(Controls.KERNELS)) {
      List<String> words = List.of(line.split(" "));
      kernels.put(words.getFirst(), words.stream().skip(1).map(Integer::valueOf).toList());
    }
    kernels.keySet().removeIf(name -> !name.startsWith("starling_"));
    return kernels;
  }

  /** Runs a kernel at once, on a grid of x, y, z blocks of x, y, z threads; gives the error. */
  static int runKernel(String name, int[] shape, MemorySegment values, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          call(Controls.RUN_KERNEL, name, arena.allocateFrom(JAVA_INT, shape), values, seed);
    }
  }

  /** Copies device memory without the driver's knowledge. */
  public static void peek(MemorySegment to, long from, long bytes) {
    if ((int) call(Controls.PEEK, to, from, bytes) != 0) {
      throw new IllegalArgumentException(
          "there is no device memory of %d bytes at %#x".formatted(bytes, from));
    }
  }
}

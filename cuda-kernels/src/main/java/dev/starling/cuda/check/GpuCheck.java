package dev.starling.cuda.check;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaDriver;
import dev.starling.cuda.kernel.CudaKernelsProvider;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.memory.PrivateMemory;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.driver.JCudaDriver;

/**
 * The program that checks a GPU. Prints what it does as it goes, then a table, then one JSON object
 * on the last line; {@code --help} lists its options.
 */
public final class GpuCheck {
  static final int PASSED = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int NO_GPU = 3;

  private static final long MIB = 1L << 20;
  private static final Pattern DRIVER_VERSION = Pattern.compile(" ([0-9]+[.][0-9.]+) ");
  private static final String[] PLACEMENTS = {"mapped", "staged"};

  private final CheckOptions options;
  private final PrintStream out;
  private final Report report;

  private GpuCheck(CheckOptions options, PrintStream out) {
    this.options = options;
    this.out = out;
    report = new Report(out);
  }

  /**
   * Runs the check and ends the process: 0 all is well, 1 something differs, failed or misses its
   * goal, 2 wrong usage, 3 there is no GPU to check.
   *
   * @param arguments see {@code --help}
   */
  public static void main(String[] arguments) {
    System.exit(run(System.out, System.err, arguments));
  }

  /** As {@link #main}, with the exit code as its result. */
  static int run(PrintStream out, PrintStream err, String... arguments) {
    try {
      CheckOptions options = CheckOptions.parse(arguments);
      if (options.help) {
        out.print(CheckOptions.USAGE);
        return PASSED;
      }
      Optional<String> reason = CudaDriver.unavailableReason();
      if (reason.isPresent()) {
        err.println("check: there is no GPU to check here: " + reason.get());
        return NO_GPU;
      }
      return new GpuCheck(options, out).run();
    } catch (ConfigurationException wrong) {
      err.println("check: " + wrong.getMessage());
      return USAGE;
    } catch (StarlingException | IllegalArgumentException | IOException failure) {
      err.println("check: FAILED: " + failure.getMessage());
      return FAILED;
    }
  }

  private int run() throws IOException {
    report.device(facts());
    if (options.only != null) {
      differential();
    } else {
      for (CheckOptions.Stage stage : options.stages) {
        out.println(stage.name().toLowerCase(Locale.ROOT));
        attempt(stage.name().toLowerCase(Locale.ROOT), () -> run(stage));
      }
    }
    out.println();
    out.println(report.table());
    out.println(report.json());
    if (options.report != null) {
      Files.writeString(options.report, report.table() + "\n" + report.json() + "\n");
    }
    boolean failed = report.wrong() > 0 || options.goals && report.missed() > 0;
    return failed ? FAILED : PASSED;
  }

  private void run(CheckOptions.Stage stage) {
    switch (stage) {
      case DIFFERENTIAL -> differential();
      case PASS ->
          new PassCheck(options.device, options.rounds, options.launches, options.seed)
              .measure(report);
      case HOST -> hostRates();
      default -> {
        try (CudaContext context = CudaContext.open(options.device)) {
          switch (stage) {
            case DEVICE ->
                new DeviceRates(context, options.deviceMib * MIB, options.rounds, options.launches)
                    .measure(report);
            case PINNING -> new PinningCheck(context).measure(report, options.pinMib * MIB);
            default -> new LatencyCheck(context).measure(report);
          }
        }
      }
    }
  }

  private void differential() {
    int longest =
        Math.max(options.lengths, Math.max(options.large + 1, Differential.LONGEST_RANDOM));
    if (options.only != null) {
      longest = Math.max(longest, options.only.count());
    }
    long capacity = Case.mostBytes(longest);
    try (Held held = new Held()) {
      List<Executor> executors = new ArrayList<>();
      add(
          executors,
          "vector code of the CPU",
          name -> held.add(new KernelsExecutor(name, new CpuKernels(), capacity)));
      for (boolean onDevice : new boolean[] {true, false}) {
        add(
            executors,
            onDevice ? "kernels in device memory" : "kernels over mapped host memory",
            name -> held.add(new LaunchExecutor(name, options.device, onDevice, capacity)));
      }
      for (String placement : PLACEMENTS) {
        add(
            executors,
            "the engine, placement " + placement,
            name -> held.add(new KernelsExecutor(name, open(placement), capacity)));
      }
      Differential differential =
          held.add(new Differential(executors, capacity, options.verbose, out));
      compare(differential);
      report.add("cases", differential.cases(), "");
      report.compared("results", differential.comparisons(), differential.differences());
    }
  }

  /** What cannot be opened is told, and the others go on. */
  private void add(List<Executor> executors, String name, Function<String, Executor> opening) {
    attempt(name, () -> executors.add(opening.apply(name)));
  }

  private void attempt(String what, Runnable part) {
    try {
      part.run();
    } catch (StarlingException failure) {
      report.failed(what, failure);
    }
  }

  private void compare(Differential differential) {
    if (options.only != null) {
      differential.compare(options.only);
      return;
    }
    out.println("seed " + options.seed);
    differential.lengths(0, options.lengths, options.seed);
    differential.lengths(options.large - 1, options.large + 1, ~options.seed);
    differential.random(options.cases, options.seed);
  }

  private void hostRates() {
    long vectorBytes = options.hostMib * MIB;
    try (Held held = new Held()) {
      PrivateMemory host =
          held.add(PrivateMemory.allocate("vectors", HostRates.VECTORS * vectorBytes));
      CudaContext context = held.add(CudaContext.open(options.device));
      List<HostRates.Placed> placed = new ArrayList<>();
      for (String placement : PLACEMENTS) {
        placed.add(new HostRates.Placed(placement, held.add(open(placement))));
      }
      new HostRates(context, host.segment(), placed, options.rounds).measure(report);
    }
  }

  /** What it runs on, in one line. */
  private String facts() {
    int[] version = new int[1];
    JCudaDriver.cuDriverGetVersion(version);
    try (CudaContext context = CudaContext.open(options.device)) {
      return "%s at %s, capability %.1f, %d multiprocessors; driver %s, CUDA %d.%d; Linux %s, %d processors"
          .formatted(
              context.deviceName(),
              context.busId(),
              context.computeCapability() / 10.0,
              context.multiprocessors(),
              driverVersion(),
              version[0] / 1000,
              version[0] % 1000 / 10,
              System.getProperty("os.version"),
              Runtime.getRuntime().availableProcessors());
    }
  }

  private static String driverVersion() {
    String text = SystemFiles.text(SystemFiles.HOST.proc("driver/nvidia/version"));
    Matcher version = DRIVER_VERSION.matcher(text);
    return version.find() ? version.group(1) : "unknown";
  }

  /** Kernels on the device, whichever placement would be the faster one. */
  private Kernels open(String placement) {
    Map<String, String> settings =
        Map.of("placement", placement, "devices", Integer.toString(options.device));
    return new CudaKernelsProvider().open(settings).open(0);
  }
}

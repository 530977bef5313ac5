package dev.starling.cuda.check;

import dev.starling.engine.ConfigurationException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What the command line asks for. */
final class CheckOptions {
  static final String USAGE =
      """
      Checks one GPU: its bits against the CPU's, its speed against its own copies.

        --device N       the driver's number of the device (0)
        --only A,B       stages: differential, pass, device, host, pinning, latency (all)
        --cases N        random cases of the comparison (10000)
        --lengths N      every length from 0 to N is compared (4097)
        --large N        and N - 1, N and N + 1 (1048576)
        --seed S         where the random cases begin (the clock; printed)
        --case O,L,S     compares this one case alone, as a difference prints it
        -v, --verbose    prints every case before it runs
        --device-mib N   one vector of the kernels in device memory, MiB (256)
        --host-mib N     one vector of the kernels over host memory, MiB (64)
        --pin-mib N      memory to register, MiB (4096)
        --rounds N       measurements of each kind, of which the median counts (7)
        --launches N     kernels, or gradients, in a row in one measurement (10)
        --no-goals       ends with 0 also when a goal is missed
        --report FILE    writes the table, and the JSON object as its last line
        -h, --help       prints this

      Exit codes: 0 all is well, 1 something differs, failed or misses its goal, 2 wrong usage,
      3 there is no GPU to check.
      """;

  /** What the check is made of. */
  enum Stage {
    DIFFERENTIAL,
    PASS,
    DEVICE,
    HOST,
    PINNING,
    LATENCY
  }

  private static final int MOST_MIB = 1 << 20;

  int device;
  Set<Stage> stages = EnumSet.allOf(Stage.class);
  int cases = 10_000;
  int lengths = Differential.EVERY_LENGTH_TO;
  int large = Differential.LARGE;
  long seed = System.nanoTime();
  Case only;
  boolean verbose;
  int deviceMib = 256;
  int hostMib = 64;
  int pinMib = 4096;
  int rounds = 7;
  int launches = 10;
  boolean goals = true;
  boolean help;
  Path report;

  /**
   * Reads the command line.
   *
   * @throws ConfigurationException if it is wrong, with what is right
   */
  static CheckOptions parse(String... arguments) {
    CheckOptions options = new CheckOptions();
    for (int i = 0; i < arguments.length; i++) {
      String name = arguments[i];
      if (options.takeSwitch(name)) {
        continue;
      }
      if (!USAGE.contains("\n  " + name + " ")) {
        throw new ConfigurationException(
            "there is no option '%s': --help lists them".formatted(name));
      }
      if (++i == arguments.length) {
        throw new ConfigurationException(
            "option %s has no value: --help says what it takes".formatted(name));
      }
      options.take(name, arguments[i]);
    }
    return options;
  }

  private boolean takeSwitch(String name) {
    switch (name) {
      case "-v", "--verbose" -> verbose = true;
      case "--no-goals" -> goals = false;
      case "-h", "--help" -> help = true;
      default -> {
        return false;
      }
    }
    return true;
  }

  private void take(String name, String value) {
    switch (name) {
      case "--device" -> device = number(name, value, 0, 1023);
      case "--only" -> stages = stages(value);
      case "--cases" -> cases = number(name, value, 0, 100_000_000);
      case "--lengths" -> lengths = number(name, value, 0, 1 << 20);
      case "--large" -> large = number(name, value, 1, 1 << 29);
      case "--seed" -> seed = seed(value);
      case "--case" -> only = Case.parse(value);
      case "--device-mib" -> deviceMib = number(name, value, 1, MOST_MIB);
      case "--host-mib" -> hostMib = number(name, value, 1, MOST_MIB);
      case "--pin-mib" -> pinMib = number(name, value, 1, MOST_MIB);
      case "--rounds" -> rounds = number(name, value, 1, 1_000);
      case "--launches" -> launches = number(name, value, 1, 1_000);
      case "--report" -> report = Path.of(value);
      default -> throw new IllegalArgumentException(name);
    }
  }

  private static int number(String name, String value, int least, int most) {
    long number = value.matches("[0-9]{1,9}") ? Long.parseLong(value) : -1;
    if (number < least || number > most) {
      throw new ConfigurationException(
          "%s is '%s': give a number from %d to %d".formatted(name, value, least, most));
    }
    return (int) number;
  }

  private static long seed(String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException other) {
      throw new ConfigurationException(
          "--seed is '%s': give a whole number of at most 64 bits".formatted(value));
    }
  }

  private static Set<Stage> stages(String value) {
    EnumSet<Stage> chosen = EnumSet.noneOf(Stage.class);
    for (String part : value.split(",", -1)) {
      Stage found = null;
      for (Stage stage : Stage.values()) {
        if (stage.name().toLowerCase(Locale.ROOT).equals(part)) {
          found = stage;
        }
      }
      if (found == null) {
        throw new ConfigurationException(
            "--only has no stage '%s': name some of differential, pass, device, host, pinning, latency"
                .formatted(part));
      }
      chosen.add(found);
    }
    return chosen;
  }
}

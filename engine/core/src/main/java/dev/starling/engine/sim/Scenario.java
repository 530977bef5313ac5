package dev.starling.engine.sim;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.topology.Topology;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.StringJoiner;

/**
 * What is simulated. A scenario determines its run.
 *
 * @param seed determines everything that is left to chance
 * @param workers how many workers, from 2
 * @param topology the graph
 * @param stripes stripes of the model, each of a few parameters
 * @param steps gradients that every worker submits
 * @param reach how workers reach one another's replicas
 * @param faults how much of each fault; those that are missing do not happen
 * @param mutant the planted mistake
 */
public record Scenario(
    long seed,
    int workers,
    Topology.Kind topology,
    int stripes,
    int steps,
    Reach reach,
    Map<Fault, Integer> faults,
    Mutant mutant) {
  /** The most workers that a checked run has. */
  public static final int MAX_WORKERS = 64;

  private static final long DRAW = 0x9e3779b97f4a7c15L;

  /** Checks the ranges and copies the faults. */
  public Scenario {
    ConfigurationException.requireRange("workers", workers, 2, LockWord.MAX_RANK);
    ConfigurationException.requireRange("stripes", stripes, 1, 16);
    ConfigurationException.requireRange("steps", steps, 1, 100_000);
    EnumMap<Fault, Integer> present = new EnumMap<>(Fault.class);
    faults.forEach(
        (fault, amount) -> {
          ConfigurationException.requireRange("fault " + nameOf(fault), amount, 0, 1000);
          if (amount > 0) {
            present.put(fault, amount);
          }
        });
    faults = Map.copyOf(present);
  }

  /**
   * Draws a scenario from its seed: shape, graph, reach and faults. One seed of eight has none.
   *
   * @param seed the seed
   * @return two to six workers, one to three stripes
   */
  public static Scenario ofSeed(long seed) {
    SplittableRandom random = new SplittableRandom(seed * DRAW);
    Topology.Kind[] kinds = Topology.Kind.values();
    Topology.Kind kind = kinds[random.nextInt(kinds.length)];
    int workers = 2 + 2 * random.nextInt(3);
    int stripes = 1 + random.nextInt(3);
    int steps = 8 + random.nextInt(8);
    Reach reach = Reach.values()[random.nextInt(Reach.values().length)];
    boolean calm = random.nextInt(8) == 0;
    EnumMap<Fault, Integer> faults = new EnumMap<>(Fault.class);
    for (Fault fault : Fault.values()) {
      int amount = fault.draw(random);
      faults.put(fault, calm ? 0 : amount);
    }
    return new Scenario(seed, workers, kind, stripes, steps, reach, faults, Mutant.NONE);
  }

  /**
   * Draws nothing: no faults, three stripes, a complete graph, shared memory.
   *
   * @param seed the seed
   * @param workers how many workers
   * @param steps gradients that every worker submits
   * @return the scenario
   */
  public static Scenario calm(long seed, int workers, int steps) {
    return new Scenario(
        seed,
        workers,
        Topology.Kind.COMPLETE,
        3,
        steps,
        Reach.SHARED,
        new EnumMap<>(Fault.class),
        Mutant.NONE);
  }

  /**
   * Returns how much there is of a fault.
   *
   * @param fault the fault
   * @return 0 when it does not happen
   */
  public int amount(Fault fault) {
    return faults.getOrDefault(fault, 0);
  }

  /**
   * Replaces the seed alone.
   *
   * @param value the seed
   * @return the changed scenario
   */
  public Scenario seed(long value) {
    return new Scenario(value, workers, topology, stripes, steps, reach, faults, mutant);
  }

  /**
   * Replaces the size of the job. Where the graph does not exist for so many workers, a torus of
   * five for instance, it becomes the complete one.
   *
   * @param workerCount how many workers
   * @param stripeCount stripes of the model
   * @param stepCount gradients that every worker submits
   * @return the changed scenario
   */
  public Scenario size(int workerCount, int stripeCount, int stepCount) {
    Topology.Kind kind = exists(topology, workerCount) ? topology : Topology.Kind.COMPLETE;
    return new Scenario(seed, workerCount, kind, stripeCount, stepCount, reach, faults, mutant);
  }

  private static boolean exists(Topology.Kind kind, int workers) {
    try {
      Topology.of(kind, workers);
      return true;
    } catch (ConfigurationException none) {
      return false;
    }
  }

  /**
   * Replaces graph and reach.
   *
   * @param kind the graph
   * @param by how workers reach one another's replicas
   * @return the changed scenario
   */
  public Scenario shape(Topology.Kind kind, Reach by) {
    return new Scenario(seed, workers, kind, stripes, steps, by, faults, mutant);
  }

  /**
   * Replaces the amount of one fault.
   *
   * @param fault the fault
   * @param amount 0 for none
   * @return the changed scenario
   */
  public Scenario fault(Fault fault, int amount) {
    EnumMap<Fault, Integer> changed = new EnumMap<>(Fault.class);
    changed.putAll(faults);
    changed.put(fault, amount);
    return new Scenario(seed, workers, topology, stripes, steps, reach, changed, mutant);
  }

  /**
   * Plants a mistake.
   *
   * @param planted the mistake
   * @return the changed scenario
   */
  public Scenario mutant(Mutant planted) {
    return new Scenario(seed, workers, topology, stripes, steps, reach, faults, planted);
  }

  /**
   * Returns the command that runs this scenario again.
   *
   * @return options of {@code starling sim}, complete
   */
  public String command() {
    StringJoiner amounts = new StringJoiner(",");
    for (Fault fault : Fault.values()) {
      if (amount(fault) > 0) {
        amounts.add(nameOf(fault) + "=" + amount(fault));
      }
    }
    return ("starling sim --seeds 1 --from %d --workers %d --stripes %d --steps %d --topology %s"
            + " --reach %s --faults %s%s")
        .formatted(
            seed,
            workers,
            stripes,
            steps,
            topology.name().toLowerCase(Locale.ROOT).replace('_', '-'),
            reach.name().toLowerCase(Locale.ROOT),
            amounts.length() == 0 ? "none" : amounts,
            mutant == Mutant.NONE ? "" : " --mutant " + mutant.name());
  }

  /**
   * Returns a fault's name as options spell it.
   *
   * @param fault the fault
   * @return lower case, with hyphens
   */
  public static String nameOf(Fault fault) {
    return fault.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

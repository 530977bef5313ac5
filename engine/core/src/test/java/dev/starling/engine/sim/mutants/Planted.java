package dev.starling.engine.sim.mutants;

import dev.starling.engine.sim.Mutant;
import java.util.List;

/**
 * A mistake, and what the simulator calls it when it finds it. How many seeds it is given is about
 * three times what was needed, and more where it was needed by luck: a change of the simulator
 * changes what every seed does.
 */
public abstract class Planted implements Mutant {
  private final String name;
  private final String mistake;
  private final int seeds;
  private final List<String> foundAs;

  /**
   * Describes the mistake.
   *
   * @param name the name that options use
   * @param mistake one line
   * @param seeds within how many seeds it must be found
   * @param foundAs how violations that it leads to may begin
   */
  protected Planted(String name, String mistake, int seeds, String... foundAs) {
    this.name = name;
    this.mistake = mistake;
    this.seeds = seeds;
    this.foundAs = List.of(foundAs);
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String mistake() {
    return mistake;
  }

  @Override
  public final int seeds() {
    return seeds;
  }

  /**
   * Returns how violations that this mistake leads to may begin.
   *
   * @return names of invariants
   */
  public final List<String> foundAs() {
    return foundAs;
  }

  @Override
  public final String toString() {
    return name;
  }
}

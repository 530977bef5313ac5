package dev.starling.engine.exchange;

import dev.starling.engine.ConfigurationException;
import java.util.Arrays;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * Chooses the neighbour to average with. Allocates nothing; belongs to the communication agent.
 *
 * <p>The hybrid policy takes the next neighbour in rotation when it looks free, otherwise the free
 * one met least recently; it never takes the last partner again while another one is free. Rotation
 * spreads news evenly among equal workers, the fall-back keeps the agent busy when some are slow.
 */
public final class PartnerPolicy {
  /** The ways to choose. */
  public enum Kind {
    /** Next in rotation if free, else the least recently met free neighbour. */
    HYBRID,
    /** Next in rotation, free or not. */
    ROTATION,
    /** Uniformly at random (the paper's choice). */
    RANDOM;

    /**
     * Finds a kind by its option name.
     *
     * @param name for instance {@code hybrid}
     * @return the kind
     * @throws ConfigurationException when there is none
     */
    public static Kind parse(String name) {
      for (Kind kind : values()) {
        if (kind.name().toLowerCase(Locale.ROOT).equals(name)) {
          return kind;
        }
      }
      throw new ConfigurationException(
          "partner=" + name + " is unknown: choose one of hybrid, rotation, random");
    }
  }

  /** A cheap guess whether a neighbour can be locked now. */
  @FunctionalInterface
  public interface FreeHint {
    /**
     * Asks for a neighbour.
     *
     * @param index its index among the neighbours
     * @return whether trying it makes sense
     */
    boolean isFree(int index);
  }

  private static final int NONE = -1;

  private final Kind kind;
  private final int neighbours;
  private final RandomGenerator random;
  private final long[] lastMet;
  private final boolean[] tried;
  private long meetings;
  private int rotation;
  private int last = NONE;

  /**
   * Creates the policy of one worker.
   *
   * @param kind how to choose
   * @param neighbours how many neighbours it has
   * @param random the source of chance, used by {@link Kind#RANDOM} and for the first place of the
   *     rotation
   */
  public PartnerPolicy(Kind kind, int neighbours, RandomGenerator random) {
    this.kind = kind;
    this.neighbours = neighbours;
    this.random = random;
    lastMet = new long[neighbours];
    tried = new boolean[neighbours];
    rotation = neighbours == 0 ? 0 : random.nextInt(neighbours);
  }

  /** Begins the choice for one update: every neighbour may be tried again. */
  public void begin() {
    Arrays.fill(tried, false);
  }

  /**
   * Chooses a neighbour that was not tried since {@link #begin}.
   *
   * @param hint guesses who is free
   * @return its index, or -1 when nobody is left
   */
  public int next(FreeHint hint) {
    int choice =
        switch (kind) {
          case HYBRID -> hybrid(hint);
          case ROTATION -> rotate();
          case RANDOM -> anyUntried();
        };
    if (choice != NONE) {
      tried[choice] = true;
    }
    return choice;
  }

  /**
   * The neighbour was chosen but not tried: it may be chosen again.
   *
   * @param index its index
   */
  public void retry(int index) {
    tried[index] = false;
  }

  /**
   * An exchange with a neighbour took place.
   *
   * @param index its index
   */
  public void met(int index) {
    lastMet[index] = ++meetings;
    last = index;
    if (index == rotation) {
      rotation = (rotation + 1) % neighbours;
    }
  }

  private int hybrid(FreeHint hint) {
    int best = NONE;
    boolean lastIsFree = false;
    for (int i = 0; i < neighbours; i++) {
      int index = (rotation + i) % neighbours;
      if (tried[index] || !hint.isFree(index)) {
        continue;
      }
      if (index == last && neighbours > 1) {
        lastIsFree = true;
      } else if (i == 0) {
        return index;
      } else if (best == NONE || lastMet[index] < lastMet[best]) {
        best = index;
      }
    }
    return best == NONE && lastIsFree ? last : best;
  }

  private int rotate() {
    for (int i = 0; i < neighbours; i++) {
      int index = (rotation + i) % neighbours;
      if (!tried[index]) {
        return index;
      }
    }
    return NONE;
  }

  private int anyUntried() {
    int untried = 0;
    for (boolean t : tried) {
      untried += t ? 0 : 1;
    }
    if (untried == 0) {
      return NONE;
    }
    int skip = random.nextInt(untried);
    for (int index = 0; ; index++) {
      if (!tried[index] && skip-- == 0) {
        return index;
      }
    }
  }
}

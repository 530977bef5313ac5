package dev.starling.engine.exchange;

import dev.starling.engine.ConfigurationException;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * Chooses the neighbour to average with. Allocates nothing; belongs to the communication agent.
 *
 * <p>The hybrid policy takes the next neighbour in rotation when it looks free, otherwise the free
 * one met least recently; it never takes the last partner again while another one is free. Rotation
 * spreads news evenly among equal workers, the fall-back keeps the agent busy when some are slow.
 *
 * <p>How long a pair may go unmet is bounded: a neighbour that was not met during the last {@code
 * maxUnmet} meetings is tried ahead of all others, whether it looks free or not, and then again
 * after every further round of as many meetings as there are neighbours, until it is met. A
 * neighbour that is gone is not tried; when it is back, it is overdue.
 */
public final class PartnerPolicy {
  /** The ways to choose. */
  public enum Kind {
    /**
     * Next in rotation if free, else the least recently met free neighbour; none unmet too long.
     */
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

  /** What is known of a neighbour before it is tried. */
  public enum Look {
    /** Not connected, dead, or in use by another exchange of this worker: cannot be tried. */
    GONE,
    /** Its lock is held: trying it makes little sense. */
    BUSY,
    /** A cheap guess says that it can be locked now. */
    FREE
  }

  /** A cheap guess about a neighbour. */
  @FunctionalInterface
  public interface Hint {
    /**
     * Asks for a neighbour.
     *
     * @param index its index among the neighbours
     * @return what is known of it
     */
    Look look(int index);
  }

  private static final int NONE = -1;

  private final Kind kind;
  private final int neighbours;
  private final long maxUnmet;
  private final RandomGenerator random;
  private final long[] lastMet;
  private final long[] overdueTriedAt;
  private long meetings;
  private int rotation;
  private int last = NONE;

  /**
   * Creates the policy of one worker.
   *
   * @param kind how to choose
   * @param neighbours how many neighbours it has
   * @param maxUnmet after how many meetings with others a neighbour is tried first; at least the
   *     number of neighbours is taken
   * @param random the source of chance, used by {@link Kind#RANDOM} and for the first place of the
   *     rotation
   */
  public PartnerPolicy(Kind kind, int neighbours, long maxUnmet, RandomGenerator random) {
    this.kind = kind;
    this.neighbours = neighbours;
    this.maxUnmet = Math.max(neighbours, maxUnmet);
    this.random = random;
    lastMet = new long[neighbours];
    overdueTriedAt = new long[neighbours];
    rotation = neighbours == 0 ? 0 : random.nextInt(neighbours);
  }

  /**
   * Chooses a neighbour that was not tried yet.
   *
   * @param tried which neighbours were tried for this update; the choice is marked in it
   * @param hint tells what is known of a neighbour
   * @return its index, or -1 when nobody is left
   */
  public int next(boolean[] tried, Hint hint) {
    int choice =
        switch (kind) {
          case HYBRID -> hybrid(tried, hint);
          case ROTATION -> rotate(tried, hint);
          case RANDOM -> anyUntried(tried, hint);
        };
    if (choice != NONE) {
      tried[choice] = true;
    }
    return choice;
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

  private int hybrid(boolean[] tried, Hint hint) {
    int best = overdue(tried, hint);
    if (best != NONE) {
      return best;
    }
    boolean lastIsFree = false;
    for (int i = 0; i < neighbours; i++) {
      int index = (rotation + i) % neighbours;
      if (tried[index] || hint.look(index) != Look.FREE) {
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

  /** The neighbour that has gone unmet for longest, when that is too long and it can be tried. */
  private int overdue(boolean[] tried, Hint hint) {
    int longest = NONE;
    for (int index = 0; index < neighbours; index++) {
      if (!tried[index]
          && meetings - lastMet[index] > maxUnmet
          && meetings - overdueTriedAt[index] >= neighbours
          && (longest == NONE || lastMet[index] < lastMet[longest])
          && hint.look(index) != Look.GONE) {
        longest = index;
      }
    }
    if (longest != NONE) {
      overdueTriedAt[longest] = meetings;
    }
    return longest;
  }

  private int rotate(boolean[] tried, Hint hint) {
    for (int i = 0; i < neighbours; i++) {
      int index = (rotation + i) % neighbours;
      if (!tried[index] && hint.look(index) != Look.GONE) {
        return index;
      }
    }
    return NONE;
  }

  private int anyUntried(boolean[] tried, Hint hint) {
    int untried = 0;
    for (int index = 0; index < neighbours; index++) {
      untried += tried[index] || hint.look(index) == Look.GONE ? 0 : 1;
    }
    if (untried == 0) {
      return NONE;
    }
    int skip = random.nextInt(untried);
    for (int index = 0; index < neighbours; index++) {
      if (!tried[index] && hint.look(index) != Look.GONE && skip-- == 0) {
        return index;
      }
    }
    // A neighbour was lost between the two looks.
    return NONE;
  }
}

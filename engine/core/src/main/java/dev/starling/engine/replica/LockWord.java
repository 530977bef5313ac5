package dev.starling.engine.replica;

/**
 * The 8-byte lock word of a stripe, as pure functions on a {@code long}.
 *
 * <pre>
 *  63            48 47            32 31     30 29    28 27                       0
 *  +---------------+----------------+---------+--------+--------------------------+
 *  | owner rank + 1|  connection    | current | target | version                  |
 *  | 0 = free      |  epoch         | plane   | plane  | (low 28 bits)            |
 *  +---------------+----------------+---------+--------+--------------------------+
 * </pre>
 *
 * <p>The only transitions are: free to held ({@link #acquire}); held to held with another target
 * ({@link #retarget}); held to free unchanged ({@link #releaseUnchanged}); held to free with the
 * target published ({@link #publish}); and, by the home alone, held to free with the version raised
 * ({@link #fence}). Every one is one compare-and-swap.
 */
public final class LockWord {
  /** The highest rank that the word can name. */
  public static final int MAX_RANK = 0xfffe;

  /** The highest connection epoch that the word can name. */
  public static final int MAX_EPOCH = 0xffff;

  /** How many planes the word can name. */
  public static final int MAX_PLANES = 4;

  /** The mask of the version bits. */
  public static final long VERSION_MASK = (1L << 28) - 1;

  private static final int OWNER_SHIFT = 48;
  private static final int EPOCH_SHIFT = 32;
  private static final int CURRENT_SHIFT = 30;
  private static final int TARGET_SHIFT = 28;
  private static final int PLANE_MASK = 3;

  private LockWord() {}

  /**
   * Returns the word of a free stripe.
   *
   * @param currentPlane the published plane
   * @param version the version; its low 28 bits are kept
   * @return the word
   */
  public static long free(int currentPlane, long version) {
    return (long) currentPlane << CURRENT_SHIFT | version & VERSION_MASK;
  }

  /**
   * Tells whether nobody holds the stripe.
   *
   * @param word the lock word
   * @return whether it is free
   */
  public static boolean isFree(long word) {
    return word >>> OWNER_SHIFT == 0;
  }

  /**
   * Returns who holds the stripe.
   *
   * @param word the lock word
   * @return the holder's rank, or -1 when the stripe is free
   */
  public static int owner(long word) {
    return (int) (word >>> OWNER_SHIFT) - 1;
  }

  /**
   * Returns the epoch of the holder's connection.
   *
   * @param word the lock word
   * @return the epoch, 0 when the stripe is free
   */
  public static int epoch(long word) {
    return (int) (word >>> EPOCH_SHIFT) & MAX_EPOCH;
  }

  /**
   * Returns the published plane.
   *
   * @param word the lock word
   * @return 0 to 3
   */
  public static int current(long word) {
    return (int) (word >>> CURRENT_SHIFT) & PLANE_MASK;
  }

  /**
   * Returns the plane that the holder writes.
   *
   * @param word the lock word
   * @return 0 to 3; 0 when the stripe is free
   */
  public static int target(long word) {
    return (int) (word >>> TARGET_SHIFT) & PLANE_MASK;
  }

  /**
   * Returns the low 28 bits of the version.
   *
   * @param word the lock word
   * @return the wrapped version
   */
  public static long version(long word) {
    return word & VERSION_MASK;
  }

  /**
   * Extends the word's wrapped version to 64 bits, given a full version that was seen less than
   * 2^27 publishes ago.
   *
   * @param word the lock word
   * @param near a full version seen recently
   * @return the full version nearest to {@code near}
   */
  public static long fullVersion(long word, long near) {
    long forward = (version(word) - near) & VERSION_MASK;
    return near + (forward > VERSION_MASK >>> 1 ? forward - VERSION_MASK - 1 : forward);
  }

  /**
   * Free to held.
   *
   * @param word the word of a free stripe
   * @param rank who takes it
   * @param epoch the taker's connection epoch
   * @param targetPlane the plane that the taker will write
   * @return the desired word
   */
  public static long acquire(long word, int rank, int epoch, int targetPlane) {
    return (long) (rank + 1) << OWNER_SHIFT
        | (long) epoch << EPOCH_SHIFT
        | word & ((long) PLANE_MASK << CURRENT_SHIFT | VERSION_MASK)
        | (long) targetPlane << TARGET_SHIFT;
  }

  /**
   * Held to held, with another target plane.
   *
   * @param word the holder's word
   * @param targetPlane the new target
   * @return the desired word
   */
  public static long retarget(long word, int targetPlane) {
    return word & ~((long) PLANE_MASK << TARGET_SHIFT) | (long) targetPlane << TARGET_SHIFT;
  }

  /**
   * Held to free, nothing published: {@code {me, e, p, t, v} -> {0, 0, p, 0, v}}.
   *
   * @param word the holder's word
   * @return the desired word
   */
  public static long releaseUnchanged(long word) {
    return free(current(word), version(word));
  }

  /**
   * Held to free, the target becomes current: {@code {me, e, p, q, v} -> {0, 0, q, 0, v+1}}.
   *
   * @param word the holder's word
   * @return the desired word
   */
  public static long publish(long word) {
    return free(target(word), version(word) + 1);
  }

  /**
   * Held to free by the home, against the holder's will: {@code {owner, e, p, t, v} -> {0, 0, p, 0,
   * v+1}}. The raised version makes every later compare-and-swap of the old holder fail.
   *
   * @param word the holder's word
   * @return the desired word
   */
  public static long fence(long word) {
    return free(current(word), version(word) + 1);
  }

  /**
   * Describes the word for failures and tools.
   *
   * @param word the lock word
   * @return its fields in words
   */
  public static String describe(long word) {
    return (isFree(word)
            ? "free"
            : "held by rank "
                + owner(word)
                + " epoch "
                + epoch(word)
                + " target plane "
                + target(word))
        + ", current plane "
        + current(word)
        + ", version "
        + version(word);
  }
}

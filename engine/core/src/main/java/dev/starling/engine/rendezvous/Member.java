package dev.starling.engine.rendezvous;

/** What the link's thread knows of another rank. Belongs to that thread. */
final class Member {
  /** How this rank stands with the other. */
  enum Standing {
    /** Nobody has told of it. */
    UNKNOWN,
    /** It was admitted; the link to it is being made. */
    PENDING,
    /** The link is up. */
    UP,
    /** The link broke; one attempt to make it again is under way. */
    SUSPECT,
    /** It left in good order. */
    LEFT,
    /** It is dead. */
    DEAD
  }

  private final int rank;
  private Identity identity;
  private Standing standing = Standing.UNKNOWN;
  private Connection connection;
  private boolean dials;
  private long heardNs;
  private long deadlineNs;
  private long retryNs;
  private long brokenNs;
  private boolean brokeBefore;
  private long tableSentNs;

  Member(int rank) {
    this.rank = rank;
  }

  int rank() {
    return rank;
  }

  /** {@return who it is, or null while unknown} */
  Identity identity() {
    return identity;
  }

  void identity(Identity value) {
    identity = value;
  }

  int incarnation() {
    return identity == null ? -1 : identity.incarnation();
  }

  Standing standing() {
    return standing;
  }

  void standing(Standing value) {
    standing = value;
  }

  /** {@return whether it takes part, as far as is known} */
  boolean isAlive() {
    return standing == Standing.PENDING || standing == Standing.UP || standing == Standing.SUSPECT;
  }

  /** {@return the link, or the attempt to make it, or null} */
  Connection connection() {
    return connection;
  }

  void connection(Connection value) {
    connection = value;
  }

  /** {@return whether this side makes the connection} */
  boolean dials() {
    return dials;
  }

  void dials(boolean value) {
    dials = value;
  }

  /** {@return when the last frame arrived} */
  long heardNs() {
    return heardNs;
  }

  void heardNs(long value) {
    heardNs = value;
  }

  /** {@return until when the link must be up} */
  long deadlineNs() {
    return deadlineNs;
  }

  void deadlineNs(long value) {
    deadlineNs = value;
  }

  /** {@return when to dial again} */
  long retryNs() {
    return retryNs;
  }

  void retryNs(long value) {
    retryNs = value;
  }

  /** Notes that the link broke, and tells whether it did so within a time before. */
  boolean breaks(long nowNs, long withinNs) {
    boolean again = brokeBefore && nowNs - brokenNs < withinNs;
    brokeBefore = true;
    brokenNs = nowNs;
    return again;
  }

  /** Tells whether the whole table may be sent, at most once in a time. */
  boolean maySendTable(long nowNs, long everyNs) {
    if (tableSentNs != 0 && nowNs - tableSentNs < everyNs) {
      return false;
    }
    tableSentNs = nowNs;
    return true;
  }

  @Override
  public String toString() {
    String where = identity == null ? "" : " at " + identity.host() + ":" + identity.port();
    return "rank " + rank + (identity == null ? "" : " incarnation " + incarnation()) + where;
  }
}

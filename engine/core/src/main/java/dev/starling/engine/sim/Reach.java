package dev.starling.engine.sim;

/** How simulated workers reach one another's replicas. */
public enum Reach {
  /** Words by operations, data by load and store, as ranks of one host do. */
  SHARED("peers' memory is addressed; a holder that may still write is quarantined"),
  /** Everything by operations, and nobody can be cut off. */
  REMOTE("operations alone; a holder that may still write is quarantined"),
  /** Everything by operations, and a home cuts a peer off before it breaks its lock. */
  VERBS("operations alone; a holder is cut off, connections break and are made anew");

  private final String what;

  Reach(String what) {
    this.what = what;
  }

  /**
   * Says what is different here.
   *
   * @return for a list of options
   */
  public String what() {
    return what;
  }
}

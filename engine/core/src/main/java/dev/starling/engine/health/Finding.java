package dev.starling.engine.health;

/**
 * One thing that a check found.
 *
 * @param level how bad it is
 * @param subject what was looked at, for example {@code /dev/shm}
 * @param what what was found, a clause without full stop
 * @param cure what to do about it, an imperative clause without full stop; empty when it is fine
 */
public record Finding(Level level, String subject, String what, String cure) {

  /** How bad a finding is. */
  public enum Level {
    /** As it should be. */
    OK,
    /** A run can do without, or it costs speed. */
    NOTE,
    /** Stops a run. */
    PROBLEM
  }

  /**
   * Says that something is as it should be.
   *
   * @param subject what was looked at
   * @param what what was found
   * @return the finding
   */
  public static Finding ok(String subject, String what) {
    return new Finding(Level.OK, subject, what, "");
  }

  /**
   * Says that something could be better.
   *
   * @param subject what was looked at
   * @param what what was found
   * @param cure what to do about it; empty when it is only worth knowing
   * @return the finding
   */
  public static Finding note(String subject, String what, String cure) {
    return new Finding(Level.NOTE, subject, what, cure);
  }

  /**
   * Says that something could be better, in a sentence of the kind that exceptions have: what, a
   * colon, the cure.
   *
   * @param subject what was looked at
   * @param sentence with or without full stop; without a colon it has no cure
   * @return the finding
   */
  public static Finding noteOf(String subject, String sentence) {
    String clause = sentence.replaceFirst("\\.$", "");
    int colon = clause.lastIndexOf(": ");
    return colon < 0
        ? note(subject, clause, "")
        : note(subject, clause.substring(0, colon), clause.substring(colon + 2));
  }

  /**
   * Says that something stops a run.
   *
   * @param subject what was looked at
   * @param what what was found
   * @param cure what to do about it
   * @return the finding
   */
  public static Finding problem(String subject, String what, String cure) {
    return new Finding(Level.PROBLEM, subject, what, cure);
  }
}

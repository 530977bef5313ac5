package dev.starling.engine.worker;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Journal;

/**
 * The part of a job's options that says what of it is kept, and what it goes on from. Its options
 * are set and read as those of {@link JobContext}.
 */
public abstract sealed class RecordingOptions extends PairingOptions permits JobContext {
  private static final Journal.Factory NOBODY = (rank, incarnation) -> Journal.NONE;

  private Journal.Factory journal = NOBODY;
  private GradientPayload gradientPayload = GradientPayload.F32;
  private int firstIncarnation;
  private Restoration restoration = rank -> null;

  RecordingOptions() {}

  /**
   * Sets who is told every event of a replica. Default nobody.
   *
   * @param value opens the journal of each worker
   * @return this
   */
  public JobContext journal(Journal.Factory value) {
    requireOpen();
    journal = value;
    return self();
  }

  /**
   * Returns what opens the journal of each worker.
   *
   * @return the factory
   */
  public Journal.Factory journal() {
    return journal;
  }

  /** {@return whether somebody is told the events} */
  final boolean isRecorded() {
    return journal != NOBODY;
  }

  /**
   * Sets how the journal keeps the values of gradients. Default {@code f32}. With {@code bf16} the
   * rounded values are applied too, and what rounding cut off is added to the next gradient.
   *
   * @param value the payload
   * @return this
   */
  public JobContext gradientPayload(GradientPayload value) {
    requireOpen();
    gradientPayload = value;
    return self();
  }

  /**
   * Returns how the journal keeps the values of gradients.
   *
   * @return the payload
   */
  public GradientPayload gradientPayload() {
    return gradientPayload;
  }

  /**
   * Lets the job go on where another one ended.
   *
   * @param incarnation the incarnation of every worker that begins with the job, larger than any of
   *     the earlier job; 0 for a new job, the default
   * @param states the state of each worker; also of one that joins again later and finds nobody
   *     alive
   * @return this
   */
  public JobContext restoration(int incarnation, Restoration states) {
    requireOpen();
    firstIncarnation = incarnation;
    restoration = states;
    return self();
  }

  /**
   * Returns the incarnation of every worker that begins with the job.
   *
   * @return 0 for a new job
   */
  public int firstIncarnation() {
    return firstIncarnation;
  }

  /**
   * Returns the states that workers go on from.
   *
   * @return the states
   */
  public Restoration restoration() {
    return restoration;
  }
}

package dev.starling.engine.cluster;

import dev.starling.engine.fabric.Membership;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What one rank says of itself on the {@link JobBoard}. Written by the rank, and by the coordinator
 * while no process of the rank lives; read by anyone.
 *
 * <pre>
 *  +0  state (4)          +4  incarnation (4), stored last   +8  process id (8)
 *  +16 submitted (8)      +24 steps (8)                      +32 samples (8)
 *  +40 loss (8, double)   +48 first step began, ns (8)       +56 last step ended, ns (8)
 *  +64 waited for its own agent, ns (8)                      +72 rank it copied its model from (4)
 *  +80 newest checkpoint set it was copied for (8)           +88 set it could not save (8)
 * </pre>
 */
public final class RankRecord {
  /** Where a rank is. */
  public enum State {
    /** Nobody has joined, or whoever had is lost. */
    ABSENT,
    /** Its region can be connected to. */
    JOINED,
    /** It has submitted its last gradient and applied everything; it waits for the release. */
    FINISHED,
    /** It left in good order. */
    LEFT
  }

  /** The rank has no replica: it takes part in no checkpoint set. */
  public static final long NO_CUT = -2;

  /** The rank makes its replica: a checkpoint set has to wait for what it will contain. */
  public static final long JOINING = -1;

  /** The model came from the initial parameters, not from another rank or a checkpoint. */
  public static final int INITIAL = -1;

  static final long LENGTH_BYTES = 128;

  /**
   * Numbers of a record that other hosts copy: {@link #SUBMITTED} and what follows, then the state.
   */
  static final int WORDS = 11;

  /** Which of them is the state. */
  static final int STATE_WORD = WORDS - 1;

  /** Which of them are times of the rank's own clock. */
  static final int BEGIN_WORD = 4;

  static final int END_WORD = 5;

  private static final int STATE = 0;
  private static final int INCARNATION = 4;
  private static final int PID = 8;
  private static final int SUBMITTED = 16;
  private static final int STEPS = 24;
  private static final int SAMPLES = 32;
  private static final int LOSS = 40;
  private static final int BEGIN = 48;
  private static final int END = 56;
  private static final int BACKLOG = 64;
  private static final int SOURCE = 72;
  private static final int CUT = 80;
  private static final int CUT_FAILED = 88;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final State[] STATES = State.values();

  private final MemorySegment board;
  private final long offset;

  RankRecord(MemorySegment board, long offset) {
    this.board = board;
    this.offset = offset;
  }

  /**
   * Announces that the rank's region can be connected to.
   *
   * @param incarnation how many times the rank had joined before
   * @param source the rank whose model it copied, or {@link #INITIAL}
   */
  public void joined(int incarnation, int source) {
    LONG.setRelease(board, offset + PID, ProcessHandle.current().pid());
    INT.setRelease(board, offset + SOURCE, source);
    INT.setRelease(board, offset + STATE, State.JOINED.ordinal());
    INT.setRelease(board, offset + INCARNATION, incarnation);
  }

  /** The rank has nothing left to do and waits for its release. */
  public void finished() {
    INT.setRelease(board, offset + STATE, State.FINISHED.ordinal());
  }

  /** The rank leaves in good order. */
  public void left() {
    cut(NO_CUT);
    INT.setRelease(board, offset + STATE, State.LEFT.ordinal());
  }

  /** The coordinator has seen the rank's process end: nobody connects to it any more. */
  public void lost() {
    cut(NO_CUT);
    INT.setRelease(board, offset + INCARNATION, Membership.ABSENT);
    INT.setRelease(board, offset + STATE, State.ABSENT.ordinal());
  }

  /**
   * Returns where the rank is.
   *
   * @return its state
   */
  public State state() {
    return STATES[(int) INT.getAcquire(board, offset + STATE)];
  }

  /**
   * Returns the rank's newest incarnation.
   *
   * @return from 0, or {@link Membership#ABSENT}
   */
  public int incarnation() {
    return (int) INT.getAcquire(board, offset + INCARNATION);
  }

  /**
   * Returns the process that joined last.
   *
   * @return its id
   */
  public long pid() {
    return (long) LONG.getAcquire(board, offset + PID);
  }

  /**
   * Returns whose model the rank copied when it joined.
   *
   * @return a rank, or {@link #INITIAL}
   */
  public int source() {
    return (int) INT.getAcquire(board, offset + SOURCE);
  }

  /**
   * Reports the gradients that were submitted by all incarnations.
   *
   * @param gradients how many
   */
  public void submitted(long gradients) {
    LONG.setRelease(board, offset + SUBMITTED, gradients);
  }

  /**
   * Returns the gradients that were submitted by all incarnations.
   *
   * @return how many
   */
  public long submitted() {
    return (long) LONG.getAcquire(board, offset + SUBMITTED);
  }

  /**
   * Reports the compute thread's work over all incarnations.
   *
   * @param steps gradients computed
   * @param samples samples used
   * @param loss running mean of the training loss
   * @param beginNs when the first step began, by the system's monotonic clock
   * @param endNs when the last step ended
   * @param backlogNs time waited for the worker's own agent
   */
  public void progress(
      long steps, long samples, double loss, long beginNs, long endNs, long backlogNs) {
    LONG.setRelease(board, offset + SAMPLES, samples);
    LONG.setRelease(board, offset + LOSS, Double.doubleToRawLongBits(loss));
    LONG.setRelease(board, offset + BEGIN, beginNs);
    LONG.setRelease(board, offset + END, endNs);
    LONG.setRelease(board, offset + BACKLOG, backlogNs);
    LONG.setRelease(board, offset + STEPS, steps);
  }

  /**
   * Returns the steps of all incarnations.
   *
   * @return gradients computed
   */
  public long steps() {
    return (long) LONG.getAcquire(board, offset + STEPS);
  }

  /**
   * Returns the samples of all incarnations.
   *
   * @return samples used
   */
  public long samples() {
    return (long) LONG.getAcquire(board, offset + SAMPLES);
  }

  /**
   * Returns the running mean of the training loss.
   *
   * @return the loss; 0 before the first step
   */
  public double loss() {
    return Double.longBitsToDouble((long) LONG.getAcquire(board, offset + LOSS));
  }

  /**
   * Returns when the first step began.
   *
   * @return nanoseconds of the monotonic clock, 0 before it
   */
  public long beginNs() {
    return (long) LONG.getAcquire(board, offset + BEGIN);
  }

  /**
   * Returns when the last step ended.
   *
   * @return nanoseconds of the monotonic clock, 0 before it
   */
  public long endNs() {
    return (long) LONG.getAcquire(board, offset + END);
  }

  /**
   * Returns the time that the compute thread waited for its own agent.
   *
   * @return nanoseconds
   */
  public long backlogNs() {
    return (long) LONG.getAcquire(board, offset + BACKLOG);
  }

  /**
   * Returns the source of a rank that began with a checkpoint.
   *
   * @param set the set's number
   * @return below {@link #INITIAL}
   */
  public static int fromCheckpoint(long set) {
    return (int) (INITIAL - 1 - set);
  }

  /**
   * Tells from a source which checkpoint set it is.
   *
   * @param source what {@link #source()} returned
   * @return the set's number, or -1 when it is no set
   */
  public static long checkpointOf(int source) {
    return source < INITIAL ? (long) INITIAL - 1 - source : -1;
  }

  /**
   * Says which checkpoint set the replica was copied for, and saved; the rank says so.
   *
   * @param set the set's number: also of the set that the replica began after; {@link #JOINING} or
   *     {@link #NO_CUT}
   */
  public void cut(long set) {
    LONG.setRelease(board, offset + CUT, set);
  }

  /**
   * Returns the newest checkpoint set that the replica was saved for or began after.
   *
   * @return the set's number, {@link #JOINING} or {@link #NO_CUT}
   */
  public long cut() {
    return (long) LONG.getAcquire(board, offset + CUT);
  }

  /**
   * Says that the replica could not be saved for a checkpoint set; the rank says so.
   *
   * @param set the set's number
   */
  public void cutFailed(long set) {
    LONG.setRelease(board, offset + CUT_FAILED, set);
  }

  /**
   * Returns the newest checkpoint set that the replica could not be saved for.
   *
   * @return the set's number, 0 when there was none
   */
  public long cutFailed() {
    return (long) LONG.getAcquire(board, offset + CUT_FAILED);
  }

  /** {@return one of the numbers that other hosts copy} */
  long word(int index) {
    return index == STATE_WORD
        ? state().ordinal()
        : (long) LONG.getAcquire(board, offset + SUBMITTED + (long) index * Long.BYTES);
  }

  /** Copies a number from another host, other than the state. */
  void word(int index, long value) {
    if (index != STATE_WORD) {
      LONG.setRelease(board, offset + SUBMITTED + (long) index * Long.BYTES, value);
    }
  }

  /** Copies that a rank of another host has joined. */
  void present(int incarnation) {
    INT.setRelease(board, offset + STATE, State.JOINED.ordinal());
    INT.setRelease(board, offset + INCARNATION, incarnation);
  }

  /** Copies the state of a rank of another host that is there. */
  void state(long ordinal) {
    if (ordinal == State.FINISHED.ordinal()) {
      finished();
    }
  }
}

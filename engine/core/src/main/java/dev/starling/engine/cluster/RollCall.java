package dev.starling.engine.cluster;

import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.rendezvous.ControlLink;
import java.util.Optional;

/**
 * Who of a job is there and how far each is, by what ranks publish over the link. Thread-safe.
 *
 * <pre>
 *  nothing --&gt; "here": the fabric is not chosen yet --&gt; "joined FABRIC": can be connected to
 *          --&gt; "done FABRIC": it did for all what one rank was to do, everybody may leave
 * </pre>
 */
public final class RollCall {
  private static final String HERE = "here";
  private static final String JOINED = "joined ";
  private static final String DONE = "done ";

  private final ControlLink link;
  private final int workers;
  private volatile boolean done;

  /**
   * Creates the roll call of a job.
   *
   * @param link the connection to the other ranks
   * @param workers how many ranks the job has
   */
  public RollCall(ControlLink link, int workers) {
    this.link = link;
    this.workers = workers;
  }

  /** Says that this process is there, before it knows how ranks are to reach each other. */
  public void announce() {
    link.publish(HERE);
  }

  /** Says that this rank can be connected to. */
  void joined(String fabric) {
    link.publish(JOINED + fabric);
  }

  /** Says that the others may leave. */
  void done(String fabric) {
    link.publish(DONE + fabric);
  }

  /**
   * Returns how many ranks the job has.
   *
   * @return those that are there and those that are not
   */
  public int workers() {
    return workers;
  }

  /**
   * Returns this process's rank.
   *
   * @return from 0
   */
  public int rank() {
    return link.rank();
  }

  /**
   * Tells whether a rank has said that it is there, and lives.
   *
   * @param rank the rank
   * @return whether it does
   */
  public boolean isHere(int rank) {
    int incarnation = link.knownIncarnation(rank);
    return incarnation != Membership.ABSENT && link.state(rank, incarnation) == PeerState.ALIVE;
  }

  /**
   * Tells whether every rank is there.
   *
   * @return whether all live
   */
  public boolean isComplete() {
    for (int rank = 0; rank < workers; rank++) {
      if (!isHere(rank)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Tells whether a rank that is there can share memory with this one.
   *
   * @param rank the rank
   * @return whether it is on this host
   */
  public boolean isColocated(int rank) {
    return link.isColocated(rank);
  }

  /** {@return the fabric of an incarnation that has joined, or null} */
  String fabricOf(int rank, int incarnation) {
    String info = incarnation == Membership.ABSENT ? null : link.info(rank, incarnation);
    return info == null ? null : fabricOf(info);
  }

  private static String fabricOf(String info) {
    return info.equals(HERE) ? null : info.substring(info.indexOf(' ') + 1);
  }

  /**
   * Returns how ranks that have joined reach each other.
   *
   * @return the fabric's name, or empty when nobody has joined yet
   */
  public Optional<String> fabricInUse() {
    for (int rank = 0; rank < workers; rank++) {
      String info = link.info(rank);
      if (rank != link.rank() && info != null && fabricOf(info) != null) {
        return Optional.of(fabricOf(info));
      }
    }
    return Optional.empty();
  }

  /**
   * Tells whether the job has begun without this rank, so that there is nobody to wait for.
   *
   * @return whether another rank runs, or the job is done
   */
  public boolean hasBegun() {
    for (int rank = 0; rank < workers; rank++) {
      if (rank != link.rank() && isRunning(rank)) {
        return true;
      }
    }
    return isDone();
  }

  private boolean isRunning(int rank) {
    String info = link.info(rank);
    return info != null
        && fabricOf(info) != null
        && isHere(rank)
        && link.progress(rank, ProgressWords.PHASE) >= JobBoard.Phase.RUNNING.ordinal();
  }

  /**
   * Tells whether a rank has done what one was to do for all.
   *
   * @return whether one has said so
   */
  public boolean isDone() {
    for (int rank = 0; rank < workers && !done; rank++) {
      String info = link.info(rank);
      done = info != null && info.startsWith(DONE);
    }
    return done;
  }
}

package dev.starling.engine.rendezvous;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What the link's thread knows of all ranks, for every thread to read without a lock or an
 * allocation.
 *
 * <pre>
 *  word of a rank:  [63:32] incarnation   [8] co-located   [1:0] 0 unknown, 1 alive, 2 closed, 3 dead
 * </pre>
 */
final class MemberTable {
  private record Published(int incarnation, String info) {}

  private static final int ALIVE = 1;
  private static final int CLOSED = 2;
  private static final int DEAD = 3;
  private static final int COLOCATED = 1 << 8;

  private final AtomicLongArray words;
  private final AtomicReferenceArray<Published> published;
  private final AtomicLongArray progress;
  private final int progressLongs;
  private final Object changed = new Object();
  private StarlingException failure;

  MemberTable(int worldSize, int progressLongs) {
    words = new AtomicLongArray(worldSize);
    published = new AtomicReferenceArray<>(worldSize);
    progress = new AtomicLongArray(worldSize * progressLongs);
    this.progressLongs = progressLongs;
  }

  int worldSize() {
    return words.length();
  }

  int progressLongs() {
    return progressLongs;
  }

  PeerState state(int rank, int incarnation) {
    long word = words.getAcquire(rank);
    if ((int) (word >>> 32) != incarnation) {
      return PeerState.DEAD;
    }
    return switch ((int) word & 3) {
      case ALIVE -> PeerState.ALIVE;
      case CLOSED -> PeerState.CLOSED;
      default -> PeerState.DEAD;
    };
  }

  boolean isAlive(int rank) {
    return (words.getAcquire(rank) & 3) == ALIVE;
  }

  boolean isColocated(int rank) {
    return (words.getAcquire(rank) & COLOCATED) != 0;
  }

  int knownIncarnation(int rank) {
    Published known = published.getAcquire(rank);
    return known == null ? Membership.ABSENT : known.incarnation();
  }

  String info(int rank, int incarnation) {
    Published known = published.getAcquire(rank);
    return known == null || known.incarnation() != incarnation ? null : known.info();
  }

  String info(int rank) {
    Published known = published.getAcquire(rank);
    return known == null ? null : known.info();
  }

  long progress(int rank, int index) {
    return progress.getAcquire(rank * progressLongs + index);
  }

  void progress(int rank, int index, long value) {
    progress.setRelease(rank * progressLongs + index, value);
  }

  void alive(int rank, int incarnation, boolean colocated) {
    set(rank, incarnation, ALIVE | (colocated ? COLOCATED : 0));
  }

  void closed(int rank, int incarnation) {
    set(rank, incarnation, CLOSED);
  }

  void dead(int rank, int incarnation) {
    set(rank, incarnation, DEAD);
  }

  private void set(int rank, int incarnation, int bits) {
    words.setRelease(rank, (long) incarnation << 32 | bits);
    signal();
  }

  void publish(int rank, int incarnation, String info) {
    published.setRelease(rank, new Published(incarnation, info));
    signal();
  }

  private void signal() {
    synchronized (changed) {
      changed.notifyAll();
    }
  }

  /** Ends every wait: the link's thread has ended. */
  void fail(StarlingException cause) {
    synchronized (changed) {
      failure = cause;
      changed.notifyAll();
    }
  }

  /** {@return why the link's thread has ended, or null} */
  StarlingException failure() {
    synchronized (changed) {
      return failure;
    }
  }

  void awaitJoined(int ranks, long timeoutNs) {
    long deadlineNs = System.nanoTime() + timeoutNs;
    synchronized (changed) {
      while (joined() < ranks) {
        if (failure != null) {
          throw new StarlingException(
              "waiting for " + ranks + " ranks failed: " + failure.getMessage(), failure);
        }
        long leftNs = deadlineNs - System.nanoTime();
        if (leftNs <= 0) {
          throw new StarlingException(
              joined()
                  + " of "
                  + ranks
                  + " ranks had joined after "
                  + timeoutNs / 1_000_000
                  + " ms, missing are "
                  + missing()
                  + ": look at their output, or wait longer");
        }
        try {
          changed.wait(leftNs / 1_000_000, (int) (leftNs % 1_000_000));
        } catch (InterruptedException interrupt) {
          Thread.currentThread().interrupt();
          throw new StarlingException(
              "waiting for " + ranks + " ranks was interrupted: wait again", interrupt);
        }
      }
    }
  }

  private boolean isJoined(int rank) {
    long word = words.getAcquire(rank);
    return (word & 3) == ALIVE && info(rank, (int) (word >>> 32)) != null;
  }

  private int joined() {
    int count = 0;
    for (int rank = 0; rank < worldSize(); rank++) {
      count += isJoined(rank) ? 1 : 0;
    }
    return count;
  }

  private List<Integer> missing() {
    List<Integer> ranks = new ArrayList<>();
    for (int rank = 0; rank < worldSize() && ranks.size() < 64; rank++) {
      if (!isJoined(rank)) {
        ranks.add(rank);
      }
    }
    return ranks;
  }
}

package dev.starling.engine.exchange;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.util.Arrays;

/**
 * The home's watch over locks that peers hold on its stripes. A lock whose holder is dead is broken
 * at once, also when the rank has joined again meanwhile: then the lock's epoch is not the newest
 * one. A lock held longer than the limit is broken too. Before, the holder is cut off from the
 * replica; where the fabric cannot do that and the holder may wake up and write, its target plane
 * is quarantined. That needs memory for another plane: while shared memory is full, the lock is
 * left alone, which is counted, and the worker's gradients add up until the peer wakes up, or dies,
 * or memory is free.
 *
 * <pre>
 *   WATCHING --dead, or held too long--> cut off --read--> CONFIRMING --still held--> journal --CAS--> BREAKING
 *            '--not cut off: quarantine, or dead--> journal --CAS--> BREAKING '--published--> WATCHING
 *   BREAKING --broken--> count, remember the quarantine | --not broken--> lift it --> WATCHING
 * </pre>
 *
 * <p>Belongs to the communication agent; {@link #poll} never waits.
 */
public final class LockGuard implements CompletionHandler {
  /** Tells a peer's state. */
  @FunctionalInterface
  public interface Liveness {
    /**
     * Asks for one incarnation of a peer. The answer may be late but never wrong about a death: who
     * is not known to be dead counts as alive.
     *
     * @param rank the peer
     * @param incarnation which incarnation of it
     * @return its state as known here
     */
    PeerState state(int rank, int incarnation);
  }

  /** Cuts peers off, where the fabric can. */
  public interface Fence {
    /**
     * Keeps a peer from writing through a connection that it has to this replica.
     *
     * @param rank the peer
     * @param epoch the epoch of the connection
     * @return whether nothing that it posted can arrive any more
     */
    boolean cutOff(int rank, int epoch);

    /**
     * Notes that the lock of a peer was broken.
     *
     * @param rank the peer
     * @param stripe the stripe
     * @param version the version that the break made, 28 bits
     */
    void broken(int rank, int stripe, long version);
  }

  private static final int MAX_QUARANTINED = 2;

  private final Replica replica;
  private final ReplicaLayout layout;
  private final Remote own;
  private final Liveness liveness;
  private final Fence fence;
  private final Journal journal;
  private final Counters counters;
  private final long holdLimitNs;
  private final long intervalNs;
  private final long[] observedWord;
  private final long[] observedSinceNs;
  private final long[] putOffWord;
  private final int[][] quarantinedBy;
  private final int[][] quarantinedIncarnation;
  private final long[][] quarantineFence;

  private long nextCheckNs = Long.MIN_VALUE;
  private boolean breaking;
  private boolean confirming;
  private boolean confirmed;
  private boolean quarantining;
  private int breakingStripe;
  private long breakingWord;
  private int breakingIncarnation;
  private long nextTag;

  /**
   * Creates the guard of one replica.
   *
   * @param replica the replica
   * @param own a connection to it, used by this guard alone
   * @param liveness tells dead peers
   * @param fence cuts peers off before their locks are broken
   * @param journal is told every fence before it happens
   * @param counters the worker's counters
   * @param holdLimitNs how long a peer may hold a lock
   */
  public LockGuard(
      Replica replica,
      Remote own,
      Liveness liveness,
      Fence fence,
      Journal journal,
      Counters counters,
      long holdLimitNs) {
    this.replica = replica;
    this.layout = replica.layout();
    this.own = own;
    this.liveness = liveness;
    this.fence = fence;
    this.journal = journal;
    this.counters = counters;
    this.holdLimitNs = holdLimitNs;
    this.intervalNs = Math.max(1, holdLimitNs / 16);
    observedWord = new long[layout.stripes()];
    observedSinceNs = new long[layout.stripes()];
    putOffWord = new long[layout.stripes()];
    quarantinedBy = new int[layout.stripes()][LockWord.MAX_PLANES];
    quarantinedIncarnation = new int[layout.stripes()][LockWord.MAX_PLANES];
    quarantineFence = new long[layout.stripes()][LockWord.MAX_PLANES];
    for (int[] planes : quarantinedBy) {
      Arrays.fill(planes, -1);
    }
  }

  /**
   * Looks at the locks when it is time to.
   *
   * @param nowNs the time by the worker's clock
   * @return how many things happened
   */
  public int poll(long nowNs) {
    if (breaking) {
      int completions = own.poll(this);
      if (confirmed) {
        confirmed = false;
        fenceAndSwap();
      }
      return completions;
    }
    if (nowNs < nextCheckNs) {
      return 0;
    }
    nextCheckNs = nowNs + intervalNs;
    int work = 0;
    for (int stripe = 0; stripe < layout.stripes() && !breaking; stripe++) {
      work += liftAcknowledged(stripe);
      watch(stripe, nowNs);
    }
    return work + (breaking ? 1 : 0);
  }

  /**
   * Tells whether a lock is being broken. A log has no gradient between a fence and what became of
   * it, so that whoever replays it need not look past the gradient.
   *
   * @return whether {@code fence} was told to the journal, or is about to be, and {@code fenced}
   *     not yet
   */
  public boolean isBreaking() {
    return breaking;
  }

  private void watch(int stripe, long nowNs) {
    long word = replica.lockWord(stripe);
    int holder = LockWord.owner(word);
    if (holder < 0 || holder == replica.rank()) {
      observedWord[stripe] = 0;
      return;
    }
    // After the word: whoever connects anew has released, or is the successor of a dead holder.
    long attachment = AttachmentTable.attachment(replica.segment(), holder);
    int incarnation = AttachmentTable.incarnation(attachment);
    boolean outdated =
        holder < layout.workers() && LockWord.epoch(word) != AttachmentTable.epoch(attachment);
    if (outdated || liveness.state(holder, incarnation) != PeerState.ALIVE) {
      breakLock(stripe, word, holder, incarnation, false);
    } else if (word != observedWord[stripe]) {
      observedWord[stripe] = word;
      observedSinceNs[stripe] = nowNs;
    } else if (nowNs - observedSinceNs[stripe] > holdLimitNs
        && quarantined(stripe) < MAX_QUARANTINED) {
      breakLock(stripe, word, holder, incarnation, true);
    }
  }

  private void breakLock(
      int stripe, long word, int holder, int incarnation, boolean mayStillWrite) {
    int plane = LockWord.target(word);
    // Also a dead peer's writes may be under way, in the network.
    boolean cutOff = fence.cutOff(holder, LockWord.epoch(word));
    // Whoever only reads names the current plane as its target: nothing is written then.
    quarantining = mayStillWrite && !cutOff && plane != LockWord.current(word);
    if (quarantining && !tryQuarantine(stripe, plane, word)) {
      return;
    }
    breaking = true;
    breakingStripe = stripe;
    breakingWord = word;
    breakingIncarnation = incarnation;
    if (cutOff) {
      // The holder may have published before it was cut off. Nothing of it arrives any more, so a
      // fence that is told after this read happens: replay relies on that when this home dies
      // before it tells what became of the fence.
      confirming = true;
      own.readWord(layout.lineOffset(stripe) + ControlLine.LOCK_OFFSET, nextTag++);
    } else {
      fenceAndSwap();
    }
  }

  private void fenceAndSwap() {
    long fenced = LockWord.fence(breakingWord);
    // A log without room for the fence ends the agent; nothing is under way then.
    breaking = false;
    journal.fence(breakingStripe, LockWord.owner(breakingWord), LockWord.version(fenced));
    breaking = true;
    own.compareAndSwap(
        layout.lineOffset(breakingStripe) + ControlLine.LOCK_OFFSET,
        breakingWord,
        fenced,
        nextTag++);
  }

  private boolean tryQuarantine(int stripe, int plane, long word) {
    if (replica.quarantine(stripe, plane)) {
      return true;
    }
    // Nothing has happened yet: the next look tries again.
    if (putOffWord[stripe] != word) {
      putOffWord[stripe] = word;
      counters.add(Counter.FENCES_PUT_OFF, 1);
    }
    return false;
  }

  @Override
  public void onCompletion(long tag, boolean succeeded, long found) {
    boolean read = confirming;
    confirming = false;
    confirmed = read && found == breakingWord;
    breaking = confirmed;
    observedWord[breakingStripe] = 0;
    if (!succeeded) {
      throw new StarlingException(
          "rank "
              + replica.rank()
              + " lost the connection to its own replica while it broke a lock: restart the"
              + " worker");
    }
    if (!read) {
      fenced(found == breakingWord);
    }
  }

  private void fenced(boolean broken) {
    int holder = LockWord.owner(breakingWord);
    int plane = LockWord.target(breakingWord);
    journal.fenced(breakingStripe, holder, broken);
    if (broken) {
      counters.add(Counter.FENCES, 1);
      fence.broken(holder, breakingStripe, LockWord.version(LockWord.fence(breakingWord)));
    }
    if (broken && quarantining) {
      // Counted only now: an acknowledgement of an earlier count must not lift this quarantine.
      quarantinedBy[breakingStripe][plane] = holder;
      quarantinedIncarnation[breakingStripe][plane] = breakingIncarnation;
      quarantineFence[breakingStripe][plane] = replica.countFence(holder);
    } else if (quarantining) {
      replica.liftQuarantine(breakingStripe, plane);
    }
  }

  private int quarantined(int stripe) {
    int planes = 0;
    for (int holder : quarantinedBy[stripe]) {
      planes += holder >= 0 ? 1 : 0;
    }
    return planes;
  }

  private int liftAcknowledged(int stripe) {
    int lifted = 0;
    for (int plane = 0; plane < LockWord.MAX_PLANES; plane++) {
      int holder = quarantinedBy[stripe][plane];
      if (holder >= 0
          && (AttachmentTable.acknowledged(replica.segment(), holder)
                  >= quarantineFence[stripe][plane]
              || liveness.state(holder, quarantinedIncarnation[stripe][plane])
                  != PeerState.ALIVE)) {
        quarantinedBy[stripe][plane] = -1;
        replica.liftQuarantine(stripe, plane);
        lifted++;
      }
    }
    return lifted;
  }
}

package dev.starling.engine.exchange;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;

/**
 * One exchange, or one step alone, on one stripe at a time (Lian et al. 2018, section 3 and
 * appendix A, with one-sided locks in place of the passive side's thread).
 *
 * <p>{@link #start} begins; every {@link #poll} looks at completions and posts what follows;
 * neither waits or spins. When {@link #isIdle()} the {@link #outcome()} says how it ended. Belongs
 * to the communication agent.
 */
public final class ExchangeMachine implements CompletionHandler {
  private enum State {
    IDLE,
    OWN_LOCKING,
    OWN_CHECKING,
    OWN_RETARGETING,
    PEER_READING,
    PEER_CHOOSING,
    PEER_LOCKING,
    PEER_CHECKING,
    PEER_RETARGETING,
    STREAMING,
    PEER_PUBLISHING,
    PEER_RELEASING,
    STEPPING,
    OWN_PUBLISHING,
    OWN_RELEASING
  }

  /** What follows once the partner's lock has been given back. */
  private enum AfterRelease {
    STEP,
    RELEASE_OWN
  }

  private static final int OP_SHIFT = 26;
  private static final int GENERATION_SHIFT = 32;
  private static final int OP_CONTROL = 1;
  private static final int OP_WORD = 2;
  private static final int OP_GUARD = 3;
  private static final int OP_CUT = 4;

  private final Replica replica;
  private final ReplicaLayout layout;
  private final MemorySegment region;
  private final Remote own;
  private final StripeStream stream;
  private final Combine mode;
  private final SoloCombine solo;
  private final Journal journal;
  private final Counters counters;
  private final long[] versions;

  private State state = State.IDLE;
  private Outcome outcome = Outcome.STEPPED;
  private Outcome finalOutcome;
  private AfterRelease afterRelease;
  private long generation;
  private int stripe;
  private Remote peer;
  private Update update;
  private long ownWord;
  private long peerWord;
  private long guard;
  private long peerCut;
  private int awaited;
  private long expected;
  private long desired;
  private long found;
  private boolean succeeded;

  /**
   * Creates a machine for one replica, which averages with its partners and steps alone.
   *
   * @param replica the worker's own replica
   * @param own a connection to it, used by this machine alone
   * @param kernels who computes
   * @param chunkBytes how much one poll combines
   * @param staging memory for incoming chunks of peers that are not addressable, or null
   * @param journal is told every event
   * @param counters the worker's counters
   */
  public ExchangeMachine(
      Replica replica,
      Remote own,
      Kernels kernels,
      long chunkBytes,
      MemorySegment staging,
      Journal journal,
      Counters counters) {
    this(replica, own, kernels, chunkBytes, staging, journal, counters, Combine.AVERAGE, null);
  }

  /**
   * Creates a machine for one replica.
   *
   * @param replica the worker's own replica
   * @param own a connection to it, used by this machine alone
   * @param kernels who computes
   * @param chunkBytes how much one poll combines
   * @param staging memory for incoming chunks of peers that are not addressable, or null
   * @param journal is told every event
   * @param counters the worker's counters
   * @param combine what becomes of both sides of an exchange
   * @param solo computes the next state when there is no partner; null for a plain step
   */
  public ExchangeMachine(
      Replica replica,
      Remote own,
      Kernels kernels,
      long chunkBytes,
      MemorySegment staging,
      Journal journal,
      Counters counters,
      Combine combine,
      SoloCombine solo) {
    this.mode = combine;
    this.solo = solo;
    this.replica = replica;
    this.layout = replica.layout();
    this.region = replica.segment();
    this.own = own;
    this.stream = new StripeStream(kernels, chunkBytes, staging, combine);
    this.journal = journal;
    this.counters = counters;
    this.versions = new long[layout.stripes()];
  }

  /**
   * Begins an exchange or a step. The machine must be idle.
   *
   * @param stripeIndex the stripe
   * @param partner a connection to the partner, or null to step alone
   * @param pending the update to publish with it, or null to average only; not null when alone
   */
  public void start(int stripeIndex, Remote partner, Update pending) {
    if (state != State.IDLE) {
      throw new IllegalStateException("an exchange is under way: state=" + state);
    }
    if (partner == null && pending == null) {
      throw new IllegalArgumentException("a step alone needs an update");
    }
    stripe = stripeIndex;
    peer = partner;
    update = pending;
    generation++;
    long word = replica.lockWord(stripe);
    int target =
        LockWord.isFree(word) ? ControlLine.freePlane(word, replica.guardWord(stripe)) : -1;
    if (target < 0) {
      outcome = Outcome.OWN_BUSY;
      return;
    }
    swap(own, word, LockWord.acquire(word, replica.rank(), own.epoch(), target), State.OWN_LOCKING);
  }

  /**
   * Tells whether nothing is under way.
   *
   * @return whether {@link #start} may be called
   */
  public boolean isIdle() {
    return state == State.IDLE;
  }

  /**
   * Returns how the last exchange or step ended.
   *
   * @return the outcome, once idle
   */
  public Outcome outcome() {
    return outcome;
  }

  /**
   * Returns the full version of a stripe as this machine last saw it under its lock.
   *
   * @param stripeIndex the stripe
   * @return the version; after a publish of this machine, the version it published
   */
  public long version(int stripeIndex) {
    return versions[stripeIndex];
  }

  /**
   * Returns which plane of the own stripe the last publish made current. Where atomics are a NIC's,
   * the lock word as this side loads it is a hint; this is not.
   *
   * @return 0 to 3
   */
  public int publishedPlane() {
    return LockWord.target(ownWord);
  }

  /**
   * Returns the version that the last exchange made of the partner's stripe.
   *
   * @return its low 28 bits, after {@link Outcome#EXCHANGED}
   */
  public long partnerVersion() {
    return LockWord.version(LockWord.publish(peerWord));
  }

  /**
   * Goes on with what is under way, without waiting.
   *
   * @return how many things happened, 0 when there was nothing to do
   */
  public int poll() {
    if (state == State.IDLE) {
      return 0;
    }
    int work = own.poll(this);
    if (peer != null) {
      work += peer.poll(this);
    }
    if (state == State.STREAMING || state == State.STEPPING) {
      work += isSolo() ? solo.poll() : stream.poll();
      streamed();
    } else if (awaited == 0) {
      advance();
      work++;
    }
    return work;
  }

  @Override
  public void onCompletion(long tag, boolean ok, long value) {
    if (tag >>> GENERATION_SHIFT != generation) {
      throw new IllegalStateException(
          "completion of another exchange: tag=" + Long.toHexString(tag));
    }
    int op = (int) (tag >>> OP_SHIFT) & 0x3f;
    if (op == 0) {
      stream.onCompletion(tag, ok);
      return;
    }
    awaited--;
    succeeded &= ok;
    if (op == OP_WORD) {
      peerWord = value;
    } else if (op == OP_GUARD) {
      guard = value;
    } else if (op == OP_CUT) {
      peerCut = value;
    } else {
      found = value;
    }
  }

  private void advance() {
    switch (state) {
      case OWN_LOCKING -> ownLocked();
      case OWN_CHECKING -> ownChecked();
      case OWN_RETARGETING -> ownHeld();
      case PEER_READING -> peerRead();
      case PEER_CHOOSING -> peerGuardRead();
      case PEER_LOCKING -> peerLocked();
      case PEER_CHECKING -> peerChecked();
      case PEER_RETARGETING -> peerRetargeted();
      case PEER_PUBLISHING -> peerPublished();
      case PEER_RELEASING -> peerReleased();
      case OWN_PUBLISHING -> ownPublished();
      case OWN_RELEASING -> ownReleased();
      case IDLE, STREAMING, STEPPING ->
          throw new IllegalStateException("nothing to advance: state=" + state);
    }
  }

  private void ownLocked() {
    requireOwnFabric();
    if (found != expected) {
      finish(Outcome.OWN_BUSY);
      return;
    }
    ownWord = desired;
    versions[stripe] = LockWord.fullVersion(ownWord, versions[stripe]);
    // The guard was read before the lock was taken: the plane may have been pinned or quarantined
    // in between. It is read the way it was locked: where atomics are a NIC's, that read also makes
    // the swap visible to the compute thread, which pins by load and store.
    expect(1, State.OWN_CHECKING);
    own.readWord(lineOffset() + ControlLine.GUARD_OFFSET, tag(OP_GUARD));
  }

  private void ownChecked() {
    requireOwnFabric();
    if (!ControlLine.isGuarded(LockWord.target(ownWord), guard)) {
      begin();
      return;
    }
    counters.add(Counter.RETARGETS, 1);
    int plane = ControlLine.freePlane(ownWord, guard);
    if (plane < 0) {
      releaseOwn(Outcome.OWN_BUSY);
    } else {
      swap(own, ownWord, LockWord.retarget(ownWord, plane), State.OWN_RETARGETING);
    }
  }

  private void ownHeld() {
    requireOwnSwap();
    ownWord = desired;
    begin();
  }

  private void begin() {
    if (peer == null) {
      step(Outcome.STEPPED);
    } else if (peer.state() != PeerState.ALIVE) {
      releaseOwn(Outcome.NO_PARTNER);
    } else {
      expect(1, State.PEER_READING);
      peer.readWord(lineOffset() + ControlLine.LOCK_OFFSET, tag(OP_WORD));
    }
  }

  private void peerRead() {
    if (!succeeded || !LockWord.isFree(peerWord)) {
      releaseOwn(Outcome.NO_PARTNER);
      return;
    }
    // After the word, never before: a plane quarantined in between also moves the word, and the
    // swap fails.
    expect(1, State.PEER_CHOOSING);
    peer.readWord(lineOffset() + ControlLine.GUARD_OFFSET, tag(OP_GUARD));
  }

  private void peerGuardRead() {
    int target = succeeded ? ControlLine.freePlane(peerWord, guard) : -1;
    if (target < 0) {
      releaseOwn(Outcome.NO_PARTNER);
    } else {
      swap(
          peer,
          peerWord,
          LockWord.acquire(peerWord, replica.rank(), peer.epoch(), target),
          State.PEER_LOCKING);
    }
  }

  private void peerLocked() {
    if (!succeeded || found != expected) {
      // An uncertain lock is the home's to break; this side never used it.
      releaseOwn(Outcome.NO_PARTNER);
      return;
    }
    peerWord = desired;
    if (peer.state() != PeerState.ALIVE) {
      releasePeer(AfterRelease.RELEASE_OWN);
      return;
    }
    expect(2, State.PEER_CHECKING);
    peer.readWord(lineOffset() + ControlLine.GUARD_OFFSET, tag(OP_GUARD));
    peer.readWord(lineOffset() + ControlLine.CUT_OFFSET, tag(OP_CUT));
  }

  private void peerChecked() {
    if (!succeeded) {
      releaseOwn(Outcome.NO_PARTNER);
    } else if (peerCut != replica.cut(stripe)) {
      // One side is in a checkpoint set and the other not yet: an exchange between them would make
      // replay from the set depend on what came before it.
      counters.add(Counter.CUTS_APART, 1);
      releasePeer(AfterRelease.RELEASE_OWN);
    } else if (!ControlLine.isGuarded(LockWord.target(peerWord), guard)) {
      streamWithPeer();
    } else {
      counters.add(Counter.RETARGETS, 1);
      int plane = ControlLine.freePlane(peerWord, guard);
      if (plane < 0) {
        releasePeer(AfterRelease.RELEASE_OWN);
      } else {
        swap(peer, peerWord, LockWord.retarget(peerWord, plane), State.PEER_RETARGETING);
      }
    }
  }

  private void peerRetargeted() {
    if (!succeeded || found != expected) {
      releaseOwn(Outcome.NO_PARTNER);
      return;
    }
    peerWord = desired;
    streamWithPeer();
  }

  private void streamWithPeer() {
    state = State.STREAMING;
    stream.beginWith(
        region,
        layout.planeOffset(stripe, LockWord.current(ownWord)),
        layout.planeOffset(stripe, LockWord.target(ownWord)),
        peer,
        layout.planeOffset(stripe, LockWord.current(peerWord)),
        layout.planeOffset(stripe, LockWord.target(peerWord)),
        update,
        layout.stripeStart(stripe) * Float.BYTES,
        layout.stripeLengthBytes(stripe),
        generation << GENERATION_SHIFT);
  }

  private void step(Outcome outcomeAfter) {
    finalOutcome = outcomeAfter;
    state = State.STEPPING;
    long current = layout.planeOffset(stripe, LockWord.current(ownWord));
    long target = layout.planeOffset(stripe, LockWord.target(ownWord));
    long updateOffset = layout.stripeStart(stripe) * Float.BYTES;
    long lengthBytes = layout.stripeLengthBytes(stripe);
    if (solo == null) {
      stream.beginAlone(region, current, target, update, updateOffset, lengthBytes);
    } else {
      solo.begin(region, current, target, update, updateOffset, lengthBytes);
    }
  }

  private boolean isSolo() {
    return state == State.STEPPING && solo != null;
  }

  private void streamed() {
    if (state == State.STEPPING) {
      if (isSolo() ? solo.isDone() : stream.isDone()) {
        publishOwn();
      }
    } else if (stream.hasFailed()) {
      afterPeerLost();
    } else if (stream.isDone()) {
      if (peer.state() == PeerState.ALIVE) {
        journal.intent(
            stripe,
            versions[stripe] + 1,
            peer.rank(),
            peer.incarnation(),
            LockWord.version(LockWord.publish(peerWord)),
            update != null);
        swap(peer, peerWord, LockWord.publish(peerWord), State.PEER_PUBLISHING);
      } else {
        releasePeer(goesOnAlone() ? AfterRelease.STEP : AfterRelease.RELEASE_OWN);
      }
    }
  }

  /**
   * The partner failed before anything was published: its home breaks the lock, this side goes on
   * alone where it can.
   */
  private void afterPeerLost() {
    if (goesOnAlone()) {
      step(Outcome.STEPPED);
    } else {
      releaseOwn(Outcome.NO_PARTNER);
    }
  }

  /** Whether the update may be applied here alone: at its home it would be lost. */
  private boolean goesOnAlone() {
    return update != null && mode != Combine.SERVE;
  }

  private void peerPublished() {
    if (succeeded && found == expected) {
      counters.add(Counter.BYTES_EXCHANGED, 2 * layout.stripeLengthBytes(stripe));
      finalOutcome = Outcome.EXCHANGED;
      publishOwn();
      return;
    }
    journal.torn(stripe, peer.rank(), !succeeded);
    if (goesOnAlone()) {
      step(Outcome.TORN);
    } else if (mode == Combine.SERVE) {
      requireCertain();
      releaseOwn(Outcome.NO_PARTNER);
    } else {
      releaseOwn(Outcome.TORN);
    }
  }

  /** An update that its home may have or not can be neither given again nor forgotten. */
  private void requireCertain() {
    if (!succeeded) {
      throw new StarlingException(
          ("rank %d cannot go on: the connection to rank %d, the home of stripe %d, failed"
                  + " while an update was published there, and nobody knows whether it was; start"
                  + " the job again")
              .formatted(replica.rank(), peer.rank(), stripe));
    }
  }

  private void releasePeer(AfterRelease then) {
    afterRelease = then;
    swap(peer, peerWord, LockWord.releaseUnchanged(peerWord), State.PEER_RELEASING);
  }

  private void peerReleased() {
    if (afterRelease == AfterRelease.STEP) {
      step(Outcome.STEPPED);
    } else {
      releaseOwn(Outcome.NO_PARTNER);
    }
  }

  private void publishOwn() {
    if (finalOutcome != Outcome.EXCHANGED) {
      journal.step(stripe, versions[stripe] + 1);
    }
    swap(own, ownWord, LockWord.publish(ownWord), State.OWN_PUBLISHING);
  }

  private void ownPublished() {
    requireOwnSwap();
    versions[stripe]++;
    replica.version(stripe, versions[stripe]);
    if (finalOutcome == Outcome.EXCHANGED) {
      journal.commit(stripe, versions[stripe]);
    }
    finish(finalOutcome);
  }

  private void releaseOwn(Outcome outcomeAfter) {
    finalOutcome = outcomeAfter;
    swap(own, ownWord, LockWord.releaseUnchanged(ownWord), State.OWN_RELEASING);
  }

  private void ownReleased() {
    requireOwnSwap();
    finish(finalOutcome);
  }

  private void finish(Outcome result) {
    outcome = result;
    state = State.IDLE;
    if (peer != null) {
      peer.settle();
      peer = null;
    }
  }

  private void swap(Remote remote, long from, long to, State next) {
    expect(1, next);
    expected = from;
    desired = to;
    remote.compareAndSwap(lineOffset() + ControlLine.LOCK_OFFSET, from, to, tag(OP_CONTROL));
  }

  private void expect(int completions, State next) {
    awaited = completions;
    succeeded = true;
    state = next;
  }

  private long lineOffset() {
    return layout.lineOffset(stripe);
  }

  private long tag(int op) {
    return generation << GENERATION_SHIFT | (long) op << OP_SHIFT;
  }

  private void requireOwnFabric() {
    if (!succeeded) {
      throw new StarlingException(
          "rank "
              + replica.rank()
              + " lost the connection to its own replica in state "
              + state
              + ": the worker stops, restart it");
    }
  }

  private void requireOwnSwap() {
    requireOwnFabric();
    if (found != expected) {
      throw new StarlingException(
          "rank "
              + replica.rank()
              + " holds stripe "
              + stripe
              + " but its lock word is "
              + LockWord.describe(found)
              + " instead of "
              + LockWord.describe(expected)
              + ": something other than this engine wrote the region, restart the worker");
    }
  }
}

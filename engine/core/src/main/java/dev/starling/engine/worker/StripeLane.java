package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.exchange.Outcome;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.exchange.Update;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.metrics.PairingTable;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Publishes the update on one stripe after the other, each with a partner of its own choice, or at
 * its home where each stripe has one. A worker has several lanes; each uses a neighbour that no
 * other lane uses at that moment.
 *
 * <pre>
 *   FREE --begin(stripe)--> PAIRING --partner or alone--> EXCHANGING --busy--> PAIRING (after a back-off)
 *                                                                   --published--> FREE
 * </pre>
 *
 * <p>Belongs to the communication agent; no call waits or allocates.
 */
final class StripeLane {
  private enum Phase {
    FREE,
    PAIRING,
    EXCHANGING
  }

  private static final int ALONE = -1;

  private final Replica replica;
  private final ExchangeMachine machine;
  private final Neighbourhood neighbours;
  private final PartnerPolicy policy;
  private final PartnerPolicy.Hint hint;
  private final boolean[] tried;
  private final Counters counters;
  private final PairingTable pairings;
  private final RandomGenerator random;
  private final JobContext context;
  private final boolean initiates;
  private final boolean served;

  private Phase phase = Phase.FREE;
  private Update update;
  private int stripe;
  private int partner = ALONE;
  private boolean keepPartner;
  private int attempts;
  private long backoffNs;
  private long retryAtNs;
  private long begunAtNs;

  StripeLane(Worker.Parts parts, ExchangeMachine machine, JobContext context, boolean initiates) {
    this.replica = parts.replica;
    this.machine = machine;
    this.neighbours = parts.neighbours;
    this.policy = parts.policy;
    this.counters = parts.counters;
    this.pairings = parts.pairings;
    this.random = parts.random;
    this.context = context;
    this.initiates = initiates;
    served = context.algorithm() == Algorithm.A_PSGD;
    hint = this::look;
    tried = new boolean[neighbours.size()];
  }

  boolean isFree() {
    return phase == Phase.FREE;
  }

  /** Begins to publish an update on a stripe; the lane must be free. */
  void begin(int stripeIndex, Update pending) {
    stripe = stripeIndex;
    begunAtNs = context.clock().nanoTime();
    update = pending;
    Arrays.fill(tried, false);
    keepPartner = false;
    attempts = 0;
    backoffNs = context.minBackoffNs();
    retryAtNs = 0;
    phase = Phase.PAIRING;
  }

  /** {@return the stripe that was published last or is under way} */
  int stripe() {
    return stripe;
  }

  /** {@return the version that the last publish made of {@link #stripe()}} */
  long version() {
    return machine.version(stripe);
  }

  /** {@return the plane that the last publish made current} */
  int plane() {
    return machine.publishedPlane();
  }

  /** {@return whether the last publish was at the stripe's home, another worker} */
  boolean wasServed() {
    return served && partner != ALONE && machine.outcome() == Outcome.EXCHANGED;
  }

  /** {@return the version that the home's stripe then had, 28 bits} */
  long homeVersion() {
    return machine.partnerVersion();
  }

  int poll(long nowNs) {
    return switch (phase) {
      case FREE -> 0;
      case PAIRING -> pair(nowNs);
      case EXCHANGING -> exchange(nowNs);
    };
  }

  private int pair(long nowNs) {
    if (nowNs < retryAtNs) {
      return 0;
    }
    if (served) {
      return goHome(nowNs);
    }
    if (!keepPartner || !neighbours.isAvailable(partner)) {
      partner =
          initiates && attempts < context.partnerAttempts() ? policy.next(tried, hint) : ALONE;
    }
    keepPartner = false;
    machine.start(stripe, partner == ALONE ? null : neighbours.use(partner), update);
    phase = Phase.EXCHANGING;
    return 1 + exchange(nowNs);
  }

  /** Shard s has its home at rank s modulo the number of workers, and nowhere else. */
  private int goHome(long nowNs) {
    int home = stripe % replica.layout().workers();
    partner = home == replica.rank() ? ALONE : neighbours.indexOf(home);
    if (partner != ALONE && !neighbours.isAvailable(partner)) {
      requireHome(home, nowNs);
      return 0;
    }
    machine.start(stripe, partner == ALONE ? null : neighbours.use(partner), update);
    phase = Phase.EXCHANGING;
    return 1 + exchange(nowNs);
  }

  private void requireHome(int home, long nowNs) {
    boolean lost = neighbours.isLost(partner);
    if (lost || nowNs - begunAtNs > context.peerTimeoutNs()) {
      throw new StarlingException(
          ("rank %d cannot go on: rank %d, the home of shard %d, %s; an update has nowhere"
                  + " else to go, so start the job again")
              .formatted(
                  replica.rank(),
                  home,
                  stripe,
                  lost
                      ? "is gone"
                      : "was not to be had for " + context.peerTimeoutNs() / 1_000_000 + " ms"));
    }
  }

  private PartnerPolicy.Look look(int index) {
    if (!neighbours.isAvailable(index)) {
      return PartnerPolicy.Look.GONE;
    }
    Remote remote = neighbours.remote(index);
    if (remote.state() != PeerState.ALIVE) {
      return PartnerPolicy.Look.GONE;
    }
    MemorySegment direct = remote.direct();
    return direct == null || LockWord.isFree(replica.lockWordOf(direct, stripe))
        ? PartnerPolicy.Look.FREE
        : PartnerPolicy.Look.BUSY;
  }

  private int exchange(long nowNs) {
    int work = machine.poll();
    if (!machine.isIdle()) {
      return work;
    }
    if (partner != ALONE) {
      neighbours.release(partner);
    }
    switch (machine.outcome()) {
      case NO_PARTNER -> {
        counters.add(Counter.PARTNER_BUSY, 1);
        pairings.busy(neighbours.rank(partner));
        attempts++;
        if (served) {
          requireHome(neighbours.rank(partner), nowNs);
        }
        retryLater(nowNs);
      }
      case OWN_BUSY -> {
        counters.add(Counter.OWN_BUSY, 1);
        keepPartner = partner != ALONE;
        retryLater(nowNs);
      }
      case EXCHANGED -> published(Counter.EXCHANGES, nowNs);
      case STEPPED -> published(Counter.STEPS, nowNs);
      case TORN -> published(Counter.EXCHANGES_TORN, nowNs);
    }
    return work + 1;
  }

  private void retryLater(long nowNs) {
    retryAtNs = nowNs + backoffNs / 2 + random.nextLong(backoffNs / 2 + 1);
    backoffNs = Math.min(2 * backoffNs, context.maxBackoffNs());
    phase = Phase.PAIRING;
  }

  private void published(Counter how, long nowNs) {
    counters.add(how, 1);
    if (machine.outcome() == Outcome.EXCHANGED) {
      policy.met(partner);
      pairings.published(neighbours.rank(partner), nowNs);
    } else if (machine.outcome() == Outcome.TORN) {
      pairings.torn(neighbours.rank(partner));
    }
    phase = Phase.FREE;
  }
}

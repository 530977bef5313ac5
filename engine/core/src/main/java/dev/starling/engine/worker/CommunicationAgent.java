package dev.starling.engine.worker;

import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.exchange.LockGuard;
import dev.starling.engine.exchange.Outcome;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.exchange.Update;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;

/**
 * The communication thread of one worker as a duty cycle: takes the pending gradient, advances the
 * optimizer once, and publishes the update on every stripe, averaged with a neighbour where one is
 * free.
 *
 * <pre>
 *   RESTING --take--> ADVANCING --done--> PAIRING --partner or alone--> EXCHANGING --outcome--> PAIRING | RESTING
 * </pre>
 *
 * <p>Every call of {@link #doWork} returns after a bounded amount of work and allocates nothing.
 */
public final class CommunicationAgent implements Agent {
  private enum Phase {
    RESTING,
    ADVANCING,
    PAIRING,
    EXCHANGING
  }

  private static final int ALONE = -1;

  private final Replica replica;
  private final Remote[] neighbours;
  private final boolean initiates;
  private final PartnerPolicy policy;
  private final PartnerPolicy.FreeHint freeHint;
  private final ExchangeMachine machine;
  private final LockGuard guard;
  private final GradientMailbox mailbox;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private final ProgressClock progress;
  private final Kernels kernels;
  private final Journal journal;
  private final Counters counters;
  private final NanoClock clock;
  private final RandomGenerator random;
  private final JobContext context;
  private final Update update = new Update();
  private final long parameterCount;

  private Phase phase = Phase.RESTING;
  private long optimizerStep;
  private float learningRate;
  private long advanced;
  private long ticket = Optimizer.DONE;
  private int stripe;
  private int partner = ALONE;
  private int settling;
  private int attempts;
  private long backoffNs;
  private long retryAtNs;
  private volatile boolean resting = true;

  CommunicationAgent(
      Worker.Parts parts, JobContext context, ProgressClock progress, boolean initiates) {
    this.replica = parts.replica;
    this.neighbours = parts.neighbours;
    this.machine = parts.machine;
    this.guard = parts.guard;
    this.mailbox = parts.mailbox;
    this.optimizer = parts.optimizer;
    this.counters = parts.counters;
    this.journal = parts.journal;
    this.random = parts.random;
    this.kernels = context.kernels();
    this.schedule = context.schedule();
    this.clock = context.clock();
    this.context = context;
    this.progress = progress;
    this.initiates = initiates;
    policy = new PartnerPolicy(context.partner(), neighbours.length, random);
    freeHint = this::looksFree;
    parameterCount = replica.layout().parameterCount();
  }

  @Override
  public String roleName() {
    return "starling-agent-" + replica.rank();
  }

  @Override
  public void onStart() {
    AgentThread.requestShortSlice();
  }

  @Override
  public int doWork() {
    long nowNs = clock.nanoTime();
    replica.heartbeat(nowNs);
    int work = guard.poll(nowNs);
    if (machine.isIdle()) {
      settleNext();
    }
    switch (phase) {
      case RESTING -> work += take();
      case ADVANCING -> work += advance();
      case PAIRING -> work += pair(nowNs);
      case EXCHANGING -> work += exchange(nowNs);
    }
    return work;
  }

  /**
   * Tells, from any thread, whether no gradient is taken and none waits.
   *
   * @return whether everything submitted before has been published
   */
  boolean isQuiescent() {
    // The mailbox first: `resting` is cleared before a gradient leaves it.
    return mailbox.isEmpty() && resting;
  }

  private int take() {
    if (mailbox.isEmpty()) {
      return 0;
    }
    resting = false;
    if (!mailbox.take()) {
      resting = true;
      return 0;
    }
    optimizerStep++;
    optimizer.begin(optimizerStep);
    learningRate = schedule.learningRate(progress.meanSteps());
    journal.gradient(
        optimizerStep, mailbox.count(), mailbox.readVersion(0), learningRate, mailbox.applying());
    advanced = 0;
    phase = Phase.ADVANCING;
    return 1;
  }

  /**
   * Tells one neighbour after the other that this agent writes none of its planes. An agent with
   * gradients to apply must do so too: a home with two planes in quarantine breaks no further lock,
   * and nobody tries a neighbour whose stripe stays locked.
   */
  private void settleNext() {
    if (neighbours.length > 0) {
      settling = (settling + 1) % neighbours.length;
      neighbours[settling].settle();
    }
  }

  private int advance() {
    if (ticket != Optimizer.DONE) {
      if (!kernels.isComplete(ticket)) {
        return 0;
      }
      ticket = Optimizer.DONE;
    }
    MemorySegment gradient = mailbox.applying();
    if (advanced < parameterCount) {
      long count = Math.min(context.chunkBytes() / Float.BYTES, parameterCount - advanced);
      ticket = optimizer.advance(kernels, gradient, advanced * Float.BYTES, count);
      advanced += count;
      return 1;
    }
    update.set(optimizer.update(gradient), learningRate, optimizer.keep(learningRate));
    counters.add(Counter.UPDATES, 1);
    stripe = 0;
    beginStripe();
    return 1;
  }

  private void beginStripe() {
    policy.begin();
    attempts = 0;
    backoffNs = context.minBackoffNs();
    retryAtNs = 0;
    phase = Phase.PAIRING;
  }

  private int pair(long nowNs) {
    if (nowNs < retryAtNs) {
      return 0;
    }
    partner = initiates && attempts < context.partnerAttempts() ? policy.next(freeHint) : ALONE;
    machine.start(stripe, partner == ALONE ? null : neighbours[partner], update);
    phase = Phase.EXCHANGING;
    return 1 + exchange(nowNs);
  }

  private boolean looksFree(int index) {
    Remote remote = neighbours[index];
    if (remote.state() != PeerState.ALIVE) {
      return false;
    }
    MemorySegment direct = remote.direct();
    return direct == null || LockWord.isFree(replica.lockWordOf(direct, stripe));
  }

  private int exchange(long nowNs) {
    int work = machine.poll();
    if (!machine.isIdle()) {
      return work;
    }
    switch (machine.outcome()) {
      case NO_PARTNER -> {
        counters.add(Counter.PARTNER_BUSY, 1);
        attempts++;
        retryLater(nowNs);
      }
      case OWN_BUSY -> {
        counters.add(Counter.OWN_BUSY, 1);
        if (partner != ALONE) {
          policy.retry(partner);
        }
        retryLater(nowNs);
      }
      case EXCHANGED -> published(Counter.EXCHANGES);
      case STEPPED -> published(Counter.STEPS);
      case TORN -> published(Counter.EXCHANGES_TORN);
    }
    return work + 1;
  }

  private void retryLater(long nowNs) {
    retryAtNs = nowNs + backoffNs / 2 + random.nextLong(backoffNs / 2 + 1);
    backoffNs = Math.min(2 * backoffNs, context.maxBackoffNs());
    phase = Phase.PAIRING;
  }

  private void published(Counter how) {
    counters.add(how, 1);
    if (machine.outcome() == Outcome.EXCHANGED) {
      policy.met(partner);
    }
    if (stripe == 0) {
      recordStaleness(machine.version(0) - 1);
    }
    stripe++;
    if (stripe < replica.layout().stripes()) {
      beginStripe();
    } else {
      counters.add(Counter.GRADIENTS_APPLIED, mailbox.count());
      phase = Phase.RESTING;
      resting = true;
    }
  }

  private void recordStaleness(long versionBefore) {
    int count = mailbox.count();
    for (int addend = 0; addend < count; addend++) {
      counters.recordStaleness(Math.max(0, versionBefore - mailbox.readVersion(addend)));
    }
  }
}

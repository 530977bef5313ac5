package dev.starling.engine.worker;

import dev.starling.engine.exchange.LockGuard;
import dev.starling.engine.exchange.Update;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;

/**
 * The communication thread of one worker as a duty cycle: takes the pending gradient, advances the
 * optimizer once, and publishes the update on every stripe, averaged with a neighbour where one is
 * free. Several stripes are under way at once, each in a {@link StripeLane}.
 *
 * <pre>
 *   RESTING --take--> ADVANCING --done--> PUBLISHING --last stripe published--> RESTING
 *           '--too stale: dropped--> RESTING
 *   RESTING --checkpoint wanted--> COPYING --copied--> RESTING
 *   synchronous algorithms:  RESTING --take--> GATHERING --all are there--> ADVANCING
 *                                              '--a worker has ended: dropped--> RESTING
 * </pre>
 *
 * <p>Every call of {@link #doWork} returns after a bounded amount of work and allocates nothing,
 * except when a neighbour comes or goes.
 */
public final class CommunicationAgent implements Agent {
  private enum Phase {
    RESTING,
    GATHERING,
    ADVANCING,
    PUBLISHING,
    COPYING
  }

  private static final long TOO_LATE = -1;
  private static final long CLOSE_TIMEOUT_NS = 1_000_000_000;

  private final Replica replica;
  private final Neighbourhood neighbours;
  private final StripeLane[] lanes;
  private final LockGuard guard;
  private final GradientMailbox mailbox;
  private final Optimizer optimizer;
  private final GradientRounding rounding;
  private final CheckpointTaker checkpoints;
  private final Schedule schedule;
  private final ProgressClock progress;
  private final Kernels kernels;
  private final Journal journal;
  private final Counters counters;
  private final NanoClock clock;
  private final JobContext context;
  private final Update update = new Update();
  private final HomeVersions homes = new HomeVersions();
  private final long parameterCount;
  private final int stripes;
  private final Rounds rounds;
  private final RoundGate gate;
  private final MemorySegment gradientCopy;
  private final float share;
  private final int firstStripe;

  private Phase phase = Phase.RESTING;
  private long optimizerStep;
  private float learningRate;
  private float gradientScale;
  private long advanced;
  private long ticket = Optimizer.DONE;
  private long versionSeen;
  private long rejectedSeen;
  private int begun;
  private int published;
  private volatile boolean breaking;
  private volatile boolean resting = true;

  CommunicationAgent(
      Worker.Parts parts, JobContext context, ProgressClock progress, StripeLane[] lanes) {
    this.replica = parts.replica;
    this.neighbours = parts.neighbours;
    this.guard = parts.guard;
    this.mailbox = parts.mailbox;
    this.optimizer = parts.optimizer;
    this.rounding = parts.rounding;
    this.checkpoints = parts.checkpoints;
    this.optimizerStep = parts.optimizerStep;
    this.counters = parts.counters;
    this.journal = parts.journal;
    this.kernels = parts.kernels;
    this.schedule = context.schedule();
    this.clock = context.clock();
    this.context = context;
    this.progress = progress;
    this.lanes = lanes;
    rounds = parts.rounds;
    gate = parts.gate;
    gradientCopy = parts.gradientCopy;
    boolean served = context.algorithm() == Algorithm.A_PSGD;
    // There is one model where other algorithms have one for each worker: a gradient moves it less.
    share = served ? 1f / context.workers() : 1f;
    // Each rank begins with a shard of its own, so that not all ask the same home at once.
    firstStripe = served ? replica.rank() % replica.layout().stripes() : 0;
    parameterCount = replica.layout().parameterCount();
    stripes = replica.layout().stripes();
  }

  @Override
  public String roleName() {
    return "starling-agent-" + replica.rank();
  }

  @Override
  public void onStart() {
    AgentThread.requestShortSlice();
    context.agentCpus().apply(replica.rank()).applyToCallingThread();
  }

  @Override
  public int doWork() {
    long nowNs = clock.nanoTime();
    replica.heartbeat(nowNs);
    int work = guard.poll(nowNs) + neighbours.poll(nowNs, phase == Phase.RESTING);
    if (guard.isBreaking() != breaking) {
      breaking = guard.isBreaking();
    }
    switch (phase) {
      case RESTING -> work += checkpoints.isRequested() ? beginCopy() : take();
      case GATHERING -> work += gather();
      case ADVANCING -> work += advance();
      case PUBLISHING -> work += publish(nowNs);
      case COPYING -> work += copy();
    }
    return work;
  }

  private int beginCopy() {
    if (guard.isBreaking()) {
      return 0;
    }
    checkpoints.begin(optimizerStep);
    phase = Phase.COPYING;
    return 1;
  }

  private int copy() {
    if (checkpoints.poll()) {
      counters.add(Counter.CHECKPOINTS, 1);
      phase = Phase.RESTING;
    }
    return 1;
  }

  /** Tells the journal what the compute thread has refused since the last time. */
  private void tellRejected() {
    long refused = counters.get(Counter.GRADIENTS_REFUSED);
    long rejected = refused + counters.get(Counter.GRADIENTS_LATE_AT_SUBMIT);
    if (rejected != rejectedSeen) {
      journal.rejected(
          rejected - rejectedSeen,
          counters.get(Counter.LAST_REFUSED_SUBMISSION),
          refused == 0 ? TOO_LATE : counters.get(Counter.LAST_REFUSED_INDEX));
      rejectedSeen = rejected;
    }
  }

  /** Lets a lock that is being broken be broken: the journal has to tell what became of it. */
  @Override
  public void onClose() {
    long deadlineNs = System.nanoTime() + CLOSE_TIMEOUT_NS;
    while (guard.isBreaking() && System.nanoTime() - deadlineNs < 0) {
      guard.poll(clock.nanoTime());
    }
  }

  /**
   * Tells, from any thread, whether no gradient is taken and none waits.
   *
   * @return whether everything submitted before has been published, and the end of the rounds has
   *     been told where this worker leaves them
   */
  boolean isQuiescent() {
    // The mailbox first: `resting` is cleared before a gradient leaves it.
    return mailbox.isEmpty()
        && resting
        && !breaking
        && (gate == null || !gate.isLeaving() || gate.isOver());
  }

  private int take() {
    tellRejected();
    // Asked for first: what was handed in before is taken before the rounds end.
    boolean leaving = gate != null && gate.isLeaving();
    if (mailbox.isEmpty() || guard.isBreaking()) {
      if (leaving && mailbox.isEmpty() && !gate.isOver()) {
        endRounds();
      }
      return 0;
    }
    resting = false;
    if (!mailbox.take()) {
      resting = true;
      return 0;
    }
    if (rounds == null) {
      return beginUpdate();
    }
    rounds.begin(mailbox.applying());
    phase = Phase.GATHERING;
    return 1;
  }

  /** Goes on with the round until every worker that is needed is there. */
  private int gather() {
    int work = rounds.poll();
    if (rounds.isReady()) {
      return work + beginUpdate();
    }
    if (rounds.isOver()) {
      counters.add(Counter.GRADIENTS_LATE, mailbox.count());
      endRounds();
      phase = Phase.RESTING;
      resting = true;
      return 1;
    }
    return work;
  }

  private void endRounds() {
    rounds.end();
    gate.over();
  }

  private int beginUpdate() {
    double late = rounds == null ? lateFactor() : 1;
    if (late == 0) {
      counters.add(Counter.GRADIENTS_LATE, mailbox.count());
      journal.rejected(mailbox.count(), 0, TOO_LATE);
      phase = Phase.RESTING;
      resting = true;
      return 1;
    }
    optimizerStep++;
    optimizer.begin(optimizerStep);
    gradientScale = (float) (late * mergeFactor());
    // Workers that take the same steps take them at the same rate, whenever each looks at the
    // clock.
    double steps = rounds == null ? progress.meanSteps() : optimizerStep - 1;
    learningRate = share * schedule.learningRate(steps);
    journal.gradient(
        optimizerStep,
        mailbox.count(),
        mailbox.readVersion(0),
        learningRate,
        gradientScale,
        rounding.payload(),
        rounding.payload().bytesPerValue() * parameterCount);
    advanced = 0;
    phase = Phase.ADVANCING;
    return 1;
  }

  /** The factor that the number of gradients in the sum leaves them. */
  private double mergeFactor() {
    int count = mailbox.count();
    float factor = optimizer.gradientScale(Math.max(1, count));
    if (factor == 1f && context.mergeLimit() > 0 && count > context.mergeLimit()) {
      counters.add(Counter.GRADIENTS_SCALED, count);
      return (double) context.mergeLimit() / count;
    }
    return factor;
  }

  /** The factor that staleness leaves the gradients, 1 in time, 0 to drop them. */
  private double lateFactor() {
    long bound = context.maxStaleness();
    if (bound == 0) {
      return 1;
    }
    versionSeen = LockWord.fullVersion(replica.lockWord(0), versionSeen);
    long oldest = Long.MAX_VALUE;
    for (int addend = 0; addend < mailbox.count(); addend++) {
      oldest = Math.min(oldest, mailbox.readVersion(addend));
    }
    long staleness = versionSeen - oldest;
    if (staleness <= bound) {
      return 1;
    }
    if (context.lateGradients() == LateGradients.DROP) {
      return 0;
    }
    counters.add(Counter.GRADIENTS_SCALED, mailbox.count());
    return (double) bound / staleness;
  }

  private int advance() {
    if (ticket != Optimizer.DONE) {
      if (!kernels.isComplete(ticket)) {
        return 0;
      }
      ticket = Optimizer.DONE;
    }
    MemorySegment gradient = gradientCopy == null ? mailbox.applying() : gradientCopy;
    if (advanced < parameterCount) {
      long count = Math.min(context.chunkBytes() / Float.BYTES, parameterCount - advanced);
      copyOfShared(advanced * Float.BYTES, count * Float.BYTES);
      // Rounded, logged and used while it is in the cache.
      rounding.round(gradient, advanced, count, journal);
      ticket = advance(gradient, advanced * Float.BYTES, count);
      advanced += count;
      return 1;
    }
    update.set(optimizer.update(gradient), learningRate, optimizer.keep(learningRate));
    counters.add(Counter.UPDATES, 1);
    begun = 0;
    published = 0;
    phase = Phase.PUBLISHING;
    return 1;
  }

  /** Others may still read the mean here: what changes it changes a copy, while it is cached. */
  private void copyOfShared(long offsetBytes, long lengthBytes) {
    if (gradientCopy != null) {
      MemorySegment.copy(mailbox.applying(), offsetBytes, gradientCopy, offsetBytes, lengthBytes);
    }
  }

  private long advance(MemorySegment gradient, long offsetBytes, long count) {
    long scaled =
        gradientScale == 1f
            ? Optimizer.DONE
            : kernels.scale(gradient, offsetBytes, gradientScale, count);
    long done = optimizer.advance(kernels, gradient, offsetBytes, count);
    return done == Optimizer.DONE ? scaled : done;
  }

  private int publish(long nowNs) {
    int work = 0;
    int underWay = begun - published;
    for (StripeLane lane : lanes) {
      if (lane.isFree()) {
        // A lane more than there are partners would have nobody to average with.
        if (begun == stripes || underWay > 0 && underWay >= neighbours.connected()) {
          continue;
        }
        lane.begin((firstStripe + begun++) % stripes, update);
        underWay++;
      }
      work += lane.poll(nowNs);
      if (lane.isFree()) {
        underWay--;
        stripePublished(lane);
      }
    }
    return work;
  }

  private void stripePublished(StripeLane lane) {
    if (lane.stripe() == 0) {
      recordStaleness(lane);
    }
    published++;
    if (published == stripes) {
      counters.add(Counter.GRADIENTS_APPLIED, mailbox.count());
      phase = Phase.RESTING;
      if (rounds != null) {
        rounds.published(lane.plane());
        gate.finishedRound();
      }
      resting = true;
    }
  }

  private void recordStaleness(StripeLane lane) {
    boolean served = lane.wasServed();
    if (served) {
      homes.taken(lane.version(), lane.homeVersion());
    }
    int count = mailbox.count();
    for (int addend = 0; addend < count; addend++) {
      long read = mailbox.readVersion(addend);
      long staleness = served ? homes.staleness(read) : lane.version() - 1 - read;
      counters.recordStaleness(Math.max(0, staleness));
    }
  }
}

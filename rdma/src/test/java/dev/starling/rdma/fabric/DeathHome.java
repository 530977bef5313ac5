package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.log.Journal;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Rank 0 in this process, with a thread that computes, and all that is known about its stripe: what
 * it published when, whom it cut off when, and what the target plane was like then.
 */
final class DeathHome implements WatchedFabric.Watch, Journal, AutoCloseable {
  private static final long POLL_NS = DeathRank.SLOWNESS * 2_000_000L;

  /**
   * A lock that was broken.
   *
   * @param atNs when, by the monotonic clock
   * @param peer whose
   * @param version the version that this made
   * @param tornAtByte where the values of the plane that the peer was writing ceased to be the same
   *     when it was cut off, -1 when they were all the same
   */
  record Break(long atNs, int peer, long version, long tornAtByte) {}

  private final DeathRank.Settings settings;
  private final DeathRank rank;
  private final Thread computing;
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final List<Break> breaks = new CopyOnWriteArrayList<>();
  private final List<Long> versionsAfterBreak = new CopyOnWriteArrayList<>();
  private final long startNs = System.nanoTime();
  private volatile Replica replica;
  private volatile Throwable failure;
  private volatile boolean ended;
  private volatile boolean resting = true;
  private volatile boolean rested;
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong published = new AtomicLong();
  private volatile long longestPauseNs;
  private volatile long longestStepNs;
  private long publishedNs;
  private long tornAtByte;

  /** Joins the job; computes nothing before {@link #resume}. */
  DeathHome(DeathRank.Settings settings) {
    this.settings = settings;
    rank = new DeathRank(settings, this, this, this::tell);
    computing = new Thread(this::compute, "compute-0");
    computing.setDaemon(true);
    computing.start();
  }

  private void compute() {
    try {
      while (!ended) {
        rested = resting;
        if (resting) {
          LockSupport.parkNanos(POLL_NS);
          continue;
        }
        long beginNs = System.nanoTime();
        rank.step();
        longestStepNs = Math.max(longestStepNs, System.nanoTime() - beginNs);
        steps.incrementAndGet();
      }
    } catch (Throwable failed) {
      failure = failed;
    }
  }

  DeathRank rank() {
    return rank;
  }

  /** Keeps a sentence, with its time. */
  void tell(String sentence) {
    String line = "%8.3f s  %s".formatted((System.nanoTime() - startNs) / 1e9, sentence);
    events.add(line);
    System.out.println(line);
  }

  boolean hasTold(String part) {
    return events.stream().anyMatch(line -> line.contains(part));
  }

  /** Waits for a condition, for a bounded time, as long as this rank is well. */
  void await(String what, BooleanSupplier condition) {
    long deadlineNs = System.nanoTime() + settings.patienceNs();
    while (!condition.getAsBoolean()) {
      requireWell();
      assertTrue(System.nanoTime() - deadlineNs < 0, () -> what + " did not come: " + events);
      LockSupport.parkNanos(POLL_NS);
    }
  }

  void requireWell() {
    if (failure != null) {
      throw new AssertionError("the compute thread of rank 0 failed", failure);
    }
  }

  /** Waits until a lock of the other rank has been broken for the nth time. */
  Break awaitBreak(int nth) {
    await("break " + nth, () -> breaks.size() >= nth);
    return breaks.get(nth - 1);
  }

  int breaks() {
    return breaks.size();
  }

  /** The first version that this rank published after a break. */
  long versionAfterBreak(int nth) {
    await("a version after the break", () -> versionsAfterBreak.size() >= nth);
    return versionsAfterBreak.get(nth - 1);
  }

  /** Ends the computing for now, once all that was computed is published. */
  void rest() {
    resting = true;
    await("rest", () -> rested && rank.worker().isQuiescent());
  }

  /** Computes again. */
  void resume() {
    publishedNs = 0;
    resting = false;
  }

  long steps() {
    return steps.get();
  }

  long published() {
    return published.get();
  }

  /** The longest time without a new version of this rank's own, since {@link #beginMeasuring}. */
  double longestPauseMs() {
    return longestPauseNs / 1e6;
  }

  /** The longest time that one step took the compute thread, since {@link #beginMeasuring}. */
  double longestStepMs() {
    return longestStepNs / 1e6;
  }

  void beginMeasuring() {
    longestPauseNs = 0;
    longestStepNs = 0;
  }

  long lockWord() {
    return replica.lockWord(0);
  }

  private MemorySegment plane(int plane) {
    return replica
        .segment()
        .asSlice(replica.layout().planeOffset(0, plane), replica.layout().stripeLengthBytes(0));
  }

  /** {@return copies of planes 0 to 2} */
  List<MemorySegment> planes() {
    List<MemorySegment> copies = new ArrayList<>();
    for (int plane = 0; plane < 3; plane++) {
      MemorySegment now = plane(plane);
      copies.add(Arena.ofAuto().allocate(now.byteSize(), Long.BYTES).copyFrom(now));
    }
    return copies;
  }

  @Override
  public void exposed(Replica home) {
    replica = home;
  }

  @Override
  public void cutOff(int peer, boolean nothingArrives) {
    if (!nothingArrives) {
      failure = new AssertionError("rank " + peer + " was not cut off");
    }
    tornAtByte = DeathRank.firstOther(plane(LockWord.target(replica.lockWord(0))));
  }

  @Override
  public void broken(int peer, long version) {
    breaks.add(new Break(System.nanoTime(), peer, version, tornAtByte));
    tell("rank 0 broke the lock of rank %d, version %d".formatted(peer, version));
  }

  @Override
  public void step(int stripe, long version) {
    publishes(version);
  }

  @Override
  public void intent(
      int stripe,
      long version,
      int peer,
      int peerIncarnation,
      long peerVersion,
      boolean withUpdate) {
    publishes(version);
  }

  private void publishes(long version) {
    long nowNs = System.nanoTime();
    if (publishedNs != 0) {
      longestPauseNs = Math.max(longestPauseNs, nowNs - publishedNs);
    }
    publishedNs = nowNs;
    published.incrementAndGet();
    if (versionsAfterBreak.size() < breaks.size()) {
      versionsAfterBreak.add(version);
    }
  }

  @Override
  public void close() {
    ended = true;
    try {
      TimeUnit.NANOSECONDS.timedJoin(computing, settings.patienceNs());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    if (computing.isAlive()) {
      throw new AssertionError("the compute thread of rank 0 does not end");
    }
    rank.close();
    requireWell();
  }
}

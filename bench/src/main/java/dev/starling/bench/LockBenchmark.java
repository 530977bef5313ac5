package dev.starling.bench;

import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.SharedFile;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Taking and publishing a stripe that nobody contends for, as a peer on the same host does it: read
 * the guard and the lock word, choose a plane, swap the lock word, read the guard again, swap the
 * lock word. The rival swaps an {@link AtomicLong} twice. The two take turns in batches.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx256m",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class LockBenchmark {
  private static final int BATCH = 1_000;
  private static final long JOB = System.nanoTime();

  private final AtomicLong rival = new AtomicLong();
  private ShmFabric fabric;
  private ReplicaLayout layout;
  private Replica home;
  private SharedFile file;
  private MemorySegment region;
  private long published;

  /** Set up by JMH. */
  public LockBenchmark() {}

  /** Creates a replica and attaches to it as a peer does. */
  @Setup(Level.Trial)
  public void open() {
    fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    layout = ReplicaLayout.of(2, 1024, 1L << 20);
    home = Replica.createShared(fabric.regionPath(JOB, 0, 0), layout, JOB, 0, 0);
    file = SharedFile.open(fabric.regionPath(JOB, 0, 0));
    region = file.segment();
  }

  /** Checks that every publish took place, and removes the region. */
  @TearDown(Level.Trial)
  public void close() {
    long version = LockWord.version(home.lockWord(0));
    file.close();
    home.close();
    fabric.close();
    if (version != (published & LockWord.VERSION_MASK)) {
      throw new IllegalStateException(published + " publishes made version " + version);
    }
  }

  /**
   * Runs a batch on each side.
   *
   * @param pair takes the times; the rival is two compare-and-swaps of an AtomicLong
   */
  @Benchmark
  public void lockPublishAndAtomicLong(Pair pair) {
    long lockNs;
    long atomicNs;
    if (pair.javaFirst()) {
      lockNs = timeLock();
      atomicNs = timeAtomicLong();
    } else {
      atomicNs = timeAtomicLong();
      lockNs = timeLock();
    }
    pair.record((double) lockNs / BATCH, (double) atomicNs / BATCH);
  }

  private long timeLock() {
    long startNs = System.nanoTime();
    for (int i = 0; i < BATCH; i++) {
      lockAndPublish();
    }
    published += BATCH;
    return System.nanoTime() - startNs;
  }

  private void lockAndPublish() {
    long line = layout.lineOffset(0);
    long lock = line + ControlLine.LOCK_OFFSET;
    long guardOffset = line + ControlLine.GUARD_OFFSET;
    long guard = ControlLine.readWord(region, guardOffset);
    long word = ControlLine.readWord(region, lock);
    long held = LockWord.acquire(word, 1, 1, ControlLine.freePlane(word, guard));
    if (ControlLine.compareAndSwap(region, lock, word, held) != word
        || ControlLine.isGuarded(LockWord.target(held), ControlLine.readWord(region, guardOffset))
        || ControlLine.compareAndSwap(region, lock, held, LockWord.publish(held)) != held) {
      throw new IllegalStateException("somebody else holds the stripe");
    }
  }

  private long timeAtomicLong() {
    long startNs = System.nanoTime();
    for (int i = 0; i < BATCH; i++) {
      long value = rival.get();
      if (!rival.compareAndSet(value, value + 1) || !rival.compareAndSet(value + 1, value + 2)) {
        throw new IllegalStateException("somebody else changes the rival");
      }
    }
    return System.nanoTime() - startNs;
  }
}

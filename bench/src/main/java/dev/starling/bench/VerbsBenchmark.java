package dev.starling.bench;

import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.rdma.disni.Completions;
import dev.starling.rdma.disni.FfmContext;
import dev.starling.rdma.disni.FfmCq;
import dev.starling.rdma.disni.FfmMr;
import dev.starling.rdma.disni.FfmPd;
import dev.starling.rdma.disni.FfmQp;
import dev.starling.rdma.disni.SendRequests;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
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
 * What Java itself takes for one RDMA operation: writing the request, posting it and polling its
 * completion, on a device that does nothing ({@link NoopVerbs}). First with requests and
 * completions as the fabric uses them, then through the fabric, from the call to the handler. Run
 * it with {@code -prof gc}: an operation allocates nothing.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx256m",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class VerbsBenchmark {
  private static final int LINE_BYTES = 64;

  /** Set up by JMH. */
  public VerbsBenchmark() {}

  /** A queue pair that leads nowhere. */
  @State(Scope.Thread)
  public static class Pair {
    private static final int DEPTH = 64;
    private static final int POLLED_AT_ONCE = 16;

    private Arena arena;
    private FfmContext context;
    private FfmPd domain;
    private FfmCq queue;
    private FfmQp pair;
    private FfmMr key;
    private SendRequests requests;
    private Completions completions;
    private long address;
    private long posted;

    /** Set up by JMH. */
    public Pair() {}

    /** Makes the queue pair. */
    @Setup(Level.Trial)
    public void open() {
      NoopVerbs.install();
      arena = Arena.ofShared();
      MemorySegment memory = arena.allocate(2 * LINE_BYTES, LINE_BYTES);
      context = FfmContext.open(NoopVerbs.DEVICE);
      domain = context.allocPd();
      queue = FfmCq.create(context, DEPTH);
      pair = domain.createQp(queue, queue, DEPTH, 1, 0);
      key = domain.register(memory, Ibverbs.IBV_ACCESS_LOCAL_WRITE());
      requests = new SendRequests(DEPTH);
      completions = new Completions(POLLED_AT_ONCE);
      address = memory.address();
      NoopVerbs.on(true);
    }

    private int slot() {
      return (int) (++posted % DEPTH);
    }

    private long complete(int slot) {
      if (requests.post(pair, slot, 1) != 0
          || completions.poll(queue) != 1
          || completions.status(0) != 0) {
        throw new IllegalStateException("a request did not complete");
      }
      return completions.wrId(0);
    }

    /** Closes everything. */
    @TearDown(Level.Trial)
    public void close() {
      NoopVerbs.on(false);
      completions.close();
      requests.close();
      key.close();
      pair.close();
      queue.close();
      domain.close();
      context.close();
      arena.close();
    }
  }

  /**
   * Compares and swaps.
   *
   * @param p the queue pair
   * @return the request's tag
   */
  @Benchmark
  public long compareAndSwap(Pair p) {
    int slot = p.slot();
    p.requests.compareAndSwap(
        slot,
        p.posted,
        p.address,
        p.key.lkey(),
        p.address + LINE_BYTES,
        p.key.rkey(),
        p.posted,
        p.posted + 1,
        true);
    return p.complete(slot);
  }

  /**
   * Reads 8 bytes.
   *
   * @param p the queue pair
   * @return the request's tag
   */
  @Benchmark
  public long read(Pair p) {
    int slot = p.slot();
    p.requests.read(
        slot,
        p.posted,
        p.address,
        Long.BYTES,
        p.key.lkey(),
        p.address + LINE_BYTES,
        p.key.rkey(),
        true);
    return p.complete(slot);
  }

  /**
   * Writes 8 bytes.
   *
   * @param p the queue pair
   * @return the request's tag
   */
  @Benchmark
  public long write(Pair p) {
    int slot = p.slot();
    p.requests.write(
        slot,
        p.posted,
        p.address,
        Long.BYTES,
        p.key.lkey(),
        p.address + LINE_BYTES,
        p.key.rkey(),
        true,
        false);
    return p.complete(slot);
  }

  /**
   * Reads a lock word through the fabric.
   *
   * @param link the connection
   * @return a sum of what completed
   */
  @Benchmark
  public long fabricReadWord(NoopLink link) {
    link.remote.readWord(link.lockOffset, 1);
    return link.complete();
  }

  /**
   * Compares and swaps a lock word through the fabric.
   *
   * @param link the connection
   * @return a sum of what completed
   */
  @Benchmark
  public long fabricCompareAndSwap(NoopLink link) {
    link.remote.compareAndSwap(link.lockOffset, 1, 2, 1);
    return link.complete();
  }

  /**
   * Reads a page through the fabric.
   *
   * @param link the connection
   * @return a sum of what completed
   */
  @Benchmark
  public long fabricRead(NoopLink link) {
    link.remote.read(link.planeOffset, link.buffer, 0, link.buffer.byteSize(), 1);
    return link.complete();
  }

  /**
   * Writes a page through the fabric.
   *
   * @param link the connection
   * @return a sum of what completed
   */
  @Benchmark
  public long fabricWrite(NoopLink link) {
    link.remote.write(link.planeOffset, link.buffer, 0, link.buffer.byteSize(), 1);
    return link.complete();
  }
}

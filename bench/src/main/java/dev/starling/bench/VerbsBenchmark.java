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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What Java itself takes for one RDMA operation of 8 bytes: writing the request, posting it and
 * polling its completion, on a device that does nothing ({@link NoopVerbs}). Once with requests and
 * completions as the fabric uses them, once through the fabric, from the call to the handler. The
 * rival is the same in C. The two take turns in batches. Run it with {@code -prof gc}: an operation
 * allocates nothing.
 */
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
public class VerbsBenchmark {
  private static final int BATCH = 1_000;
  private static final int LINE_BYTES = 64;

  /** Set up by JMH. */
  public VerbsBenchmark() {}

  /** What is posted. */
  public enum Operation {
    /** An atomic compare-and-swap. */
    CAS,
    /** An RDMA READ. */
    READ,
    /** An RDMA WRITE. */
    WRITE;

    /** Not a field: the bindings may not be used before {@link NoopVerbs#open}. */
    private int opcode() {
      return switch (this) {
        case CAS -> Ibverbs.IBV_WR_ATOMIC_CMP_AND_SWP();
        case READ -> Ibverbs.IBV_WR_RDMA_READ();
        case WRITE -> Ibverbs.IBV_WR_RDMA_WRITE();
      };
    }
  }

  /** The kind of operation. */
  @State(Scope.Thread)
  public static class Kind {
    /** Which. */
    @Param({"CAS", "READ", "WRITE"})
    public Operation operation;

    /** Set up by JMH. */
    public Kind() {}

    private long timeRival() {
      long startNs = System.nanoTime();
      NoopVerbs.runRival(operation.opcode(), BATCH);
      return System.nanoTime() - startNs;
    }
  }

  /** A queue pair that leads nowhere. */
  @State(Scope.Thread)
  public static class Queue {
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
    public Queue() {}

    /** Makes the queue pair. */
    @Setup(Level.Trial)
    public void open() {
      NoopVerbs.open();
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
      NoopVerbs.noop(true);
    }

    private long time(Operation operation) {
      long startNs = System.nanoTime();
      for (int i = 0; i < BATCH; i++) {
        one(operation);
      }
      return System.nanoTime() - startNs;
    }

    private void one(Operation operation) {
      long id = posted++;
      int slot = (int) (id % DEPTH);
      fill(operation, slot, id);
      if (requests.post(pair, slot, 1) != 0
          || completions.poll(queue) != 1
          || completions.status(0) != 0
          || completions.wrId(0) != id) {
        throw new IllegalStateException("a request did not complete");
      }
    }

    private void fill(Operation operation, int slot, long id) {
      long remote = address + LINE_BYTES;
      int lkey = key.lkey();
      int rkey = key.rkey();
      switch (operation) {
        case CAS ->
            requests.compareAndSwap(slot, id, address, lkey, remote, rkey, id, id + 1, true);
        case READ -> requests.read(slot, id, address, Long.BYTES, lkey, remote, rkey, true);
        case WRITE ->
            requests.write(slot, id, address, Long.BYTES, lkey, remote, rkey, true, false);
      }
    }

    /** Closes everything. */
    @TearDown(Level.Trial)
    public void close() {
      NoopVerbs.noop(false);
      completions.close();
      requests.close();
      key.close();
      pair.close();
      queue.close();
      domain.close();
      context.close();
      arena.close();
      NoopVerbs.close();
    }
  }

  /**
   * Runs a batch with requests and completions, and one in C.
   *
   * @param queue the queue pair
   * @param kind the operation
   * @param pair takes the times
   */
  @Benchmark
  public void requests(Queue queue, Kind kind, Pair pair) {
    long javaNs;
    long rivalNs;
    if (pair.javaFirst()) {
      javaNs = queue.time(kind.operation);
      rivalNs = kind.timeRival();
    } else {
      rivalNs = kind.timeRival();
      javaNs = queue.time(kind.operation);
    }
    pair.record((double) javaNs / BATCH, (double) rivalNs / BATCH);
  }

  /**
   * Runs a batch through the fabric, CAS and READ of a lock word and WRITE of a parameter plane,
   * and one in C.
   *
   * @param link the connection
   * @param kind the operation
   * @param pair takes the times
   */
  @Benchmark
  public void fabric(NoopLink link, Kind kind, Pair pair) {
    long javaNs;
    long rivalNs;
    if (pair.javaFirst()) {
      javaNs = timeFabric(link, kind.operation);
      rivalNs = kind.timeRival();
    } else {
      rivalNs = kind.timeRival();
      javaNs = timeFabric(link, kind.operation);
    }
    pair.record((double) javaNs / BATCH, (double) rivalNs / BATCH);
  }

  private static long timeFabric(NoopLink link, Operation operation) {
    long startNs = System.nanoTime();
    for (int i = 0; i < BATCH; i++) {
      switch (operation) {
        case CAS -> link.remote.compareAndSwap(link.lockOffset, i, i + 1, i);
        case READ -> link.remote.readWord(link.lockOffset, i);
        case WRITE -> link.remote.write(link.planeOffset, link.buffer, 0, Long.BYTES, i);
      }
      link.complete(i);
    }
    return System.nanoTime() - startNs;
  }
}

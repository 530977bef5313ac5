package dev.starling.bench;

import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.exchange.Outcome;
import dev.starling.engine.exchange.Update;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
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
 * A whole exchange of one stripe over shared memory, from the first try-lock to the second publish,
 * with an update, against the fused kernel alone on the planes that an exchange would use. The two
 * take turns. Every plane has been written before.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 2)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx256m",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class ExchangeBenchmark {
  private static final long JOB = System.nanoTime();

  /** Bytes of the model, one stripe. */
  @Param({"1000000", "16000000", "100000000"})
  public long modelBytes;

  private ShmFabric fabric;
  private ReplicaLayout layout;
  private Replica home;
  private Replica peer;
  private Remote own;
  private Remote remote;
  private PrivateMemory gradient;
  private ExchangeMachine machine;
  private final Update update = new Update();

  /** Set up by JMH. */
  public ExchangeBenchmark() {}

  /** Creates two replicas, writes all their planes, and connects one to the other. */
  @Setup(Level.Trial)
  public void open() {
    KernelWarmUp.run();
    fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    layout = ReplicaLayout.of(2, modelBytes / Float.BYTES, 1L << 30);
    home = replica(0);
    peer = replica(1);
    own = fabric.connect(fabric.expose(home), layout, 0, 0);
    remote = fabric.connect(fabric.expose(peer), layout, 0, 0);
    gradient = PrivateMemory.allocate("update", modelBytes);
    VectorKernels.fill(gradient.segment(), 0, 1e-3f, layout.parameterCount());
    update.set(gradient.segment(), 0.01f, 1f);
    machine =
        new ExchangeMachine(
            home,
            own,
            new CpuKernels(),
            JobContext.CHUNK_BYTES_DEFAULT,
            null,
            Journal.NONE,
            new Counters(home.segment(), ReplicaLayout.COUNTERS_OFFSET));
  }

  private Replica replica(int rank) {
    Replica replica = Replica.createShared(fabric.regionPath(JOB, rank, 0), layout, JOB, rank, 0);
    for (int plane = 0; plane < ReplicaLayout.PLANES; plane++) {
      VectorKernels.fill(
          replica.segment(), layout.planeOffset(0, plane), rank, layout.parameterCount());
    }
    return replica;
  }

  /** Disconnects and removes the regions. */
  @TearDown(Level.Trial)
  public void close() {
    remote.close();
    own.close();
    gradient.close();
    peer.close();
    home.close();
    fabric.close();
  }

  /**
   * Runs one exchange and one kernel call.
   *
   * @param pair takes the times; the rival is the kernel alone
   */
  @Benchmark
  public void exchangeAndKernel(Pair pair) {
    long exchangeNs;
    long kernelNs;
    if (pair.javaFirst()) {
      exchangeNs = timeExchange();
      kernelNs = timeKernel();
    } else {
      kernelNs = timeKernel();
      exchangeNs = timeExchange();
    }
    pair.record(exchangeNs, kernelNs);
  }

  private long timeExchange() {
    long startNs = System.nanoTime();
    machine.start(0, remote, update);
    while (!machine.isIdle()) {
      machine.poll();
    }
    long tookNs = System.nanoTime() - startNs;
    if (machine.outcome() != Outcome.EXCHANGED) {
      throw new IllegalStateException("the exchange ended as " + machine.outcome());
    }
    return tookNs;
  }

  private long timeKernel() {
    long homeWord = home.lockWord(0);
    long peerWord = peer.lockWord(0);
    long startNs = System.nanoTime();
    VectorKernels.stepAverageBoth(
        home.segment(),
        layout.planeOffset(0, LockWord.current(homeWord)),
        gradient.segment(),
        0,
        remote.direct(),
        layout.planeOffset(0, LockWord.current(peerWord)),
        home.segment(),
        layout.planeOffset(0, ControlLine.freePlane(homeWord, 0)),
        remote.direct(),
        layout.planeOffset(0, ControlLine.freePlane(peerWord, 0)),
        update.learningRate(),
        update.keep(),
        layout.parameterCount());
    return System.nanoTime() - startNs;
  }
}

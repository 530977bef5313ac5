package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.CommunicationAgent;
import dev.starling.engine.worker.ComputeTask;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.AgentRunner;

/** Workers of one JVM with a fabric each, as the processes of a job would have them. */
final class VerbsWorkers implements AutoCloseable {
  private static final Path DIRECTORY = ShmFabric.DEFAULT_DIRECTORY;
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NS = 50_000;

  final JobContext context;
  final ReplicaLayout layout;
  final List<Replica> replicas = new ArrayList<>();
  final List<Worker> workers = new ArrayList<>();
  final List<CommunicationAgent> agents = new ArrayList<>();
  final List<String> told = new CopyOnWriteArrayList<>();
  private final AtomicReference<Throwable> failed = new AtomicReference<>();
  private final List<AutoCloseable> opened = new ArrayList<>();

  /** What a replica's parameter is in the beginning. */
  interface Initial {
    float parameter(int rank, long index);
  }

  /**
   * Opens workers that are connected by and by, once their agents run.
   *
   * @param context the job's options
   * @param colocated whether ranks map each other's memory
   * @param initial the parameters
   */
  VerbsWorkers(JobContext context, boolean colocated, Initial initial) {
    this.context = context.peerCheckNs(2_000_000).conclude();
    layout = context.layout();
    LocalChannel channel = new LocalChannel(context.workers());
    opened.add(channel);
    try {
      channel.colocated(colocated);
      long job = ThreadLocalRandom.current().nextLong() >>> 1;
      List<VerbsFabric> fabrics = new ArrayList<>();
      List<RegionDescriptor> regions = new ArrayList<>();
      for (int rank = 0; rank < context.workers(); rank++) {
        VerbsFabric fabric =
            VerbsFabric.open(
                FakeVerbs.device(),
                TwoRanks.options(colocated),
                channel.of(rank),
                DIRECTORY,
                told::add);
        opened.add(fabric);
        fabrics.add(fabric);
        regions.add(open(fabric, job, rank, initial));
      }
      Membership members = Membership.of(regions);
      for (int rank = 0; rank < context.workers(); rank++) {
        agents.add(workers.get(rank).connect(fabrics.get(rank), members, () -> 0));
      }
    } catch (Throwable failure) {
      closeOpened(failure);
      throw failure;
    }
  }

  private RegionDescriptor open(VerbsFabric fabric, long job, int rank, Initial initial) {
    Path path = new ShmFabric(DIRECTORY).regionPath(job, rank, 0);
    Replica replica = Replica.createShared(path, layout, job, rank, 0);
    Worker worker = new Worker(context, replica);
    opened.add(worker);
    replicas.add(replica);
    workers.add(worker);
    try (PrivateMemory parameters =
        PrivateMemory.allocate("initial", layout.parameterCount() * Float.BYTES)) {
      for (long i = 0; i < layout.parameterCount(); i++) {
        parameters.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, initial.parameter(rank, i));
      }
      replica.initialise(parameters.segment());
    }
    RegionDescriptor region = fabric.expose(replica);
    worker.closes(() -> fabric.withdraw(region));
    return region;
  }

  /** Runs a worker's agent on a thread of its own. */
  Thread start(int rank) {
    AgentRunner runner =
        new AgentRunner(
            context.idleStrategy().get(),
            failure -> failed.compareAndSet(null, failure),
            null,
            agents.get(rank));
    Thread thread = AgentRunner.startOnThread(runner, task -> new Thread(task, "agent-" + rank));
    opened.add(() -> runner.close(5_000, stuck -> failed.set(new AssertionError(stuck + "!"))));
    return thread;
  }

  void startAll() {
    for (int rank = 0; rank < workers.size(); rank++) {
      start(rank);
    }
  }

  /** Waits for something that agents do. */
  void await(BooleanSupplier condition, String what) {
    long deadlineNs = System.nanoTime() + LIMIT_NS;
    while (!condition.getAsBoolean()) {
      assertNull(failed.get(), () -> "an agent failed: " + failed.get());
      assertTrue(System.nanoTime() - deadlineNs < 0, () -> what + " did not happen: " + told);
      LockSupport.parkNanos(LOOK_NS);
    }
  }

  void awaitConnected() {
    int neighbours = context.topology().neighbours(0).length;
    await(
        () -> workers.stream().allMatch(w -> w.counters().get(Counter.PEERS_JOINED) >= neighbours),
        "connecting");
  }

  /** Waits until everything submitted is applied and all locks are free. */
  void drain() {
    await(() -> workers.stream().allMatch(Worker::isQuiescent), "applying the last gradients");
    await(
        () -> {
          boolean free = true;
          for (Replica replica : replicas) {
            for (int stripe = 0; stripe < layout.stripes(); stripe++) {
              free &= LockWord.isFree(replica.lockWord(stripe));
            }
          }
          return free;
        },
        "releasing all locks");
  }

  /** Runs a task for each worker on a thread of its own. */
  void train(ComputeTask task) {
    List<Thread> threads = new ArrayList<>();
    for (Worker worker : workers) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  task.run(worker);
                } catch (Throwable failure) {
                  failed.compareAndSet(null, failure);
                }
              },
              "compute-" + worker.rank());
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    await(() -> threads.stream().noneMatch(Thread::isAlive), "the end of the training");
    drain();
  }

  /** Computes a gradient from parameter and index, submits it, and lets the agent keep up. */
  void step(Worker worker, Gradient gradient) {
    try (Snapshot snapshot = worker.snapshot()) {
      MemorySegment to = worker.gradient();
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        MemorySegment from = snapshot.stripe(stripe);
        long start = layout.stripeStart(stripe);
        for (long i = 0; i < layout.stripeParameters(stripe); i++) {
          float x = from.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          to.setAtIndex(ValueLayout.JAVA_FLOAT, start + i, gradient.at(start + i, x));
        }
      }
      assertTrue(worker.submit());
    }
    long behind = worker.counters().get(Counter.GRADIENTS_SUBMITTED) - 1;
    await(() -> worker.counters().get(Counter.GRADIENTS_APPLIED) >= behind, "applying a gradient");
  }

  /** A gradient of one parameter. */
  interface Gradient {
    float at(long index, float parameter);
  }

  /** {@return a published parameter, of a replica that nobody changes} */
  float parameter(int rank, long index) {
    int stripe = 0;
    while (index >= layout.stripeStart(stripe) + layout.stripeParameters(stripe)) {
      stripe++;
    }
    Replica replica = replicas.get(rank);
    long plane = layout.planeOffset(stripe, LockWord.current(replica.lockWord(stripe)));
    return replica
        .segment()
        .get(ValueLayout.JAVA_FLOAT, plane + (index - layout.stripeStart(stripe)) * Float.BYTES);
  }

  long total(Counter counter) {
    return workers.stream().mapToLong(worker -> worker.counters().get(counter)).sum();
  }

  /** I3: each publish and each broken lock is one version, and nothing else is. */
  void requireVersions_I3() {
    long versions = 0;
    for (Replica replica : replicas) {
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        versions += LockWord.version(replica.lockWord(stripe));
      }
    }
    // Of a torn exchange the partner may have a version or not.
    long certain =
        2 * total(Counter.EXCHANGES)
            + total(Counter.STEPS)
            + total(Counter.EXCHANGES_TORN)
            + total(Counter.FENCES);
    long uncertain = versions - certain;
    assertTrue(
        uncertain >= 0 && uncertain <= total(Counter.EXCHANGES_TORN),
        () -> uncertain + " versions too many");
    assertEquals(
        layout.stripes() * total(Counter.UPDATES),
        total(Counter.EXCHANGES) + total(Counter.STEPS) + total(Counter.EXCHANGES_TORN),
        "every update is published once on every stripe");
  }

  private void closeOpened(Throwable collector) {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Throwable failure) {
        collector.addSuppressed(failure);
      }
    }
    opened.clear();
  }

  @Override
  public void close() {
    AssertionError collector = new AssertionError("closing failed");
    closeOpened(collector);
    if (failed.get() != null) {
      collector.addSuppressed(failed.get());
    }
    if (collector.getSuppressed().length > 0) {
      throw collector;
    }
  }
}

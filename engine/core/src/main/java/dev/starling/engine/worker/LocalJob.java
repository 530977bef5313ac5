package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.memory.Mappings;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.topology.Topology;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;

/**
 * A job whose workers all live in this process and average over shared memory.
 *
 * <p>{@link #launch}, {@link #run}, {@link #drain}, the averages and {@link #close()} belong to the
 * thread that made the job. Each worker has a compute thread (yours, or one of {@link #run}) and an
 * agent thread of the engine's.
 */
public final class LocalJob implements AutoCloseable {
  private static final long DRAIN_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
  private static final long READ_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);
  private static final long POLL_NS = TimeUnit.MICROSECONDS.toNanos(200);
  private static final int STOP_TIMEOUT_MS = 5_000;

  private final JobContext context;
  private final ReplicaLayout layout;
  private final ShmFabric fabric;
  private final List<Worker> workers = new ArrayList<>();
  private final List<ReplicaReader> readers = new ArrayList<>();
  private final List<AgentRunner> runners = new ArrayList<>();
  private PrivateMemory scratch;
  private boolean memoryInUse;

  private LocalJob(JobContext context) {
    this.context = context;
    this.layout = context.layout();
    this.fabric = new ShmFabric(context.directory());
  }

  /**
   * Creates the workers, connects them and starts their agents.
   *
   * @param context the options; concluded here
   * @param initialParameters the model that every worker starts from, float32
   * @return the job, owned by the caller
   * @throws ConfigurationException when an option is out of range
   * @throws StarlingException when memory or shared memory is short; nothing is left behind
   */
  public static LocalJob launch(JobContext context, MemorySegment initialParameters) {
    context.conclude();
    long needed = context.layout().parameterCount() * Float.BYTES;
    if (initialParameters.byteSize() < needed) {
      throw new ConfigurationException(
          "the initial model has "
              + initialParameters.byteSize()
              + " bytes but the job's replicas have "
              + needed
              + ": pass as many float32 as parameterCount says");
    }
    LocalJob job = new LocalJob(context);
    try {
      job.open(initialParameters);
      return job;
    } catch (Throwable failure) {
      try {
        job.close();
      } catch (Throwable whileClosing) {
        failure.addSuppressed(whileClosing);
      }
      throw failure;
    }
  }

  private void open(MemorySegment initialParameters) {
    KernelWarmUp.run();
    fabric.removeDeadRegions();
    Topology topology = Topology.of(context.topology(), context.workers());
    long jobId = ThreadLocalRandom.current().nextLong() >>> 1;
    List<RegionDescriptor> regions = new ArrayList<>();
    for (int rank = 0; rank < context.workers(); rank++) {
      Replica replica =
          Replica.createShared(fabric.regionPath(jobId, rank), layout, jobId, rank, 0);
      workers.add(new Worker(context, replica));
      replica.initialise(initialParameters);
      if (context.lockMemory()) {
        Mappings.lock(
            "the replica of rank " + rank, replica.segment().asSlice(0, layout.reservedBytes()));
      }
      regions.add(fabric.expose(replica));
    }
    scratch = PrivateMemory.allocate("averages", 2 * layout.parameterCount() * Float.BYTES);
    for (Worker worker : workers) {
      readers.add(
          new ReplicaReader(
              fabric.connect(regions.get(worker.rank()), layout, layout.readerRank()), layout));
      CommunicationAgent agent = worker.connect(fabric, regions, topology, this::meanSteps);
      runners.add(
          new AgentRunner(
              context.idleStrategy().get(), failure -> stop(worker, failure), null, agent));
    }
    for (int rank = 0; rank < runners.size(); rank++) {
      AgentRunner runner = runners.get(rank);
      workers
          .get(rank)
          .agentThread(
              AgentRunner.startOnThread(runner, task -> daemon(task, runner.agent().roleName())));
    }
  }

  private static void stop(Worker worker, Throwable failure) {
    worker.fail(failure);
    throw new AgentTerminationException(failure);
  }

  private static void failToStop(Thread agent) {
    throw new StarlingException(
        agent.getName()
            + " did not stop within "
            + STOP_TIMEOUT_MS
            + " ms: the machine is starved of processor time, end the process");
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  private double meanSteps() {
    long submitted = 0;
    for (int i = 0; i < workers.size(); i++) {
      submitted += workers.get(i).counters().get(Counter.GRADIENTS_SUBMITTED);
    }
    return (double) submitted / workers.size();
  }

  /**
   * Returns a worker.
   *
   * @param rank its rank
   * @return the worker
   */
  public Worker worker(int rank) {
    return workers.get(rank);
  }

  /**
   * Returns the number of workers.
   *
   * @return workers
   */
  public int workers() {
    return workers.size();
  }

  /**
   * Returns the options that the job runs with.
   *
   * @return the context, read-only
   */
  public JobContext context() {
    return context;
  }

  /**
   * Runs a task for every worker on a thread of its own, waits for all of them, and lets the agents
   * apply what is left.
   *
   * @param task your training loop; it decides when it ends
   * @throws Exception what the first task that failed threw; the others are interrupted
   */
  public void run(ComputeTask task) throws Exception {
    AtomicReference<Throwable> failed = new AtomicReference<>();
    CountDownLatch running = new CountDownLatch(workers.size());
    List<Thread> threads = new ArrayList<>();
    for (Worker worker : workers) {
      threads.add(
          daemon(
              () -> {
                try {
                  task.run(worker);
                } catch (Throwable thrown) {
                  if (failed.compareAndSet(null, thrown)) {
                    threads.forEach(Thread::interrupt);
                  }
                } finally {
                  running.countDown();
                }
              },
              "starling-compute-" + worker.rank()));
    }
    threads.forEach(Thread::start);
    try {
      running.await();
    } catch (InterruptedException interrupted) {
      threads.forEach(Thread::interrupt);
      // The kernels run on raw addresses: nothing may be unmapped under a thread that still
      // computes.
      memoryInUse = !running.await(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
      throw interrupted;
    }
    if (failed.get() instanceof Exception exception) {
      throw exception;
    } else if (failed.get() instanceof Error error) {
      throw error;
    }
    drain();
  }

  /**
   * Waits until the agents have applied every submitted gradient; no compute thread may submit
   * meanwhile.
   *
   * @throws StarlingException when an agent failed, or has not finished after 30 s
   */
  public void drain() {
    long deadlineNs = System.nanoTime() + DRAIN_TIMEOUT_NS;
    for (Worker worker : workers) {
      while (!worker.isQuiescent()) {
        worker.requireHealthy();
        if (System.nanoTime() - deadlineNs > 0) {
          throw new StarlingException(
              "rank "
                  + worker.rank()
                  + " did not apply its last gradient within "
                  + TimeUnit.NANOSECONDS.toSeconds(DRAIN_TIMEOUT_NS)
                  + " s: its agent is starved of processor time, run fewer workers");
        }
        LockSupport.parkNanos(POLL_NS);
      }
    }
  }

  /**
   * Copies one worker's model, while training goes on.
   *
   * @param rank the worker
   * @param target float32, as long as the model
   */
  public void copyReplica(int rank, MemorySegment target) {
    readers.get(rank).copyTo(target, READ_TIMEOUT_NS);
  }

  /**
   * Computes the average of all replicas, as a running mean, while training goes on.
   *
   * @param target float32, as long as the model
   */
  public void average(MemorySegment target) {
    long count = layout.parameterCount();
    MemorySegment one = scratch.segment().asSlice(0, count * Float.BYTES);
    copyReplica(0, target);
    for (int rank = 1; rank < workers.size(); rank++) {
      copyReplica(rank, one);
      // Running mean: mean += (one - mean) / (rank + 1), as step with the difference folded into
      // the factors.
      float weight = 1f / (rank + 1);
      VectorKernels.step(target, 0, one, 0, target, 0, -weight, 1f - weight, count);
    }
  }

  /**
   * Computes how far the replicas are apart: the root of the mean squared distance from their
   * average.
   *
   * @return the consensus distance, 0 when all are equal
   */
  public double consensusDistance() {
    long count = layout.parameterCount();
    MemorySegment mean = scratch.segment().asSlice(count * Float.BYTES, count * Float.BYTES);
    MemorySegment one = scratch.segment().asSlice(0, count * Float.BYTES);
    average(mean);
    double sum = 0;
    for (int rank = 0; rank < workers.size(); rank++) {
      copyReplica(rank, one);
      sum += VectorKernels.squaredDistance(one, 0, mean, 0, count);
    }
    return Math.sqrt(sum / workers.size());
  }

  /**
   * Stops the agents, disconnects, and gives all memory back. Compute threads must have ended; when
   * one of them or an agent does not, its memory stays mapped until the process ends, and the next
   * start removes its file.
   *
   * @throws StarlingException when something did not close; it carries every failure
   */
  @Override
  public void close() {
    StarlingException failed =
        new StarlingException("closing the job failed: see the suppressed failures");
    for (AgentRunner runner : runners) {
      memoryInUse |= !tryClose(() -> runner.close(STOP_TIMEOUT_MS, LocalJob::failToStop), failed);
    }
    runners.clear();
    if (!memoryInUse) {
      readers.forEach(reader -> tryClose(reader, failed));
      workers.forEach(worker -> tryClose(worker, failed));
      if (scratch != null) {
        tryClose(scratch, failed);
      }
      tryClose(fabric, failed);
    }
    readers.clear();
    workers.clear();
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }

  private static boolean tryClose(AutoCloseable resource, StarlingException collector) {
    try {
      resource.close();
      return true;
    } catch (Exception failure) {
      collector.addSuppressed(failure);
      return false;
    }
  }
}

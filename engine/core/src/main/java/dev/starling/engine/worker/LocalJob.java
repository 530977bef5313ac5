package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PacedFabric;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.memory.Mappings;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

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
  private static final int STOP_TIMEOUT_MS = 5_000;

  private final JobContext context;
  private final ReplicaLayout layout;
  private final ShmFabric fabric;
  private final List<Worker> workers = new ArrayList<>();
  private final List<RunningAgent> agents = new ArrayList<>();
  private JobBoard board;
  private JobObserver observer;
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
    long jobId = ThreadLocalRandom.current().nextLong() >>> 1;
    board = JobBoard.create(fabric, jobId, context.workers(), Long.MAX_VALUE);
    List<RegionDescriptor> regions = new ArrayList<>();
    for (int rank = 0; rank < context.workers(); rank++) {
      int incarnation = context.firstIncarnation();
      Replica replica =
          Replica.createShared(
              fabric.regionPath(jobId, rank, incarnation), layout, jobId, rank, incarnation);
      Worker worker = new Worker(context, replica);
      workers.add(worker);
      Restoration.State state = context.restoration().of(rank);
      if (state == null) {
        replica.initialise(initialParameters);
      } else {
        replica.initialise(state.parameters());
        worker.restore(state.origin(), state.state());
        board.rank(rank).submitted(state.submitted());
      }
      if (context.lockMemory()) {
        Mappings.lock(
            "the replica of rank " + rank, replica.segment().asSlice(0, layout.reservedBytes()));
      }
      regions.add(fabric.expose(replica));
    }
    Membership members = Membership.of(regions);
    Fabric reach = reach();
    for (Worker worker : workers) {
      board.rank(worker.rank()).cut(worker.cut());
      board.rank(worker.rank()).joined(context.firstIncarnation(), RankRecord.INITIAL);
      CommunicationAgent agent = worker.connect(reach, members, board::meanSteps);
      agents.add(
          new RunningAgent(
              worker,
              new ReportingAgent(agent, worker.counters(), board.rank(worker.rank())),
              context.idleStrategy().get()));
    }
    observer = new JobObserver(board, layout);
    observer.refresh();
    agents.forEach(RunningAgent::start);
    board.phase(JobBoard.Phase.RUNNING);
  }

  /** How workers reach each other; it holds nothing that is not the shared memory's. */
  private Fabric reach() {
    return context.link() == null
        ? fabric
        : new PacedFabric(fabric, context.link(), context.workers(), context.clock());
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
   * Returns the job's board, from which other processes see how far the job is.
   *
   * @return the board, valid until the job is closed
   */
  public JobBoard board() {
    return board;
  }

  /**
   * Returns what watches the workers.
   *
   * @return the observer; it belongs to the thread that made the job, or to one that it is lent to
   */
  public JobObserver observer() {
    return observer;
  }

  /**
   * Returns all workers.
   *
   * @return by rank
   */
  public List<Worker> allWorkers() {
    return List.copyOf(workers);
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
   * <p>A job whose algorithm has rounds runs once: its rounds end with the first task that does.
   *
   * @param task your training loop; it decides when it ends
   * @throws IllegalStateException when the rounds are over
   * @throws Exception what the first task that failed threw; the others are interrupted
   */
  public void run(ComputeTask task) throws Exception {
    requireRounds();
    AtomicReference<Throwable> failed = new AtomicReference<>();
    CountDownLatch running = new CountDownLatch(workers.size());
    List<Thread> threads = new ArrayList<>();
    for (Worker worker : workers) {
      threads.add(
          RunningAgent.daemon(
              () -> {
                try {
                  task.run(worker);
                } catch (Throwable thrown) {
                  if (failed.compareAndSet(null, thrown)) {
                    threads.forEach(Thread::interrupt);
                  }
                } finally {
                  worker.leaveRounds();
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

  private void requireRounds() {
    for (Worker worker : workers) {
      if (worker.areRoundsOver()) {
        throw new IllegalStateException(
            ("the rounds of %s ended with the task that ran before, and no gradient would be"
                    + " applied any more: do all of it in one run, or launch another job")
                .formatted(context.algorithm()));
      }
    }
  }

  /**
   * Waits until the agents have applied every submitted gradient; no compute thread may submit
   * meanwhile.
   *
   * @throws StarlingException when an agent failed, or has not finished after 30 s
   */
  public void drain() {
    for (RunningAgent agent : agents) {
      agent.drain(DRAIN_TIMEOUT_NS);
    }
  }

  /**
   * Copies one worker's model, while training goes on.
   *
   * @param rank the worker
   * @param target float32, as long as the model
   */
  public void copyReplica(int rank, MemorySegment target) {
    if (!observer.copyReplica(rank, target, READ_TIMEOUT_NS)) {
      throw new StarlingException(
          "the replica of rank "
              + rank
              + " could not be read within "
              + TimeUnit.NANOSECONDS.toSeconds(READ_TIMEOUT_NS)
              + " s a stripe: the machine is starved of processor time, run fewer workers");
    }
  }

  /**
   * Computes the average of all replicas, as a running mean, while training goes on.
   *
   * @param target float32, as long as the model
   */
  public void average(MemorySegment target) {
    int averaged = observer.average(target, READ_TIMEOUT_NS);
    if (averaged < workers.size()) {
      throw new StarlingException(
          "only "
              + averaged
              + " of "
              + workers.size()
              + " replicas could be read within "
              + TimeUnit.NANOSECONDS.toSeconds(READ_TIMEOUT_NS)
              + " s a stripe: the machine is starved of processor time, run fewer workers");
    }
  }

  /**
   * Computes how far the replicas are apart: the root of the mean squared distance from their
   * average.
   *
   * @return the consensus distance, 0 when all are equal
   */
  public double consensusDistance() {
    return observer.consensusDistance(READ_TIMEOUT_NS);
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
    for (RunningAgent agent : agents) {
      memoryInUse |= !tryClose(agent, failed);
    }
    agents.clear();
    if (!memoryInUse) {
      if (observer != null) {
        tryClose(observer, failed);
      }
      workers.forEach(worker -> tryClose(worker, failed));
      if (board != null) {
        tryClose(board, failed);
      }
      tryClose(fabric, failed);
    }
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

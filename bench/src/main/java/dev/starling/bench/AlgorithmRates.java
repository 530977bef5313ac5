package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.Algorithm;
import dev.starling.engine.worker.CommunicationAgent;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whether the algorithms that AD-PSGD is compared with are held up by anything but the maths: a
 * round of two workers, from a gradient that is there to the published model, against the same
 * kernels on the same memory without locks, words and state machines. Prints a row for each
 * algorithm and size, or a line of JSON for each with {@code --json}.
 *
 * <p>Each worker has one thread, which submits and then runs its agent. Where an algorithm makes
 * workers wait for each other, the bare kernels meet at a barrier that spins.
 */
public final class AlgorithmRates {
  private static final int WORKERS = 2;
  private static final long CHUNK_FLOATS = JobContext.CHUNK_BYTES_DEFAULT / Float.BYTES;
  private static final long PIECE_FLOATS = 64 << 10;
  private static final long WARM_UP_NS = 2_000_000_000L;
  private static final float RATE = 1e-3f;
  private static final long LIMIT_S = 300;

  private AlgorithmRates() {}

  /**
   * Measures.
   *
   * @param arguments {@code --json}, {@code --repeats N} (default 15)
   * @throws Exception when a side fails or takes minutes
   */
  public static void main(String[] arguments) throws Exception {
    List<String> options = Arrays.asList(arguments);
    int at = options.indexOf("--repeats");
    int repeats = at < 0 ? 15 : Integer.parseInt(options.get(at + 1));
    boolean json = options.contains("--json");
    List<Map<String, Object>> rounds = new ArrayList<>();
    for (Algorithm algorithm : List.of(Algorithm.ALLREDUCE, Algorithm.D_PSGD, Algorithm.A_PSGD)) {
      for (long megabytes : new long[] {1, 16, 100}) {
        rounds.add(measure(algorithm, megabytes, repeats));
      }
    }
    Map<String, Object> measured = new LinkedHashMap<>();
    measured.put(TableKind.ROUNDS.label(), rounds);
    measured.put("environment", Environment.facts());
    ObjectMapper mapper = new ObjectMapper();
    System.out.print(
        json
            ? mapper.writeValueAsString(measured) + "\n"
            : Table.markdown(mapper.<JsonNode>valueToTree(measured)));
  }

  private static Map<String, Object> measure(Algorithm algorithm, long megabytes, int repeats)
      throws Exception {
    long parameters = megabytes * 1_000_000 / Float.BYTES;
    int rounds = (int) Math.max(4, 256 / megabytes);
    double[] round = new double[repeats];
    double[] kernels = new double[repeats];
    try (Workers workers = new Workers(algorithm, parameters)) {
      long warmUntilNs = System.nanoTime() + WARM_UP_NS;
      while (System.nanoTime() - warmUntilNs < 0) {
        workers.time(workers::round, rounds);
        workers.time(workers::kernels, rounds);
      }
      for (int repeat = 0; repeat < repeats; repeat++) {
        round[repeat] = workers.time(workers::round, rounds);
        kernels[repeat] = workers.time(workers::kernels, rounds);
      }
    }
    double roundMs = median(round) / 1e6;
    double kernelsMs = median(kernels) / 1e6;
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("algorithm", algorithm.optionName());
    row.put("bytes", megabytes * 1_000_000);
    row.put("roundMs", roundMs);
    row.put("kernelsMs", kernelsMs);
    row.put("ratio", kernelsMs / roundMs);
    return row;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  /** What one worker does in a round. */
  private interface Round {
    void run(int rank);
  }

  /** Two workers in this process, whose agents run on the threads that submit. */
  private static final class Workers implements AutoCloseable {
    private final Algorithm algorithm;
    private final long parameters;
    private final ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    private final List<Worker> workers = new ArrayList<>();
    private final List<Replica> replicas = new ArrayList<>();
    private final List<CommunicationAgent> agents = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(WORKERS);
    private final AtomicInteger arrived = new AtomicInteger();
    private final int[] turns = new int[WORKERS];
    private final List<PrivateMemory> gradients = new ArrayList<>();

    Workers(Algorithm algorithm, long parameters) {
      this.algorithm = algorithm;
      this.parameters = parameters;
      JobContext context =
          new JobContext()
              .algorithm(algorithm)
              .workers(WORKERS)
              .parameterCount(parameters)
              .conclude();
      long jobId = ThreadLocalRandom.current().nextLong() >>> 1;
      List<RegionDescriptor> regions = new ArrayList<>();
      for (int rank = 0; rank < WORKERS; rank++) {
        Replica replica =
            Replica.createShared(
                fabric.regionPath(jobId, rank, 0), context.layout(), jobId, rank, 0);
        replicas.add(replica);
        workers.add(new Worker(context, replica));
        regions.add(fabric.expose(replica));
      }
      for (Worker worker : workers) {
        gradients.add(
            PrivateMemory.allocate(
                "gradients of the kernels alone", ReplicaLayout.PLANES * parameters * Float.BYTES));
        agents.add(worker.connect(fabric, Membership.of(regions), () -> 0));
      }
    }

    /** The time of a round in ns, when both workers do several, each on a thread of its own. */
    double time(Round round, int rounds) throws Exception {
      List<Callable<Long>> tasks = new ArrayList<>();
      for (int rank = 0; rank < WORKERS; rank++) {
        int own = rank;
        tasks.add(
            () -> {
              meet();
              long beginNs = System.nanoTime();
              for (int i = 0; i < rounds; i++) {
                round.run(own);
              }
              return System.nanoTime() - beginNs;
            });
      }
      long longestNs = 0;
      for (Future<Long> task : threads.invokeAll(tasks, LIMIT_S, TimeUnit.SECONDS)) {
        longestNs = Math.max(longestNs, task.get());
      }
      return (double) longestNs / rounds;
    }

    void round(int rank) {
      Worker worker = workers.get(rank);
      try (Snapshot snapshot = worker.snapshot()) {
        if (snapshot.version(0) < 0 || !worker.submit()) {
          throw new IllegalStateException("rank " + rank + " could not submit");
        }
      }
      while (!worker.isQuiescent()) {
        if (agents.get(rank).doWork() == 0) {
          Thread.onSpinWait();
        }
      }
    }

    /**
     * The same maths by calls of the kernels alone, on the same memory: planes and gradients take
     * turns as the engine's do, so that as much of it is in the caches.
     */
    void kernels(int rank) {
      Replica own = replicas.get(rank);
      int turn = turns[rank]++ % ReplicaLayout.PLANES;
      MemorySegment g = gradients.get(rank).segment();
      long from = turn * parameters * Float.BYTES;
      if (algorithm == Algorithm.ALLREDUCE) {
        g = own.segment();
        from = own.layout().gradientOffset(turn);
      }
      if (VectorKernels.firstNonFinite(g, from, parameters) >= 0) {
        throw new IllegalStateException("the gradient of rank " + rank + " is not finite");
      }
      switch (algorithm) {
        case ALLREDUCE -> {
          meet();
          averageHalf(rank, from);
          meet();
          step(own, own, 0, g, from, turn);
        }
        case D_PSGD -> {
          meet();
          mix(rank, g, from, turn);
        }
        default -> {
          step(own, own, rank, g, from, turn);
          Replica home = replicas.get(1 - rank);
          step(home, home, 1 - rank, g, from, turn);
          step(home, own, 1 - rank, g, from, turn);
        }
      }
    }

    /** Each worker averages one half of both vectors. */
    private void averageHalf(int rank, long from) {
      MemorySegment x = replicas.get(rank).segment();
      MemorySegment y = replicas.get(1 - rank).segment();
      long half = parameters / 2;
      long begin = from + rank * half * Float.BYTES;
      for (long i = 0; i < half; i += PIECE_FLOATS) {
        long at = begin + i * Float.BYTES;
        long count = Math.min(PIECE_FLOATS, half - i);
        VectorKernels.averageBoth(x, at, y, at, x, at, y, at, count);
      }
    }

    private void mix(int rank, MemorySegment g, long from, int turn) {
      MemorySegment x = replicas.get(rank).segment();
      MemorySegment y = replicas.get(1 - rank).segment();
      ReplicaLayout layout = replicas.get(rank).layout();
      long current = layout.planeOffset(0, turn);
      long target = layout.planeOffset(0, (turn + 1) % ReplicaLayout.PLANES);
      for (long i = 0; i < parameters; i += PIECE_FLOATS) {
        long at = i * Float.BYTES;
        long count = Math.min(PIECE_FLOATS, parameters - i);
        VectorKernels.step(x, current + at, g, from + at, x, target + at, RATE, 0.5f, count);
        VectorKernels.step(x, target + at, y, current + at, x, target + at, -0.5f, 1f, count);
      }
    }

    /** A stripe's step, from one replica's plane into the next plane of another. */
    private static void step(
        Replica source, Replica into, int stripe, MemorySegment u, long offset, int turn) {
      ReplicaLayout layout = source.layout();
      long current = layout.planeOffset(stripe, turn);
      long target = layout.planeOffset(stripe, (turn + 1) % ReplicaLayout.PLANES);
      long length = layout.stripeParameters(stripe);
      for (long i = 0; i < length; i += CHUNK_FLOATS) {
        long at = i * Float.BYTES;
        long updateAt = offset + (layout.stripeStart(stripe) + i) * Float.BYTES;
        long count = Math.min(CHUNK_FLOATS, length - i);
        VectorKernels.step(
            source.segment(),
            current + at,
            u,
            updateAt,
            into.segment(),
            target + at,
            RATE,
            1f,
            count);
      }
    }

    /** Both threads have come here: each counts once, and waits for the other. */
    private void meet() {
      int ticket = arrived.getAndIncrement();
      int complete = (ticket / WORKERS + 1) * WORKERS;
      long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
      while (arrived.get() < complete) {
        if (System.nanoTime() - deadlineNs > 0) {
          throw new IllegalStateException("the other worker did not come");
        }
        Thread.onSpinWait();
      }
    }

    @Override
    public void close() {
      threads.shutdownNow();
      workers.forEach(Worker::close);
      fabric.close();
      gradients.forEach(PrivateMemory::close);
    }
  }
}

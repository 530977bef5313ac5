package dev.starling.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.replica.Replica;
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
import java.util.Locale;
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
    if (!json) {
      System.out.println(
          """
          | algorithm | model | round | the kernels alone | kernels / round |
          |---|---:|---:|---:|---:|\
          """);
    }
    ObjectMapper mapper = new ObjectMapper();
    for (Algorithm algorithm : List.of(Algorithm.ALLREDUCE, Algorithm.D_PSGD, Algorithm.A_PSGD)) {
      for (long megabytes : new long[] {1, 16, 100}) {
        Row row = measure(algorithm, megabytes, repeats);
        System.out.println(
            json
                ? mapper.writeValueAsString(row.toMap())
                : String.format(
                    Locale.ROOT,
                    "| %s | %d MB | %.3f ms | %.3f ms | %.2f |",
                    algorithm.optionName(),
                    megabytes,
                    row.roundMs,
                    row.kernelsMs,
                    row.ratio()));
      }
    }
  }

  private static Row measure(Algorithm algorithm, long megabytes, int repeats) throws Exception {
    long parameters = megabytes * 1_000_000 / Float.BYTES;
    int rounds = (int) Math.max(4, 256 / megabytes);
    double[] round = new double[repeats];
    double[] kernels = new double[repeats];
    try (Workers workers = new Workers(algorithm, parameters)) {
      for (int repeat = -2; repeat < repeats; repeat++) {
        double engineNs = workers.time(rank -> workers.round(rank), rounds);
        double kernelsNs = workers.time(rank -> workers.kernels(rank), rounds);
        if (repeat >= 0) {
          round[repeat] = engineNs;
          kernels[repeat] = kernelsNs;
        }
      }
    }
    return new Row(algorithm, megabytes, median(round) / 1e6, median(kernels) / 1e6);
  }

  /** One algorithm at one size: medians over the repeats. */
  private record Row(Algorithm algorithm, long megabytes, double roundMs, double kernelsMs) {
    double ratio() {
      return kernelsMs / roundMs;
    }

    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("algorithm", algorithm.optionName());
      map.put("modelBytes", megabytes * 1_000_000);
      map.put("roundMs", roundMs);
      map.put("kernelsMs", kernelsMs);
      map.put("ratio", ratio());
      return map;
    }
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

    /** The same maths on the same memory, by calls of the kernels alone. */
    void kernels(int rank) {
      var own = replicas.get(rank);
      var other = replicas.get(1 - rank);
      var x = own.segment();
      var y = other.segment();
      var g = workers.get(rank).gradient();
      var layout = own.layout();
      if (VectorKernels.firstNonFinite(g, 0, parameters) >= 0) {
        throw new IllegalStateException("the gradient of rank " + rank + " is not finite");
      }
      switch (algorithm) {
        case ALLREDUCE -> {
          long from = layout.gradientOffset(0);
          long half = parameters / 2;
          long begin = from + rank * half * Float.BYTES;
          meet();
          for (long i = 0; i < half; i += PIECE_FLOATS) {
            long at = begin + i * Float.BYTES;
            long count = Math.min(PIECE_FLOATS, half - i);
            VectorKernels.averageBoth(x, at, y, at, x, at, y, at, count);
          }
          meet();
          step(own, 0, x, from, 0);
        }
        case D_PSGD -> {
          meet();
          long current = layout.planeOffset(0, 0);
          long target = layout.planeOffset(0, 1);
          for (long i = 0; i < parameters; i += PIECE_FLOATS) {
            long at = i * Float.BYTES;
            long count = Math.min(PIECE_FLOATS, parameters - i);
            VectorKernels.step(x, current + at, g, at, x, target + at, RATE, 0.5f, count);
            VectorKernels.step(x, target + at, y, current + at, x, target + at, -0.5f, 1f, count);
          }
        }
        default -> {
          step(own, rank, g, 0, layout.stripeStart(rank));
          serve(own, other, 1 - rank, g);
        }
      }
    }

    private static void step(
        Replica replica, int stripe, MemorySegment u, long offset, long startFloats) {
      var x = replica.segment();
      long current = replica.layout().planeOffset(stripe, 0);
      long target = replica.layout().planeOffset(stripe, 1);
      long length = replica.layout().stripeParameters(stripe);
      for (long i = 0; i < length; i += CHUNK_FLOATS) {
        long at = i * Float.BYTES;
        long from = offset + (startFloats + i) * Float.BYTES;
        long count = Math.min(CHUNK_FLOATS, length - i);
        VectorKernels.step(x, current + at, u, from, x, target + at, RATE, 1f, count);
      }
    }

    private static void serve(Replica own, Replica home, int stripe, MemorySegment u) {
      var layout = own.layout();
      var x = own.segment();
      var y = home.segment();
      long current = layout.planeOffset(stripe, 0);
      long target = layout.planeOffset(stripe, 1);
      long length = layout.stripeParameters(stripe);
      for (long i = 0; i < length; i += CHUNK_FLOATS) {
        long at = i * Float.BYTES;
        long from = (layout.stripeStart(stripe) + i) * Float.BYTES;
        long count = Math.min(CHUNK_FLOATS, length - i);
        VectorKernels.step(y, current + at, u, from, y, target + at, RATE, 1f, count);
        VectorKernels.step(y, current + at, u, from, x, target + at, RATE, 1f, count);
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
    }
  }
}

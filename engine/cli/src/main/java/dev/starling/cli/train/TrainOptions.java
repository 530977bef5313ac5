package dev.starling.cli.train;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.KernelsChoice;
import dev.starling.engine.kernel.ParallelCpuKernels;
import dev.starling.engine.topology.Topology;
import dev.starling.engine.worker.Algorithm;
import dev.starling.engine.worker.CpuSet;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LateGradients;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a training run is made of. The defaults are one recipe, kept for all data and models. */
final class TrainOptions {
  static final int MAX_WORKERS = 1024;
  static final String GENERATED = "generated";
  static final String SGD = "sgd";
  static final String MOMENTUM = "momentum";
  static final String NESTEROV = "nesterov";
  static final String ADAMW = "adamw";
  static final String CONSTANT = "constant";
  static final String COSINE = "cosine";
  static final String LINEAR = "linear";
  static final String STEP = "step";
  private static final double DEFAULT_EPOCHS = 15;
  private static final double MAX_COMPUTE_MS = 600_000;

  @Option(
      names = "--data",
      paramLabel = "generated|DIR",
      description =
          "Training and test set: 'generated' draws digit-like images, or a directory with MNIST"
              + " (IDX, plain or .gz) or CIFAR-10 (binary) files. Default: ${DEFAULT-VALUE}.")
  String data = GENERATED;

  @Option(
      names = "--generated-samples",
      paramLabel = "N",
      description =
          "Training samples to draw with --data generated, 10 to 1000000; the test set has a"
              + " quarter as many more. Default: ${DEFAULT-VALUE}.")
  int generatedSamples = 8_000;

  @Option(
      names = "--validation-fraction",
      paramLabel = "F",
      description =
          "Hold back this share of the training set, 0 to 0.9, and evaluate on it in place of the"
              + " test set, which is then not looked at: for choosing options. Default:"
              + " ${DEFAULT-VALUE}.")
  double validationFraction;

  @Option(
      names = "--model",
      paramLabel = "softmax|mlp:W,W,...",
      description =
          "Softmax regression, or a multi-layer perceptron with these hidden widths and ReLU."
              + " Default: ${DEFAULT-VALUE}.")
  String model = "mlp:256,128";

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "Number of workers, 1 to "
              + MAX_WORKERS
              + ", each with its own replica and two threads."
              + " Default: ${DEFAULT-VALUE}.")
  int workers = 4;

  @Option(
      names = "--processes",
      description =
          "Give every worker a process of its own. One that dies is left behind: the others finish,"
              + " and the loss is told.")
  boolean processes;

  @Option(
      names = "--restart",
      paramLabel = "N",
      description =
          "With --processes: start a dead worker again, N times in all, 0 to 1000000; it copies the"
              + " model of one that lives. Default: ${DEFAULT-VALUE}.")
  int restarts;

  @Option(
      names = "--algorithm",
      paramLabel = "ad-psgd|allreduce|d-psgd|a-psgd",
      description =
          "How the workers come to one model: ad-psgd averages with one neighbour at a time and"
              + " waits for nobody; to compare with, allreduce and d-psgd go through common rounds,"
              + " a-psgd keeps each part of the model at one worker. Default: ${DEFAULT-VALUE}.")
  String algorithm = "ad-psgd";

  @Option(
      names = "--topology",
      paramLabel = "GRAPH",
      description =
          "Who may average with whom: ring, torus, exponential, star, complete,"
              + " complete-bipartite, bipartite-exponential, random-regular[:DEGREE] or file:PATH"
              + " ('starling topology' shows them). Default: ${DEFAULT-VALUE}.")
  String topology = Topology.Kind.COMPLETE.optionName();

  @Option(
      names = "--partner",
      paramLabel = "POLICY",
      description =
          "How a worker picks a neighbour: hybrid (next in rotation if free, else the free one met"
              + " least recently), rotation, or random (the paper's). Default: ${DEFAULT-VALUE}.")
  String partner = "hybrid";

  @Option(
      names = "--optimizer",
      paramLabel = "sgd|momentum|nesterov|adamw",
      description = "What turns a gradient into an update. Default: ${DEFAULT-VALUE}.")
  String optimizer = MOMENTUM;

  @Option(
      names = "--momentum",
      paramLabel = "MU",
      description =
          "Factor of --optimizer momentum and nesterov, 0 to below 1. Default: ${DEFAULT-VALUE}.")
  double momentum = 0.9;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      description =
          "Highest learning rate, above 0. A gradient moves one replica by it, so the average of N"
              + " replicas by a N-th. Default: 0.03, for adamw 0.003.")
  Double learningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      description =
          "L2 decay that is added to each gradient, or the decoupled decay of adamw, 0 to 1."
              + " Default: 0.001, for adamw 0.05.")
  Double weightDecay;

  @Option(
      names = "--clip-norm",
      paramLabel = "C",
      description =
          "Shorten every gradient to this Euclidean norm when it is longer, before decay is added;"
              + " 0 does not. Default: ${DEFAULT-VALUE}.")
  double clipNorm;

  @Option(
      names = "--schedule",
      paramLabel = "constant|cosine|linear|step",
      description =
          "The learning rate over the run, after the warm-up: the same throughout, half a cosine or"
              + " a straight line down to 0, or drops by --lr-drop. Default: ${DEFAULT-VALUE}.")
  String schedule = COSINE;

  @Option(
      names = "--warmup",
      paramLabel = "EPOCHS",
      description =
          "Length of the linear rise at the start in epochs, at most half of the run. Default:"
              + " ${DEFAULT-VALUE}.")
  double warmupEpochs = 1;

  @Option(
      names = "--lr-drop",
      paramLabel = "EPOCHS,FACTOR",
      split = ",",
      description =
          "With --schedule step: multiply the learning rate by FACTOR (0 to 1) every so many"
              + " epochs. Default: 5,0.3.")
  double[] drop = {5, 0.3};

  @Option(
      names = "--batch",
      paramLabel = "B",
      description = "Samples per gradient, 1 to 65536. Default: ${DEFAULT-VALUE}.")
  int batch = 16;

  @Option(
      names = "--epochs",
      paramLabel = "E",
      description =
          "Length of the run: E times the size of the training set, in samples drawn by all workers"
              + " together; fractions are allowed. A slow worker draws fewer of them. Default: 15.")
  Double epochs;

  @Option(
      names = "--steps",
      paramLabel = "K",
      description =
          "Length of the run in place of --epochs: K gradients per worker on average, that is K"
              + " times --workers gradients that all workers draw from, so that nobody waits for a"
              + " slow one.")
  Long steps;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description =
          "Seed of the initial model, the batches and the choice of partners. The timing of threads"
              + " still differs from run to run. Default: ${DEFAULT-VALUE}.")
  long seed = 1;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Run directory, missing or empty: config.json, train.log, model.safetensors (the averaged"
              + " model), result.json. Default: starling-runs/TIME-COMMAND here, or under"
              + " the directory for temporary files when this one is not writable.")
  Path out;

  @Option(
      names = "--slow",
      paramLabel = "RANK=FACTOR",
      split = ",",
      description =
          "Make workers slow: the time of every gradient of worker RANK (from 0) is stretched by"
              + " FACTOR, 1 to 100000, waiting without using the processor.")
  Map<Integer, Double> slow = new TreeMap<>();

  @Option(
      names = "--compute-ms",
      paramLabel = "MS",
      description =
          "Let every gradient take at least this many milliseconds, 0 to 600000, before --slow: the"
              + " time of a pretended GPU, waited without using the processor. Default:"
              + " ${DEFAULT-VALUE}.")
  double computeMs;

  @Option(
      names = "--max-backlog",
      paramLabel = "N",
      description =
          "How many gradients a worker may have handed in before its own communication thread has"
              + " applied them, 1 to 1000000; then it waits for that thread, never for another"
              + " worker. 0 never waits: on a busy machine late gradients add up to steps so long"
              + " that training may diverge. Default: ${DEFAULT-VALUE}.")
  int maxBacklog = 2;

  @Option(
      names = "--max-staleness",
      paramLabel = "N",
      description =
          "How many versions of the model may be published between reading it and applying the"
              + " gradient, 0 for any number; --late says what becomes of gradients beyond."
              + " Default: ${DEFAULT-VALUE}.")
  long maxStaleness;

  @Option(
      names = "--late",
      paramLabel = "drop|scale",
      description =
          "What becomes of a gradient beyond --max-staleness: it is dropped and counted, or scaled"
              + " by N over its staleness. Default: ${DEFAULT-VALUE}.")
  String late = "drop";

  @Option(
      names = "--hold-limit-ms",
      paramLabel = "MS",
      description =
          "How long a worker may hold a stripe of another before its owner breaks the lock, 1 to"
              + " 3600000: a stopped process blocks its partner for that long. Default:"
              + " ${DEFAULT-VALUE}.")
  double holdLimitMs = JobContext.HOLD_LIMIT_NS_DEFAULT / 1e6;

  @Option(
      names = "--stripe-bytes",
      paramLabel = "BYTES",
      description =
          "Length of a stripe, the part of the model that is locked and averaged at once; a smaller"
              + " model has one. Default: ${DEFAULT-VALUE} (64 MiB).")
  long stripeBytes = JobContext.STRIPE_BYTES_DEFAULT;

  @Option(
      names = "--stripes-in-flight",
      paramLabel = "N",
      description =
          "How many stripes of one update are averaged at once, each with another partner, 1 to"
              + " 1024. Default: ${DEFAULT-VALUE}.")
  int stripesInFlight = JobContext.STRIPES_IN_FLIGHT_DEFAULT;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda",
      description =
          "What computes gradients and combines models: the processors, or the GPUs of this host,"
              + " one for each worker while there are enough; auto takes GPUs where they can be"
              + " used. The combine gives the same bits. Default: ${DEFAULT-VALUE}.")
  String device = KernelsChoice.AUTO;

  @Option(
      names = "--cuda",
      paramLabel = "NAME=VALUE",
      split = ",",
      description =
          "More about the GPUs: placement (auto, mapped or staged), devices (for instance 0:1),"
              + " matrix (auto, cublas or tiled). Default: what is measured at the start.")
  Map<String, String> deviceSettings = new TreeMap<>();

  @Option(
      names = "--combine-threads",
      paramLabel = "N",
      description =
          "How many threads of a worker combine models on the CPU, 1 to 256: more are faster where"
              + " large models are averaged on a machine with processors to spare. Default:"
              + " ${DEFAULT-VALUE}.")
  int combineThreads = 1;

  @Option(
      names = "--agent-cpus",
      paramLabel = "none|LIST|numa:N",
      description =
          "Processors for the workers' communication threads: a list like 0-3,6 or those of a"
              + " memory node; worker R gets the R-th of them, round and round. Default:"
              + " ${DEFAULT-VALUE}.")
  String agentCpus = "none";

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description =
          "Where the replicas lie in shared memory: a directory on a memory file system. Default:"
              + " ${DEFAULT-VALUE}.")
  Path directory = ShmFabric.DEFAULT_DIRECTORY;

  @Option(
      names = "--lock-memory",
      description = "Lock the replicas into RAM with mlock(2); needs ulimit -l to allow it.")
  boolean lockMemory;

  @Mixin RecordOptions record = new RecordOptions();
  @Mixin LaunchOptions launch = new LaunchOptions();
  @Mixin LinkOptions link = new LinkOptions();

  /**
   * Checks everything that can be checked before the data is read.
   *
   * @return this
   * @throws ConfigurationException names the option, its value and what it takes
   */
  TrainOptions check() {
    ConfigurationException.requireRange("--generated-samples", generatedSamples, 10, 1_000_000);
    ConfigurationException.requireRange("--validation-fraction", validationFraction, 0, 0.9);
    ConfigurationException.requireRange("--workers", workers, 1, MAX_WORKERS);
    Topology.parse(topology, workers, seed);
    requireFor(Algorithm.parse(algorithm));
    CpuSet.parse(agentCpus);
    LateGradients.parse(late);
    PartnerPolicy.Kind.parse(partner);
    requireOneOf("--optimizer", optimizer, SGD, MOMENTUM, NESTEROV, ADAMW);
    requireOneOf("--schedule", schedule, CONSTANT, COSINE, LINEAR, STEP);
    ConfigurationException.requireRange("--restart", restarts, 0, 1_000_000);
    if (restarts > 0 && !processes) {
      throw new ConfigurationException(
          "--restart=" + restarts + " needs --processes: threads of one process die together");
    }
    ConfigurationException.requireRange("--clip-norm", clipNorm, 0, 1e30);
    ConfigurationException.requireRange("--max-staleness", maxStaleness, 0, 1L << 40);
    ConfigurationException.requireRange("--hold-limit-ms", holdLimitMs, 1, 3_600_000);
    ConfigurationException.requireRange(
        "--combine-threads", combineThreads, 1, ParallelCpuKernels.MAX_THREADS);
    ConfigurationException.requireRange("--stripes-in-flight", stripesInFlight, 1, 1024);
    if (drop.length != 2) {
      throw new ConfigurationException(
          "--lr-drop has " + drop.length + " numbers: give two, EPOCHS,FACTOR");
    }
    ConfigurationException.requireRange("the epochs in --lr-drop", drop[0], 1e-3, 1e6);
    ConfigurationException.requireRange("the factor in --lr-drop", drop[1], 0, 1);
    ConfigurationException.requireRange("--momentum", momentum, 0, 0.99999);
    ConfigurationException.requireRange("--lr", learningRate(), Float.MIN_NORMAL, 1e6);
    ConfigurationException.requireRange("--weight-decay", weightDecay(), 0, 1);
    ConfigurationException.requireRange("--warmup", warmupEpochs, 0, 1e6);
    ConfigurationException.requireRange("--batch", batch, 1, 65_536);
    ConfigurationException.requireRange("--compute-ms", computeMs, 0, MAX_COMPUTE_MS);
    ConfigurationException.requireRange("--max-backlog", maxBacklog, 0, 1_000_000);
    if (epochs != null && steps != null) {
      throw new ConfigurationException(
          "--epochs=" + epochs + " and --steps=" + steps + " exclude each other: give one");
    }
    if (epochs != null) {
      ConfigurationException.requireRange("--epochs", epochs, 1e-6, 1e6);
    }
    if (steps != null) {
      ConfigurationException.requireRange("--steps", steps, 1, 1_000_000_000_000L);
    }
    record.check();
    launch.check();
    link.check(workers, processes);
    slow.forEach(
        (rank, factor) -> {
          ConfigurationException.requireRange("the rank in --slow", rank, 0, workers - 1);
          ConfigurationException.requireRange(
              "the factor of rank " + rank + " in --slow", factor, 1, 100_000);
        });
    return this;
  }

  /** Only AD-PSGD goes on without a worker, and only its runs can be replayed. */
  private void requireFor(Algorithm chosen) {
    String unfit =
        restarts > 0 ? "--restart" : record.isUsed() ? "a log, checkpoints or --resume" : "";
    if (chosen.needsEveryWorker() && !unfit.isEmpty()) {
      throw new ConfigurationException(
          "--algorithm="
              + algorithm
              + " does not go together with "
              + unfit
              + ": leave that out, or use ad-psgd");
    }
  }

  private static void requireOneOf(String name, String value, String... accepted) {
    for (String one : accepted) {
      if (one.equals(value)) {
        return;
      }
    }
    throw new ConfigurationException(
        name + "=" + value + " is unknown: choose one of " + String.join(", ", accepted));
  }

  /** {@return the highest learning rate} */
  double learningRate() {
    return learningRate != null ? learningRate : optimizer.equals(ADAMW) ? 0.003 : 0.03;
  }

  /** {@return L2 decay, or the decoupled decay of adamw} */
  double weightDecay() {
    return weightDecay != null ? weightDecay : optimizer.equals(ADAMW) ? 0.05 : 1e-3;
  }

  /** {@return the length of the run in epochs, unless it is given in steps} */
  double epochsOrDefault() {
    return epochs == null ? DEFAULT_EPOCHS : epochs;
  }

  /**
   * How much longer a worker's gradients take.
   *
   * @param rank the worker
   * @return 1 unless it was made slow
   */
  double slowFactor(int rank) {
    return slow.getOrDefault(rank, 1.0);
  }

  /** {@return every option as the run uses it, for config.json} */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("data", data);
    map.put("generatedSamples", data.equals(GENERATED) ? generatedSamples : null);
    map.put("validationFraction", validationFraction);
    map.put("model", model);
    map.put("workers", workers);
    map.put("algorithm", algorithm);
    map.put("topology", topology);
    map.put("partner", partner);
    map.put("optimizer", optimizer);
    map.put("momentum", optimizer.equals(MOMENTUM) || optimizer.equals(NESTEROV) ? momentum : 0);
    map.put("lr", learningRate());
    map.put("weightDecay", weightDecay());
    map.put("clipNorm", clipNorm);
    map.put("schedule", schedule);
    map.put("warmupEpochs", warmupEpochs);
    map.put("lrDrop", schedule.equals(STEP) ? drop : null);
    map.put("batch", batch);
    map.put("epochs", steps == null ? epochsOrDefault() : null);
    map.put("steps", steps);
    map.put("seed", seed);
    map.put("slow", slow);
    map.put("computeMs", computeMs);
    map.put("maxBacklog", maxBacklog);
    map.put("maxStaleness", maxStaleness);
    map.put("late", maxStaleness == 0 ? null : late);
    map.put("holdLimitMs", holdLimitMs);
    map.put("processes", processes);
    map.put("restarts", restarts);
    map.put("stripeBytes", stripeBytes);
    map.put("stripesInFlight", stripesInFlight);
    map.put("device", device);
    map.put("deviceSettings", deviceSettings.isEmpty() ? null : deviceSettings);
    map.put("combineThreads", combineThreads);
    map.put("agentCpus", agentCpus);
    map.put("directory", directory.toString());
    map.put("lockMemory", lockMemory);
    map.putAll(link.toMap());
    map.putAll(record.toMap());
    return map;
  }
}

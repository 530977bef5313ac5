package dev.starling.cli.sim;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.sim.ScaleAlgorithm;
import dev.starling.engine.sim.ScaleOptions;
import dev.starling.engine.sim.ScaleSimulation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains on a cluster that is only a model: {@code starling sim scale}. */
@Command(
    name = "scale",
    header = "Train a small problem on hundreds of simulated workers, in virtual time.",
    description = {
      "",
      "The workers, their agents and the exchange protocol are the engine's own; compute times and"
          + " the network are a model: log-normal gradients, and network cards that send and"
          + " receive one transfer after the other. Equal options give equal output.",
      "",
      "What averaging costs a processor or GPU, and congestion between the cards, are not in the"
          + " model. The baselines are not simulated: the ring all-reduce beside the result is a"
          + " formula.",
      ""
    })
public final class ScaleCommand extends StarlingCommand {
  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "Number of workers, 2 to " + ScaleOptions.MAX_WORKERS + ". Default: ${DEFAULT-VALUE}.")
  private int workers = 128;

  @Option(
      names = "--topology",
      paramLabel = "KIND",
      description =
          "Graph of the workers, see `starling topology --list`. Default: ${DEFAULT-VALUE}.")
  private String topology = "exponential";

  @Option(
      names = "--algorithm",
      paramLabel = "NAME",
      description = "Whose communication is simulated: ad-psgd. Default: ${DEFAULT-VALUE}.")
  private String algorithm = "ad-psgd";

  @Option(
      names = "--epochs",
      paramLabel = "E",
      description = "Epochs until the end. Default: ${DEFAULT-VALUE}.")
  private int epochs = 4;

  @Option(
      names = "--steps",
      paramLabel = "S",
      description =
          "Gradients in an epoch, for each worker on average; whoever is faster computes more of"
              + " them. Default: ${DEFAULT-VALUE}.")
  private int steps = 40;

  @Option(
      names = "--seconds",
      paramLabel = "T",
      description = "End after this much virtual time at the latest, 0 for no limit. Default: 0.")
  private double seconds;

  @Option(
      names = "--compute-ms",
      paramLabel = "C",
      description = "Mean time of a gradient, in ms. Default: ${DEFAULT-VALUE}.")
  private double computeMs = 100;

  @Option(
      names = "--compute-spread",
      paramLabel = "SIGMA",
      description =
          "Standard deviation of the logarithm of that time, 0 to 2. Default: ${DEFAULT-VALUE}.")
  private double computeSpread = 0.1;

  @Option(
      names = "--slow-factor",
      paramLabel = "F",
      description =
          "How much longer the gradients of the last rank take, from 1. Default: ${DEFAULT-VALUE}.")
  private double slowFactor = 1;

  @Option(
      names = "--latency-us",
      paramLabel = "L",
      description = "One-way latency of a message, in us. Default: ${DEFAULT-VALUE}.")
  private double latencyUs = 2;

  @Option(
      names = "--gbit",
      paramLabel = "B",
      description =
          "Bandwidth of each worker's card, each way, in Gbit/s. Default: ${DEFAULT-VALUE}.")
  private double gbit = 100;

  @Option(
      names = "--parameters",
      paramLabel = "P",
      description =
          "Length of the model on the network, in float32 parameters; what is trained is small"
              + " always. Default: ${DEFAULT-VALUE}.")
  private long parameters = 25_000_000;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Samples per gradient. Default: ${DEFAULT-VALUE}.")
  private int batch = 16;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description = "Learning rate, of plain SGD. Default: ${DEFAULT-VALUE}.")
  private double learningRate = 0.2;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "Determines samples, compute times and partners. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public ScaleCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    ScaleOptions options =
        new ScaleOptions()
            .algorithm(ScaleAlgorithm.parse(algorithm))
            .workers(workers)
            .topology(topology)
            .epochs(epochs)
            .stepsPerEpoch(steps)
            .maxSeconds(seconds)
            .computeMs(computeMs)
            .computeSpread(computeSpread)
            .slowFactor(slowFactor)
            .latencyUs(latencyUs)
            .gigabits(gbit)
            .parameters(parameters)
            .batch(batch)
            .learningRate(learningRate)
            .seed(seed);
    ScaleText text = new ScaleText(ScaleSimulation.run(options));
    answer(text.json(), text.report());
  }
}

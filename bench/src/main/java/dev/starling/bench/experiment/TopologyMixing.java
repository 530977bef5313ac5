package dev.starling.bench.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.Terminal;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How fast replicas come together: {@code starling experiment topology}. */
@Command(
    name = "topology",
    header = "Measure how fast replicas come together on a graph, against its spectral gap.",
    description = {
      "",
      "Replicas start apart, drawn at random, and do nothing but average (their gradients are"
          + " zero); who begins an exchange is drawn at random, as the prediction has it.",
      ""
    })
final class TopologyMixing extends ExperimentCommand {
  private static final double END = 1e-4;
  private static final int LOOKS = 40;
  private static final double EXCHANGES_PER_SECOND = 500;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Number of workers, 2 to 128. Default: 16.")
  private Integer workers;

  @Option(
      names = "--topologies",
      paramLabel = "GRAPH,...",
      split = ",",
      description =
          "Graphs as train takes them. Default:"
              + " ring,torus,exponential,bipartite-exponential,complete.")
  private List<String> topologies;

  @Option(
      names = "--partners",
      paramLabel = "POLICY,...",
      split = ",",
      description =
          "How a worker chooses: random is what the prediction describes. Default: random,hybrid.")
  private List<String> partners;

  @Option(
      names = "--seeds",
      paramLabel = "A..B|S,S,...",
      description = "A run for each of them. Default: 1..3.")
  private String seeds;

  private final Map<String, Graph> graphs = new HashMap<>();

  /** A graph, and the expected squared distance by exchanges on it. */
  private record Graph(Topology topology, double[] predicted) {
    boolean isOf(Topology other) {
      return topology.name().equals(other.name())
          && IntStream.range(0, topology.workers())
              .allMatch(i -> Arrays.equals(topology.neighbours(i), other.neighbours(i)));
    }
  }

  TopologyMixing(Terminal terminal, RunLauncher launcher) {
    super(terminal, launcher);
  }

  @Override
  List<RunSpec> plan() {
    workers = workers != null ? workers : quick() ? 8 : 16;
    ConfigurationException.requireRange("--workers", workers, 2, 128);
    topologies =
        topologies != null
            ? topologies
            : quick()
                ? List.of("ring", "complete")
                : List.of("ring", "torus", "exponential", "bipartite-exponential", "complete");
    partners =
        partners != null ? partners : quick() ? List.of("random") : List.of("random", "hybrid");
    partners.forEach(PartnerPolicy.Kind::parse);
    List<RunSpec> plan = new ArrayList<>();
    for (String topology : topologies) {
      for (String partner : partners) {
        for (long seed : seeds()) {
          Graph graph = graphs.computeIfAbsent(topology + " " + seed, key -> graph(topology, seed));
          plan.add(run(topology, partner, seed, graph.predicted().length - 1));
        }
      }
    }
    return plan;
  }

  /** Only a graph that is random differs with the seed: of others there is one prediction. */
  private Graph graph(String topology, long seed) {
    Topology parsed = Topology.parse(topology, workers, seed);
    return graphs.values().stream()
        .filter(known -> known.isOf(parsed))
        .findFirst()
        .orElseGet(() -> new Graph(parsed, SecondMoment.curve(parsed, END)));
  }

  private List<Long> seeds() {
    return Convergence.seeds(seeds != null ? seeds : quick() ? "1" : "1..3");
  }

  private Graph graph(RunOutcome outcome) {
    return graphs.get(text(outcome, "topology") + " " + text(outcome, "seed"));
  }

  private RunSpec run(String topology, String partner, long seed, int exchanges) {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("topology", topology);
    keys.put("partner", partner);
    keys.put("workers", workers);
    keys.put("seed", seed);
    List<String> arguments =
        List.of(
            ExperimentGroup.NAME,
            MixingCommand.NAME,
            "--workers",
            workers.toString(),
            "--topology",
            topology,
            "--partner",
            partner,
            "--exchanges",
            Integer.toString(exchanges),
            "--round",
            Integer.toString(Math.max(1, exchanges / LOOKS)),
            "--seed",
            Long.toString(seed));
    return new RunSpec(
        (topology + "-" + partner + "-" + seed).replaceAll("[^A-Za-z0-9._-]+", "-"),
        keys,
        arguments,
        2 + exchanges / EXCHANGES_PER_SECOND,
        false);
  }

  @Override
  Row row(RunOutcome outcome, List<RunOutcome> before) {
    Graph graph = graph(outcome);
    double[] exchanges = numbers(outcome.result().path("exchanges"));
    double[] squared = numbers(outcome.result().path("squaredDistance"));
    double[] expected = new double[exchanges.length];
    double[] curve = graph.predicted();
    for (int i = 0; i < exchanges.length; i++) {
      expected[i] = exchanges[i] < curve.length ? curve[(int) exchanges[i]] : Double.NaN;
    }
    double measured = decay(exchanges, squared, END);
    double predicted = decay(exchanges, expected, END);
    return new Row(outcome)
        .put("spectralGap", graph.topology().mixing().gap())
        .put("guaranteedDecay", -Math.log(graph.topology().mixing().rho()))
        .put("predictedDecay", predicted)
        .put("measuredDecay", measured)
        .put("ofPredicted", measured / predicted)
        .put("exchanges", exchanges.length == 0 ? 0L : (long) exchanges[exchanges.length - 1])
        .put("cpuBusy", outcome.cpuBusy());
  }

  private static String text(RunOutcome outcome, String key) {
    return String.valueOf(outcome.spec().keys().get(key));
  }

  private static double[] numbers(JsonNode array) {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.get(i).asDouble();
    }
    return numbers;
  }

  /**
   * Fits an exponential.
   *
   * @param x first coordinates
   * @param y positive values; those below {@code least} and NaN are left out
   * @param least where rounding and the last exchanges decide
   * @return how much the logarithm of y falls where x grows by one, NaN for less than two points
   */
  static double decay(double[] x, double[] y, double least) {
    double n = 0;
    double sumX = 0;
    double sumY = 0;
    double sumXx = 0;
    double sumXy = 0;
    for (int i = 0; i < x.length; i++) {
      if (y[i] >= least) {
        double log = Math.log(y[i]);
        n++;
        sumX += x[i];
        sumY += log;
        sumXx += x[i] * x[i];
        sumXy += x[i] * log;
      }
    }
    double spread = n * sumXx - sumX * sumX;
    return n < 2 || spread <= 0 ? Double.NaN : -(n * sumXy - sumX * sumY) / spread;
  }

  @Override
  List<Row> summaries(List<Row> rows) {
    List<Row> summaries = new ArrayList<>();
    for (String topology : topologies) {
      for (String partner : partners) {
        List<Row> own =
            rows.stream()
                .filter(row -> !row.hasFailed())
                .filter(row -> row.text("topology").equals(topology))
                .filter(row -> row.text("partner").equals(partner))
                .toList();
        if (!own.isEmpty()) {
          List<Double> shares = own.stream().map(row -> row.number("ofPredicted")).toList();
          summaries.add(
              new Row()
                  .put("summary", true)
                  .put("topology", topology)
                  .put("partner", partner)
                  .put("runs", own.size())
                  .put("spectralGap", own.getFirst().number("spectralGap"))
                  .put("predictedDecay", mean(own, "predictedDecay"))
                  .put("measuredDecay", mean(own, "measuredDecay"))
                  .put("ofPredicted", Numbers.mean(shares))
                  .put("ofPredictedSpread", Numbers.spread(shares)));
        }
      }
    }
    return summaries;
  }

  private static double mean(List<Row> rows, String key) {
    return Numbers.mean(rows.stream().map(row -> row.number(key)).toList());
  }

  @Override
  Map<String, TextTable> tables(List<Row> rows) {
    TextTable table =
        new TextTable(
            "topology",
            "partner",
            "spectral gap",
            "predicted decay",
            "measured decay",
            "measured / predicted");
    for (Row row : rows) {
      if (row.is("summary")) {
        table.row(
            row.text("topology"),
            row.text("partner"),
            Numbers.short3(row.number("spectralGap")),
            Numbers.short3(row.number("predictedDecay")),
            Numbers.short3(row.number("measuredDecay")),
            Numbers.withSpread(row.number("ofPredicted"), row.number("ofPredictedSpread"), 2));
      }
    }
    Map<String, TextTable> tables = new LinkedHashMap<>();
    tables.put(
        workers + " workers: fall of the logarithm of the squared distance for each exchange",
        table);
    return tables;
  }

  @Override
  void draw(Page page, List<Row> rows, List<RunOutcome> outcomes) {
    for (String topology : topologies) {
      LineChart chart =
          new LineChart(
              "Distance on " + topology,
              Axis.linear("exchanges", ""),
              Axis.logarithmic("squared distance", "of the first"));
      for (String partner : partners) {
        first(outcomes, topology, partner)
            .ifPresent(
                outcome ->
                    chart.line(
                        "measured, " + partner,
                        numbers(outcome.result().path("exchanges")),
                        numbers(outcome.result().path("squaredDistance"))));
      }
      Graph graph = graphs.get(topology + " " + seeds().getFirst());
      double[] curve = graph.predicted();
      double[] x = new double[curve.length];
      double[] bound = new double[curve.length];
      for (int k = 0; k < x.length; k++) {
        x[k] = k;
        bound[k] = Math.pow(graph.topology().mixing().rho(), k);
      }
      page.figure(
          chart.reference("predicted", x, curve).line("bound by the spectral gap", x, bound),
          "Of several seeds the first is drawn.");
    }
  }

  /** The run of the first seed, whose graph is the predicted one. */
  private Optional<RunOutcome> first(List<RunOutcome> outcomes, String topology, String partner) {
    return outcomes.stream()
        .filter(outcome -> !outcome.hasFailed())
        .filter(outcome -> text(outcome, "topology").equals(topology))
        .filter(outcome -> text(outcome, "partner").equals(partner))
        .filter(outcome -> text(outcome, "seed").equals(seeds().getFirst().toString()))
        .findFirst();
  }

  @Override
  List<String> notes() {
    return List.of(
        "Predicted: the expected squared distance from the average, exchange by exchange, from the"
            + " second moments of the replicas (M becomes E[W M W]) for pairs drawn as the spectral"
            + " gap has it: a worker uniformly, then one of its neighbours. Derived, not the"
            + " paper's.",
        "Bound: the spectral gap promises a fall by at least the factor 1 - gap for each exchange;"
            + " on a complete graph the prediction is that, on sparse ones it falls faster, above"
            + " all at first.",
        "Measured: the engine's exchanges, counted, with a look at the replicas after each round"
            + " while nothing moves. One sequence of pairs falls a little faster than the mean of"
            + " all.",
        "hybrid is the engine's default choice of a partner. It avoids the last one, which mixes"
            + " faster where a worker has few neighbours; where only half of the workers begin, as"
            + " on a bipartite graph, their rotations may run in step, which mixes more slowly.");
  }
}

package dev.starling.bench.experiment;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.topology.Topology;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One run of the experiment {@code topology}, in a process of its own. */
@Command(
    name = MixingCommand.NAME,
    hidden = true,
    header =
        "Let replicas that start apart do nothing but average, and tell how far apart they are.")
final class MixingCommand extends StarlingCommand {
  static final String NAME = "mixing-run";

  @Option(names = "--workers", paramLabel = "N", description = "Number of workers.")
  private int workers = 16;

  @Option(names = "--topology", paramLabel = "GRAPH", description = "As train takes it.")
  private String topology = "complete";

  @Option(names = "--partner", paramLabel = "POLICY", description = "As train takes it.")
  private String partner = "random";

  @Option(names = "--exchanges", paramLabel = "K", description = "The end at the latest.")
  private long exchanges = 2_000;

  @Option(names = "--round", paramLabel = "K", description = "Exchanges between two looks.")
  private int round = 16;

  @Option(names = "--seed", paramLabel = "S", description = "Of everything that chance decides.")
  private long seed = 1;

  MixingCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() throws Exception {
    ConfigurationException.requireRange("--workers", workers, 2, 1024);
    ConfigurationException.requireRange("--exchanges", exchanges, 1, 10_000_000);
    ConfigurationException.requireRange("--round", round, 1, 1_000_000);
    MixingRun run =
        new MixingRun(
            Topology.parse(topology, workers, seed),
            PartnerPolicy.Kind.parse(partner),
            round,
            seed);
    List<MixingRun.Point> points = run.run(exchanges);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("exchanges", points.stream().map(MixingRun.Point::exchanges).toList());
    json.put("squaredDistance", points.stream().map(MixingRun.Point::squaredDistance).toList());
    answer(json, points + "\n");
  }
}

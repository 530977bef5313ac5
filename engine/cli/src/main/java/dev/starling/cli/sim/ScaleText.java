package dev.starling.cli.sim;

import dev.starling.cli.Json;
import dev.starling.engine.sim.ScaleEpoch;
import dev.starling.engine.sim.ScaleOptions;
import dev.starling.engine.sim.ScaleReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Prints a simulation at scale.
 *
 * @param of what is printed
 */
record ScaleText(ScaleReport of) {
  private static final double NS = 1e9;
  private static final String FORMULA = "model of ring all-reduce, not simulated";
  private static final List<String> MISSING = List.of("allreduce", "d-psgd", "a-psgd");

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("options", options());
    json.put("epochs", of.epochs().stream().map(ScaleText::json).toList());
    json.put("virtualSeconds", of.virtualNs() / NS);
    json.put("epochSeconds", Json.number(of.epochNs() / NS));
    json.put("idealEpochSeconds", of.idealEpochNs() / NS);
    json.put("efficiency", Json.number(of.efficiency()));
    Map<String, Object> formula = new LinkedHashMap<>();
    formula.put("what", FORMULA);
    formula.put("epochSeconds", of.ringAllReduceEpochNs() / NS);
    json.put("ringAllReduce", formula);
    json.put("notSimulated", MISSING);
    json.put("gradients", of.gradients());
    json.put("exchanges", of.exchanges());
    json.put("exchangesPerSecond", of.exchangesPerSecond());
    json.put("initiators", of.initiators());
    json.put("aloneShare", of.aloneShare());
    json.put("mergedShare", of.mergedShare());
    json.put("stalenessMean", of.stalenessMean());
    json.put("stalenessMax", of.stalenessMax());
    json.put("stalenessMaxOfOthers", of.stalenessMaxOfOthers());
    json.put("busyPeers", of.busyPeers());
    json.put("busyOwn", of.busyOwn());
    json.put("faults", of.faults());
    json.put("gradientsPerSecondOfOthers", of.gradientsPerSecondOfOthers());
    json.put("gradientsOfSlowed", of.gradientsOfSlowed());
    json.put("exchangesOfSlowed", of.exchangesOfSlowed());
    json.put("events", of.events());
    json.put("traceHash", Long.toHexString(of.traceHash()));
    return json;
  }

  private Map<String, Object> options() {
    ScaleOptions options = of.options();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("algorithm", options.algorithm().optionName());
    json.put("workers", options.workers());
    json.put("topology", options.topology());
    json.put("epochs", options.epochs());
    json.put("steps", options.stepsPerEpoch());
    json.put("seconds", options.maxSeconds());
    json.put("computeMs", options.computeMs());
    json.put("computeSpread", options.computeSpread());
    json.put("slowFactor", options.slowFactor());
    json.put("latencyUs", options.latencyUs());
    json.put("gbit", options.gigabits());
    json.put("parameters", options.parameters());
    json.put("batch", options.batch());
    json.put("learningRate", options.learningRate());
    json.put("seed", options.seed());
    return json;
  }

  private static Map<String, Object> json(ScaleEpoch epoch) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("epoch", epoch.epoch());
    json.put("endSeconds", epoch.endNs() / NS);
    json.put("loss", Json.number(epoch.loss()));
    json.put("accuracy", epoch.accuracy());
    json.put("consensusDistance", Json.number(epoch.consensusDistance()));
    json.put("stalenessMean", epoch.stalenessMean());
    return json;
  }

  String report() {
    List<String> lines = new ArrayList<>();
    lines.add(
        line(
            "%5s %10s %8s %9s %10s %10s",
            "epoch", "ends, s", "loss", "accuracy", "consensus", "staleness"));
    for (ScaleEpoch epoch : of.epochs()) {
      lines.add(
          line(
              "%5d %10.3f %8.4f %8.1f%% %10.2e %10.2f",
              epoch.epoch(),
              epoch.endNs() / NS,
              epoch.loss(),
              100 * epoch.accuracy(),
              epoch.consensusDistance(),
              epoch.stalenessMean()));
    }
    lines.add("");
    addTimes(lines);
    addPairing(lines);
    lines.add(line("trace hash       %016x, %d events", of.traceHash(), of.events()));
    return String.join("\n", lines) + "\n";
  }

  private void addTimes(List<String> lines) {
    if (of.epochs().isEmpty()) {
      lines.add(line("epoch time       none ended within %.3f s", of.virtualNs() / NS));
    } else {
      lines.add(
          line(
              "epoch time       %.3f s, %.1f %% of the speed without communication (%.3f s)",
              of.epochNs() / NS, 100 * of.efficiency(), of.idealEpochNs() / NS));
    }
    lines.add(line("all-reduce       %.3f s (%s)", of.ringAllReduceEpochNs() / NS, FORMULA));
    lines.add("baselines        " + String.join(", ", MISSING) + ": not simulated");
  }

  private void addPairing(List<String> lines) {
    lines.add(
        line(
            "exchanges        %d, %.1f per second, begun by %d workers",
            of.exchanges(), of.exchangesPerSecond(), of.initiators()));
    lines.add(
        line("alone            %.2f %% of their updates found no partner", 100 * of.aloneShare()));
    lines.add(
        line("merged           %.2f %% of %d gradients", 100 * of.mergedShare(), of.gradients()));
    lines.add(
        line("staleness        mean %.2f, max %d versions", of.stalenessMean(), of.stalenessMax()));
    if (of.options().slowFactor() > 1) {
      lines.add(
          line(
              "slowed rank      %d gradients, %d exchanges; the others %.1f gradients each, max"
                  + " staleness %d",
              of.gradientsOfSlowed(),
              of.exchangesOfSlowed(),
              of.gradientsOfOthers(),
              of.stalenessMaxOfOthers()));
    }
    if (of.faults() > 0) {
      lines.add(line("faults           %d locks broken or exchanges torn", of.faults()));
    }
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}

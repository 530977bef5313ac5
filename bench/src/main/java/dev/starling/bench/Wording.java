package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a benchmark is called in tables: what was done, and what it was held against. */
record Wording(String what, String against) {
  private static final Map<String, Wording> KNOWN =
      Map.ofEntries(
          known("ExchangeBenchmark.exchangeAndKernel", "exchange of %s", "the kernel alone"),
          known(
              "LockBenchmark.lockPublishAndAtomicLong",
              "lock and publish a stripe",
              "two compare-and-swaps of an AtomicLong"),
          known("LogBenchmark.gradientAndCopy", "log a gradient of %s", "copying it"),
          known("LogBenchmark.smallRecords", "log a small record", ""),
          known("VerbsBenchmark.requests", "RDMA %s: write, post and poll it", "the same in C"),
          known(
              "VerbsBenchmark.fabric",
              "RDMA %s through the fabric, from the call to the handler",
              "the C loop"),
          known("DowncallBenchmark.critical", "call an empty C function", "C that calls it"),
          known(
              "DowncallBenchmark.transition",
              "the same with a thread transition",
              "C that calls it"),
          known("HandOffBenchmark.snapshot", "open and close a snapshot", ""),
          known(
              "HandOffBenchmark.submitToTaken",
              "gradient of 4 KiB, from submit until the agent has taken it",
              ""),
          known("StepBenchmark.step", "a step of 1 MB, from snapshot until it is applied", ""));

  private static final Map<String, String> KERNELS =
      Map.of(
          "AVERAGE", "average",
          "AVERAGE_BOTH", "average to both sides",
          "STEP", "SGD step",
          "MOMENTUM", "momentum, in place",
          "STEP_AVERAGE_BOTH", "step and average to both sides",
          "PACK_BF16", "f32 to bf16, in place, with residual",
          "UNPACK_BF16", "bf16 to f32",
          "COPY", "copy (C: memcpy)");

  private static Map.Entry<String, Wording> known(String benchmark, String what, String against) {
    return Map.entry(benchmark, new Wording(what, against));
  }

  /**
   * Finds the words for a result of JMH.
   *
   * @param result the result
   * @return its own name and parameters where nobody has found words
   * @throws IllegalArgumentException if it has no name
   */
  static Wording of(JsonNode result) {
    String name = name(result);
    JsonNode parameters = result.path("params");
    Wording known = KNOWN.get(name);
    if (known == null) {
      return new Wording((name + " " + parameters(parameters)).strip(), "rival");
    }
    return new Wording(known.what.replace("%s", size(parameters)), known.against);
  }

  /** {@return class and method of a result} */
  static String name(JsonNode result) {
    String[] name = result.path("benchmark").asText().split("\\.");
    if (name.length < 2) {
      throw new IllegalArgumentException("a result has no benchmark name");
    }
    return name[name.length - 2] + "." + name[name.length - 1];
  }

  /** {@return the words for a kernel} */
  static String kernel(JsonNode parameters) {
    String kernel = parameters.path("kernel").asText();
    return KERNELS.getOrDefault(kernel, kernel)
        + ", "
        + binary(parameters.path("floats").asLong(), "floats");
  }

  private static String size(JsonNode parameters) {
    if (parameters.has("modelBytes")) {
      return parameters.get("modelBytes").asLong() / 1_000_000 + " MB";
    }
    if (parameters.has("gradientBytes")) {
      return binary(parameters.get("gradientBytes").asLong(), "B").replace(" B", "B");
    }
    return parameters.path("operation").asText();
  }

  private static String binary(long number, String unit) {
    return number >= 1 << 20
        ? String.format(Locale.ROOT, "%d Mi %s", number >> 20, unit).replace("Mi B", "MiB")
        : String.format(Locale.ROOT, "%d Ki %s", number >> 10, unit).replace("Ki B", "KiB");
  }

  private static String parameters(JsonNode parameters) {
    List<String> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : parameters.properties()) {
      all.add(entry.getKey() + "=" + entry.getValue().asText());
    }
    Collections.sort(all);
    return String.join(", ", all);
  }
}

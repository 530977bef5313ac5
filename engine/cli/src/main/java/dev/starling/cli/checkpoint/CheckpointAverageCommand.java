package dev.starling.cli.checkpoint;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.checkpoint.CheckpointManifest;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the average of all ranks' models. */
@Command(
    name = "average",
    header = "Write the average of all ranks' models as a safetensors file.",
    description = {
      "",
      "A running mean in the order of the ranks, as the run itself averages: the same bits. All"
          + " checksums are compared first. Ranks without a state in the set are named.",
      ""
    })
final class CheckpointAverageCommand extends StarlingCommand {
  @Parameters(paramLabel = "DIR", description = "The run directory.")
  private Path directory;

  @Option(
      names = "--set",
      paramLabel = "N",
      description = "The number of the set, or newest. Default: ${DEFAULT-VALUE}.")
  private String set = RunSets.NEWEST;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The file to write; it must not exist. Default: none, it must be given.")
  private Path out;

  CheckpointAverageCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    RunSets run = RunSets.of(directory);
    OutputFile.require(out);
    CheckpointManifest manifest = run.manifest(set);
    ModelAverage average = new ModelAverage(run, manifest);
    ModelAverage.Result result;
    try (WorkProgress progress =
        new WorkProgress(terminal(), "checkpoint average", average.workBytes())) {
      result = average.write(out, progress);
    }
    report(manifest, result);
  }

  private void report(CheckpointManifest manifest, ModelAverage.Result result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("out", out.toString());
    json.put("set", manifest.set());
    json.put("ranks", result.ranks());
    json.put("missing", manifest.missing().stream().map(m -> m.rank()).toList());
    json.put("tensors", result.tensors());
    json.put("parameters", result.parameters());
    String missing =
        manifest.missing().stream()
            .map(rank -> "%d (%s)".formatted(rank.rank(), rank.reason()))
            .collect(Collectors.joining(", "));
    answer(
        json,
        "%s: average of %d ranks of set %d, %d tensors of %d parameters%s%n"
            .formatted(
                out,
                result.ranks(),
                manifest.set(),
                result.tensors(),
                result.parameters(),
                missing.isEmpty() ? "" : "; without rank " + missing));
  }
}

package dev.starling.cli.checkpoint;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes one rank's model. */
@Command(
    name = "export",
    header = "Write one rank's model as a safetensors file, without the optimizer's state.",
    description = {"", "All checksums of the rank's checkpoint are compared first.", ""})
final class CheckpointExportCommand extends StarlingCommand {
  @Parameters(paramLabel = "DIR", description = "The run directory.")
  private Path directory;

  @Option(
      names = "--rank",
      paramLabel = "RANK",
      required = true,
      description = "The rank whose model is written. Default: none, it must be given.")
  private int rank;

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

  CheckpointExportCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    RunSets run = RunSets.of(directory);
    OutputFile.require(out);
    CheckpointManifest manifest = run.manifest(set);
    CheckpointManifest.RankFile chosen = run.rank(manifest, rank);
    try (CheckpointFile file = CheckpointFiles.read(run.path(manifest, chosen))) {
      try (WorkProgress progress =
          new WorkProgress(terminal(), "checkpoint export", chosen.lengthBytes())) {
        file.requireWhole(progress::advance);
        ModelFile.write(
            out,
            file,
            file.parameters(),
            ModelFile.facts(file, "rank " + rank + "." + chosen.incarnation()));
      }
      report(manifest, chosen, file);
    }
  }

  private void report(
      CheckpointManifest manifest, CheckpointManifest.RankFile chosen, CheckpointFile file) {
    long parameters = file.description().parameterCount();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("out", out.toString());
    json.put("set", manifest.set());
    json.put("rank", rank);
    json.put("incarnation", chosen.incarnation());
    json.put("optimizerStep", chosen.optimizerStep());
    json.put("tensors", file.tensors().size());
    json.put("parameters", parameters);
    answer(
        json,
        "%s: rank %d of set %d at step %d, %d tensors of %d parameters%n"
            .formatted(
                out,
                rank,
                manifest.set(),
                chosen.optimizerStep(),
                file.tensors().size(),
                parameters));
  }
}

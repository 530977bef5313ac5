package dev.starling.cli.replay;

import dev.starling.chronicle.RecordedRun;
import dev.starling.chronicle.RunVerifier;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.Safetensors;
import dev.starling.engine.checkpoint.SafetensorsFile;
import dev.starling.engine.memory.Crc32c;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replay.ChainId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Rebuilds one replica from a run's logs. */
@Command(
    name = "replay",
    header = "Rebuild a rank's replica at a version, bit for bit, from a run's logs.",
    description = {
      "",
      "Replays the logs of all ranks from the oldest checkpoint set that they reach back to, up to"
          + " the version asked for, and writes the parameters as a safetensors file.",
      ""
    },
    footer = {"", "Example: starling replay DIR --rank 2 --to 812 --out rank2-812.safetensors"})
public final class ReplayCommand extends StarlingCommand {
  @Parameters(paramLabel = "DIR", description = "The run directory.")
  private Path directory;

  @Option(names = "--rank", required = true, paramLabel = "R", description = "Whose replica.")
  private int rank;

  @Option(
      names = "--incarnation",
      paramLabel = "I",
      description = "Which life of the rank, from 0. Default: its last one.")
  private Integer incarnation;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "VERSION",
      description = "The version of every stripe; 'starling log ls' shows where each log ends.")
  private long version;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file to write.")
  private Path out;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public ReplayCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    ConfigurationException.requireRange("--to", version, 0, Long.MAX_VALUE);
    if (Files.exists(out)) {
      throw new ConfigurationException(
          "--out=" + out + " exists: choose another file, or remove that one");
    }
    try (RecordedRun run = RecordedRun.open(directory)) {
      ChainId chain = chain(run);
      try (CheckpointFile named = anyCheckpoint(run)) {
        rebuild(run, chain, named);
      }
    }
  }

  private void rebuild(RecordedRun run, ChainId chain, CheckpointFile named) {
    long lengthBytes = named.description().parameterCount() * Float.BYTES;
    try (PrivateMemory memory = PrivateMemory.allocate("the replayed model", lengthBytes)) {
      try (ReplayProgress progress = ReplayProgress.of(terminal(), "replay", run)) {
        RunVerifier.rebuild(run, chain, version, memory.segment(), progress);
      }
      Safetensors.write(
          out,
          tensors(named),
          memory.segment(),
          Map.of(
              "format",
              "pt",
              "rank",
              Integer.toString(chain.rank()),
              "incarnation",
              Integer.toString(chain.incarnation()),
              "version",
              Long.toString(version)));
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("rank", chain.rank());
      json.put("incarnation", chain.incarnation());
      json.put("version", version);
      json.put("crc32c", "%08x".formatted(Crc32c.of(memory.segment(), 0, lengthBytes)));
      json.put("out", out.toString());
      answer(json, "%s at version %d is in %s%n".formatted(chain, version, out));
    }
  }

  private ChainId chain(RecordedRun run) {
    ChainId chosen = null;
    for (ChainId one : run.logs()) {
      if (one.rank() == rank && (incarnation == null || one.incarnation() == incarnation)) {
        chosen = one;
      }
    }
    if (chosen == null) {
      throw new ConfigurationException(
          "%s has no log of rank %d%s: choose one of %s"
              .formatted(
                  directory,
                  rank,
                  incarnation == null ? "" : " with incarnation " + incarnation,
                  run.logs()));
    }
    return chosen;
  }

  /** Checkpoints name the tensors; logs do not. */
  private CheckpointFile anyCheckpoint(RecordedRun run) {
    long newest =
        run.sets()
            .newestComplete()
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        directory + " has no complete checkpoint set to replay from"));
    CheckpointManifest.RankFile file = run.sets().read(newest).ranks().getFirst();
    return CheckpointFiles.read(file.in(run.sets().directory(newest)));
  }

  private static List<Safetensors.Tensor> tensors(CheckpointFile named) {
    List<Safetensors.Tensor> tensors = new ArrayList<>();
    for (SafetensorsFile.Entry entry : named.tensors()) {
      tensors.add(
          new Safetensors.Tensor(
              entry.name(), entry.shape().stream().map(Math::toIntExact).toList()));
    }
    return tensors;
  }
}

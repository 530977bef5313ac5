package dev.starling.cli.checkpoint;

import dev.starling.cli.ExitCodes;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares models and checkpoint sets. */
@Command(
    name = "diff",
    header = "Compare two models or checkpoint sets, tensor by tensor and bit by bit.",
    description = {
      "",
      "Each of the two is a safetensors file or a run directory, whose newest complete set is meant"
          + " unless --set names one. With one directory and --set A --set B two of its sets are"
          + " compared. Checkpoints are compared with their checksums first.",
      ""
    },
    exitCodeList = {
      " 0:all bits are equal",
      " 1:something differs, or the machine or a file failed",
      " 2:the command line asks for something impossible",
      "130:stopped by SIGINT (Ctrl-C)",
      "143:stopped by SIGTERM"
    },
    footer = {
      "",
      "The optimizer's state is compared only when both sides have it. rms: the root of the mean"
          + " squared difference of all elements of the tensor."
    })
final class CheckpointDiffCommand extends StarlingCommand {
  private static final int SIDES = 2;

  @Parameters(
      arity = "1..2",
      paramLabel = "DIR_OR_FILE",
      description = "Run directories or safetensors files.")
  private List<Path> paths;

  @Option(
      names = "--set",
      paramLabel = "N",
      description =
          "The number of a set, or newest; given twice, the first one is for the first side and the"
              + " second one for the second. Default: newest.")
  private List<String> sets = List.of();

  @Option(
      names = "--rank",
      paramLabel = "RANK",
      description = "Compare this rank only; a file is compared with one rank. Default: all ranks.")
  private Integer rank;

  CheckpointDiffCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    requireSides();
    DiffSide a = DiffSide.of(paths.getFirst(), set(0), rank);
    DiffSide b = DiffSide.of(paths.getLast(), set(1), rank);
    requireRank(a, b);
    requireRank(b, a);
    ModelDiff diff = new ModelDiff(a, b);
    List<TensorDiff> found;
    try (WorkProgress progress =
        new WorkProgress(terminal(), "checkpoint diff", diff.workBytes())) {
      found = diff.run(progress);
    }
    report(a, b, found);
  }

  private void requireSides() {
    if (sets.size() > SIDES) {
      throw new ConfigurationException(
          "--set was given " + sets.size() + " times: give it once for each side, at most twice");
    }
    if (!sets.isEmpty() && paths.stream().noneMatch(Files::isDirectory)) {
      throw new ConfigurationException(
          "--set names a set of a run, but no run directory was given: leave --set out");
    }
    if (paths.size() < SIDES && sets.size() < SIDES) {
      throw new ConfigurationException(
          paths.getFirst()
              + " is one side only: give another run directory or file, or two sets with --set A"
              + " --set B");
    }
  }

  private String set(int side) {
    return sets.isEmpty() ? RunSets.NEWEST : sets.get(Math.min(side, sets.size() - 1));
  }

  private static void requireRank(DiffSide file, DiffSide set) {
    if (file.isFile() && !set.isFile() && set.ranks().size() != 1) {
      throw new ConfigurationException(
          "%s is compared with one rank of %s, which has the ranks %s: choose one with --rank"
              .formatted(file.label(), set.label(), set.ranks().keySet()));
    }
  }

  private void report(DiffSide a, DiffSide b, List<TensorDiff> found) {
    long different = found.stream().filter(diff -> !diff.isEqual()).count();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("a", a.label());
    json.put("b", b.label());
    json.put("equal", different == 0);
    json.put("different", different);
    json.put("tensors", found.stream().map(TensorDiff::json).toList());
    StringBuilder text = new StringBuilder(TensorDiff.heading()).append('\n');
    found.forEach(diff -> text.append(diff.row()).append('\n'));
    text.append(
        different == 0
            ? "equal: %s and %s, %d tensors%n".formatted(a.label(), b.label(), found.size())
            : "different: %s and %s, %d of %d tensors%n"
                .formatted(a.label(), b.label(), different, found.size()));
    answer(json, text.toString());
    if (different > 0) {
      exitWith(ExitCodes.FAILURE);
    }
  }
}

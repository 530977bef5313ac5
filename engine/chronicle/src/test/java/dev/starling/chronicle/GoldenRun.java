package dev.starling.chronicle;

import dev.starling.engine.log.LogRecord;
import dev.starling.engine.replay.ChainId;
import dev.starling.engine.replay.Replay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * A run that was recorded once and that every later version must read: its files in a zip file, and
 * beside it what verifying and replaying it said then.
 */
final class GoldenRun {
  static final List<String> NAMES = List.of("momentum-bf16", "adamw-f32-dropped", "killed-bf16");

  private GoldenRun() {}

  /** Names the directory, among the resources, of the golden runs of a format. */
  static String directory(int format) {
    return "golden/format-" + format;
  }

  /** Puts a run into {@code NAME.zip} and what it says into {@code NAME.txt}. */
  static void pack(Path run, Path into, String name) throws IOException {
    Files.createDirectories(into);
    try (Stream<Path> walk = Files.walk(run);
        ZipOutputStream zip =
            new ZipOutputStream(Files.newOutputStream(into.resolve(name + ".zip")))) {
      for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
        zip.putNextEntry(new ZipEntry(run.relativize(file).toString()));
        Files.copy(file, zip);
      }
    }
    Files.writeString(into.resolve(name + ".txt"), text(describe(run)));
  }

  private static String text(Map<String, String> facts) {
    return facts.entrySet().stream()
        .map(fact -> fact.getKey() + "=" + fact.getValue() + "\n")
        .collect(Collectors.joining());
  }

  /** Unpacks a golden run. */
  static void unpack(int format, String name, Path into) throws IOException {
    String resource = "/" + directory(format) + "/" + name + ".zip";
    try (ZipInputStream zip = new ZipInputStream(GoldenRun.class.getResourceAsStream(resource))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path file = into.resolve(entry.getName());
        Files.createDirectories(file.getParent());
        Files.copy(zip, file);
      }
    }
  }

  /** What a golden run said when it was recorded. */
  static Map<String, String> expected(int format, String name) {
    String resource = "/" + directory(format) + "/" + name + ".txt";
    try (var input = GoldenRun.class.getResourceAsStream(resource)) {
      return new String(input.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .collect(
              Collectors.toMap(
                  line -> line.substring(0, line.indexOf('=')),
                  line -> line.substring(line.indexOf('=') + 1),
                  (one, other) -> other,
                  TreeMap::new));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** What a run says: the counts of its verification, and a checksum of each replayed replica. */
  static Map<String, String> describe(Path directory) {
    Map<String, String> facts = new TreeMap<>();
    try (RecordedRun run = RecordedRun.open(directory)) {
      VerifyReport report = RunVerifier.verify(run, bytes -> {});
      facts.put("differences", report.differences().toString());
      facts.put("ranks", Integer.toString(report.ranks()));
      facts.put("records", Long.toString(report.records()));
      facts.put("gradients", Long.toString(report.gradients()));
      facts.put("from-set", Long.toString(report.fromSet()));
      facts.put("sets-compared", Integer.toString(report.setsCompared()));
      facts.put("stripes-compared", Long.toString(report.stripesCompared()));
      facts.put("tails", Integer.toString(report.tails().size()));
    }
    try (RecordedRun run = RecordedRun.open(directory);
        Replay replay = Replay.open(run, run.oldestReplayable())) {
      replay.run();
      for (ChainId chain : replay.chains()) {
        CRC32C crc = new CRC32C();
        StringBuilder versions = new StringBuilder();
        for (int stripe = 0; stripe < replay.layout().stripes(); stripe++) {
          crc.update(replay.content(chain, stripe).asByteBuffer());
          versions.append(stripe == 0 ? "" : ",").append(replay.version(chain, stripe));
        }
        String key = "replica-" + chain.rank() + "." + chain.incarnation();
        facts.put(key, "%08x at %s".formatted(crc.getValue(), versions));
      }
    }
    facts.put("format", Integer.toString(LogRecord.FORMAT));
    return facts;
  }
}

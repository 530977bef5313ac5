package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/**
 * The text of a manifest: JSON, one line for each rank, that ends in the checksum of all before it.
 *
 * <pre>
 *   {"format":1,"set":12,"time_ns":1700000000000000000,"ranks":[
 *   {"rank":0,"incarnation":1,"file":"rank-0.1.safetensors","length_bytes":4096,
 *    "crc32c":"e3069283","optimizer_step":7,"versions":[9,9]}
 *   ],"missing":[
 *   {"rank":1,"reason":"died"}
 *   ]
 *   ,"crc32c":"01234567"}      covers every byte up to here ^ (the comma, exclusive)
 * </pre>
 */
final class ManifestText {
  private static final long FORMAT = 1;
  private static final String END_BEGIN = ",\"crc32c\":\"";
  private static final String END_END = "\"}\n";
  private static final int DIGITS = 8;
  private static final int END_BYTES = END_BEGIN.length() + DIGITS + END_END.length();

  private ManifestText() {}

  /**
   * Writes a manifest.
   *
   * @param manifest the manifest
   * @return its text
   */
  static ByteBuffer encode(CheckpointManifest manifest) {
    StringBuilder json = new StringBuilder();
    json.append("{\"format\":").append(FORMAT);
    json.append(",\"set\":").append(manifest.set());
    json.append(",\"time_ns\":").append(manifest.timeNs()).append(",\"ranks\":[\n");
    String separator = "";
    for (CheckpointManifest.RankFile rank : manifest.ranks()) {
      encode(json.append(separator), rank);
      separator = ",\n";
    }
    json.append("\n],\"missing\":[\n");
    separator = "";
    for (CheckpointManifest.Missing missing : manifest.missing()) {
      json.append(separator).append("{\"rank\":").append(missing.rank()).append(",\"reason\":");
      SafetensorsHeader.quote(json, missing.reason()).append('}');
      separator = ",\n";
    }
    byte[] content = json.append("\n]\n").toString().getBytes(StandardCharsets.UTF_8);
    CRC32C crc = new CRC32C();
    crc.update(content);
    String end = END_BEGIN + CheckpointMetadata.hex((int) crc.getValue()) + END_END;
    return ByteBuffer.allocate(content.length + END_BYTES)
        .put(content)
        .put(end.getBytes(StandardCharsets.US_ASCII))
        .flip();
  }

  private static void encode(StringBuilder json, CheckpointManifest.RankFile rank) {
    json.append("{\"rank\":").append(rank.rank());
    json.append(",\"incarnation\":").append(rank.incarnation());
    SafetensorsHeader.quote(json.append(",\"file\":"), rank.file());
    json.append(",\"length_bytes\":").append(rank.lengthBytes());
    json.append(",\"crc32c\":\"").append(CheckpointMetadata.hex(rank.crc32c()));
    json.append("\",\"optimizer_step\":").append(rank.optimizerStep());
    json.append(",\"versions\":")
        .append(
            rank.versions().stream()
                .map(String::valueOf)
                .collect(Collectors.joining(",", "[", "]")))
        .append('}');
  }

  /**
   * Reads a manifest.
   *
   * @param file the file, for failures
   * @param text all its bytes
   * @return the manifest
   * @throws StarlingException when a bit of it is wrong
   */
  static CheckpointManifest decode(Path file, byte[] text) {
    requireSum(file, text);
    try (JsonInput json =
        new JsonInput("manifest " + file, CheckpointSets.CURE, ByteBuffer.wrap(text))) {
      return new Decoder(json).decode();
    }
  }

  private static void requireSum(Path file, byte[] text) {
    if (text.length < END_BYTES) {
      throw damaged(file, "has only " + text.length + " bytes");
    }
    int contentBytes = text.length - END_BYTES;
    String end = new String(text, contentBytes, END_BYTES, StandardCharsets.ISO_8859_1);
    String digits = end.substring(END_BEGIN.length(), END_BEGIN.length() + DIGITS);
    if (!end.equals(END_BEGIN + digits + END_END) || !digits.matches("[0-9a-f]{8}")) {
      throw damaged(file, "does not end in its checksum but in '" + JsonInput.shown(end) + "'");
    }
    CRC32C crc = new CRC32C();
    crc.update(text, 0, contentBytes);
    if ((int) crc.getValue() != HexFormat.fromHexDigits(digits)) {
      throw damaged(
          file,
          "has the checksum %s where its content gives %08x"
              .formatted(digits, (int) crc.getValue()));
    }
  }

  private static StarlingException damaged(Path file, String what) {
    return new StarlingException("manifest " + file + " " + what + ": " + CheckpointSets.CURE);
  }

  /** Reads the fields in the order in which they are written. */
  private record Decoder(JsonInput json) {
    CheckpointManifest decode() {
      json.beginObject("the manifest");
      long format = number("format");
      if (format != FORMAT) {
        throw json.wrong("has format " + format + " where this version reads " + FORMAT);
      }
      long set = number("set");
      long timeNs = number("time_ns");
      List<CheckpointManifest.RankFile> ranks = new ArrayList<>();
      field("ranks");
      json.beginArray("ranks");
      List<CheckpointManifest.Missing> missing = new ArrayList<>();
      try {
        while (json.nextObject("a rank")) {
          ranks.add(rank());
        }
        field("missing");
        json.beginArray("missing");
        while (json.nextObject("a missing rank")) {
          missing.add(new CheckpointManifest.Missing(integer("rank"), text("reason")));
          endObject();
        }
        text("crc32c");
        endObject();
        json.end();
        return new CheckpointManifest(set, timeNs, ranks, missing);
      } catch (IllegalArgumentException outOfRange) {
        throw json.wrong("holds what cannot be (" + outOfRange.getMessage() + ")");
      }
    }

    private CheckpointManifest.RankFile rank() {
      CheckpointManifest.RankFile rank =
          new CheckpointManifest.RankFile(
              integer("rank"),
              integer("incarnation"),
              text("file"),
              number("length_bytes"),
              sum(),
              number("optimizer_step"),
              versions());
      endObject();
      return rank;
    }

    private void field(String name) {
      String found = json.nextName();
      if (!name.equals(found)) {
        throw json.wrong(
            "has %s where the field '%s' should be"
                .formatted(found == null ? "an end" : "'" + JsonInput.shown(found) + "'", name));
      }
    }

    private void endObject() {
      String found = json.nextName();
      if (found != null) {
        throw json.wrong("has the unknown field '" + JsonInput.shown(found) + "'");
      }
    }

    private long number(String name) {
      field(name);
      return json.number("the number '" + name + "'");
    }

    private int integer(String name) {
      long number = number(name);
      if (number > Integer.MAX_VALUE) {
        throw json.wrong("has the number " + number + " as " + name + ", beyond 31 bits");
      }
      return (int) number;
    }

    private String text(String name) {
      field(name);
      return json.text("the text '" + name + "'");
    }

    private int sum() {
      String digits = text("crc32c");
      if (!digits.matches("[0-9a-f]{8}")) {
        throw json.wrong("has the checksum '" + JsonInput.shown(digits) + "', not 8 digits");
      }
      return HexFormat.fromHexDigits(digits);
    }

    private List<Long> versions() {
      field("versions");
      return json.numbers("the versions");
    }
  }
}

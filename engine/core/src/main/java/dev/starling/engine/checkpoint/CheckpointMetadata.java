package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How a checkpoint file says what it is: as text by name among the metadata of the safetensors
 * format.
 *
 * @param description what the file is
 * @param parameterTensors how many tensors, from the first one on, are the parameters
 * @param stripeSums the checksum of each stripe's parameters
 * @param stateSums the checksum of each vector of the optimizer
 */
record CheckpointMetadata(
    RankCheckpoint description,
    int parameterTensors,
    List<Integer> stripeSums,
    List<Integer> stateSums) {
  /** The checksum of the header, in which these digits count as zeros. */
  static final String HEADER_SUM = "starling.header_crc32c";

  private static final String FORMAT = "1";
  private static final String FORMAT_KEY = "starling.checkpoint";
  private static final String CONFIG = "config.";

  /**
   * Writes it as text.
   *
   * @return text by name
   */
  Map<String, String> toText() {
    Map<String, String> text = new HashMap<>();
    description.config().forEach((key, value) -> text.put(CONFIG + key, value));
    text.put(FORMAT_KEY, FORMAT);
    text.put("starling.job", description.job());
    text.put("starling.rank", Integer.toString(description.rank()));
    text.put("starling.incarnation", Integer.toString(description.incarnation()));
    text.put("starling.set", Long.toString(description.set()));
    text.put("starling.optimizer_step", Long.toString(description.optimizerStep()));
    text.put("starling.versions", list(description.versions(), String::valueOf));
    text.put("starling.stripe_parameters", list(description.stripeParameters(), String::valueOf));
    text.put("starling.time_ns", Long.toString(description.timeNs()));
    text.put("starling.parameter_tensors", Integer.toString(parameterTensors));
    text.put("starling.parameters_crc32c", list(stripeSums, CheckpointMetadata::hex));
    text.put("starling.optimizer_crc32c", list(stateSums, CheckpointMetadata::hex));
    return text;
  }

  /**
   * Writes a checksum.
   *
   * @param crc32c the checksum
   * @return 8 digits
   */
  static String hex(int crc32c) {
    return HexFormat.of().toHexDigits(crc32c);
  }

  private static <T> String list(List<T> values, Function<T, String> text) {
    return values.stream().map(text).collect(Collectors.joining(","));
  }

  /**
   * Reads what a file says.
   *
   * @param file the file
   * @return what it is
   * @throws StarlingException when something is missing or wrong
   */
  static CheckpointMetadata of(SafetensorsFile file) {
    return new Reader(file).read();
  }

  private record Reader(SafetensorsFile file) {
    CheckpointMetadata read() {
      String format = file.metadata().get(FORMAT_KEY);
      if (!FORMAT.equals(format)) {
        throw new StarlingException(
            format == null
                ? "safetensors file "
                    + file.path()
                    + " is no checkpoint of a rank: it has no metadata text '"
                    + FORMAT_KEY
                    + "'; give a file of a checkpoint set"
                : "checkpoint "
                    + file.path()
                    + " has format '"
                    + JsonInput.shown(format)
                    + "' where this version reads "
                    + FORMAT
                    + ": read it with the version that wrote it");
      }
      try {
        return new CheckpointMetadata(
            description(),
            Math.toIntExact(number("starling.parameter_tensors")),
            sums("starling.parameters_crc32c"),
            sums("starling.optimizer_crc32c"));
      } catch (IllegalArgumentException | ArithmeticException outOfRange) {
        throw new StarlingException(
            "checkpoint "
                + file.path()
                + " has metadata that cannot be ("
                + outOfRange.getMessage()
                + "): it is damaged, take another copy of it",
            outOfRange);
      }
    }

    private RankCheckpoint description() {
      Map<String, String> config = new HashMap<>();
      file.metadata()
          .forEach(
              (key, value) -> {
                if (key.startsWith(CONFIG)) {
                  config.put(key.substring(CONFIG.length()), value);
                }
              });
      return new RankCheckpoint(
          text("starling.job"),
          Math.toIntExact(number("starling.rank")),
          Math.toIntExact(number("starling.incarnation")),
          number("starling.set"),
          number("starling.optimizer_step"),
          numbers("starling.versions"),
          numbers("starling.stripe_parameters"),
          number("starling.time_ns"),
          config);
    }

    private String text(String key) {
      String text = file.metadata().get(key);
      if (text == null) {
        throw wrong("lacks the metadata text '" + key + "'");
      }
      return text;
    }

    private long number(String key) {
      return number(key, text(key));
    }

    private long number(String key, String digits) {
      if (!digits.matches("-?[0-9]{1,18}|[0-9]{19}")) {
        throw wrong(key, digits, "no whole number");
      }
      return Long.parseLong(digits);
    }

    private List<Long> numbers(String key) {
      List<Long> numbers = new ArrayList<>();
      for (String digits : text(key).split(",", -1)) {
        numbers.add(number(key, digits));
      }
      return numbers;
    }

    private List<Integer> sums(String key) {
      List<Integer> sums = new ArrayList<>();
      String text = text(key);
      for (String digits : text.isEmpty() ? new String[0] : text.split(",", -1)) {
        if (!digits.matches("[0-9a-f]{8}")) {
          throw wrong(key, digits, "no checksum");
        }
        sums.add(HexFormat.fromHexDigits(digits));
      }
      return sums;
    }

    private StarlingException wrong(String key, String value, String what) {
      return wrong("has '" + JsonInput.shown(value) + "' in " + key + ", which is " + what);
    }

    private StarlingException wrong(String what) {
      return CheckpointFile.damaged(file.path(), what);
    }
  }
}

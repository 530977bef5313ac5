package dev.starling.rdma;

import dev.starling.engine.ConfigurationException;
import java.util.Map;
import java.util.TreeSet;

/** Reads a fabric's options from text, and knows which of them nobody asked for. */
final class OptionReader {
  private final Map<String, String> options;
  private final TreeSet<String> known = new TreeSet<>();

  OptionReader(Map<String, String> options) {
    this.options = options;
  }

  /** {@return an option's text, or null when it is not given} */
  String text(String name) {
    known.add(name);
    return options.get(name);
  }

  /** {@return an option's number, or the other one when it is not given} */
  int number(String name, int otherwise) {
    String text = text(name);
    try {
      return text == null ? otherwise : Integer.parseInt(text);
    } catch (NumberFormatException none) {
      throw new ConfigurationException(
          "the verbs option " + name + "=" + text + " is no whole number: correct it");
    }
  }

  /**
   * Fails for an option that was given and never read.
   *
   * @throws ConfigurationException names it and those that there are
   */
  void requireAllKnown() {
    for (String name : options.keySet()) {
      if (!known.contains(name)) {
        throw new ConfigurationException(
            "the verbs option " + name + " is unknown: choose from " + String.join(", ", known));
      }
    }
  }
}

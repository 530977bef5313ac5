package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;

/**
 * Slurm's short forms: host lists as {@code node[03-05,7],login1}, and counts per node as {@code
 * 2(x3),1} (scontrol(1), srun(1)).
 */
final class NodeList {
  private NodeList() {}

  /**
   * Returns the first host of a list: every bracket contributes the first of its numbers, with its
   * leading zeros.
   */
  static String first(String name, String list) {
    StringBuilder host = new StringBuilder();
    int at = 0;
    while (at < list.length() && list.charAt(at) != ',') {
      char c = list.charAt(at);
      if (c != '[') {
        host.append(c);
        at++;
        continue;
      }
      int end = list.indexOf(']', at);
      int digits = at + 1;
      while (digits < list.length() && Character.isDigit(list.charAt(digits))) {
        digits++;
      }
      if (end < 0 || digits == at + 1) {
        throw malformed(name, list);
      }
      host.append(list, at + 1, digits);
      at = end + 1;
    }
    if (host.isEmpty() || host.indexOf("]") >= 0) {
      throw malformed(name, list);
    }
    return host.toString();
  }

  private static ConfigurationException malformed(String name, String list) {
    return new ConfigurationException(
        name
            + "="
            + list
            + " is no list of hosts like node[03-05,7]: give --master host:port, where host is that"
            + " of rank 0");
  }

  /** Returns the tasks of one node, or -1 when the text does not tell. */
  static int tasksOf(String counts, String node) {
    try {
      int left = Integer.parseInt(node);
      for (String part : counts.split(",", -1)) {
        int times = 1;
        int bracket = part.indexOf("(x");
        if (bracket >= 0) {
          times = Integer.parseInt(part.substring(bracket + 2, part.length() - 1));
        }
        if (left < times) {
          return Integer.parseInt(bracket >= 0 ? part.substring(0, bracket) : part);
        }
        left -= times;
      }
      return -1;
    } catch (NumberFormatException | StringIndexOutOfBoundsException notTold) {
      return -1;
    }
  }
}

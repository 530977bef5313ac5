package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;
import java.net.InetAddress;

/**
 * A host and a port as people write them; the name is resolved only when it is used.
 *
 * @param host name or address, IPv6 without brackets
 * @param port from 0 (any) to 65535
 */
public record Endpoint(String host, int port) {
  /**
   * Checks the parts.
   *
   * @throws ConfigurationException when the host is empty or the port out of range
   */
  public Endpoint {
    if (host.isBlank()) {
      throw new ConfigurationException("a host is empty: write host:port");
    }
    ConfigurationException.requireRange("port of " + host, port, 0, 65535);
  }

  /**
   * Reads {@code host:port}, {@code 10.0.0.1:port} or {@code [fe80::1]:port}.
   *
   * @param option the flag or variable that holds the text, for failures
   * @param text what was given
   * @return host and port
   * @throws ConfigurationException when the text has another form
   */
  public static Endpoint parse(String option, String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      host = "";
    }
    String port = text.substring(colon + 1);
    if (host.isBlank() || port.isEmpty() || port.length() > 5 || !isDigits(port)) {
      throw new ConfigurationException(
          option + "=" + text + " is no address: write host:port, or [address]:port for IPv6");
    }
    return new Endpoint(host, Integer.parseInt(port));
  }

  private static boolean isDigits(String text) {
    return text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /**
   * Tells whether only processes of this host can mean it, going by the text alone: {@code
   * localhost}, {@code 127.0.0.0/8} or {@code ::1}.
   *
   * @return whether it is this host's loopback
   */
  public boolean isLoopback() {
    if (host.equalsIgnoreCase("localhost")) {
      return true;
    }
    try {
      return InetAddress.ofLiteral(host).isLoopbackAddress();
    } catch (IllegalArgumentException name) {
      return false;
    }
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}

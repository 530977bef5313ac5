package dev.starling.rdma.device;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;

/**
 * An entry of a port's table of addresses (GIDs).
 *
 * @param index where it is in the table
 * @param address eight groups of four hexadecimal digits, as the kernel writes it
 * @param type {@code RoCE v2} or {@code IB/RoCE v1}; empty when the kernel does not say
 * @param netdev the network interface that it belongs to; empty on InfiniBand
 */
public record Gid(int index, String address, String type, String netdev) {
  private static final String ROCE_V2 = "RoCE v2";
  private static final String IPV4_PREFIX = "0000:0000:0000:0000:0000:ffff:";
  private static final String UNSET = "0000:0000:0000:0000:0000:0000:0000:0000";

  /** Link-local addresses are fe80::/10, RFC 4291. */
  private static final int LINK_LOCAL = 0xfe80;

  private static final int LINK_LOCAL_MASK = 0xffc0;

  /** Whether the text of a table's entry is an address at all. */
  static boolean isSet(String address) {
    return address.matches("[0-9a-f]{4}(:[0-9a-f]{4}){7}") && !address.equals(UNSET);
  }

  /**
   * Tells whether packets with this address can be routed.
   *
   * @return whether it is one of RoCE version 2
   */
  public boolean isRoceV2() {
    return type.equals(ROCE_V2);
  }

  /**
   * Tells whether it stands for an IPv4 address.
   *
   * @return whether it begins with {@code ::ffff:}
   */
  public boolean isIpv4() {
    return address.startsWith(IPV4_PREFIX);
  }

  /**
   * Tells whether it means something on one link only.
   *
   * @return whether it lies in fe80::/10
   */
  public boolean isLinkLocal() {
    return (Integer.parseInt(address.substring(0, 4), 16) & LINK_LOCAL_MASK) == LINK_LOCAL;
  }

  /**
   * Ranks it as the address of a RoCE port.
   *
   * @return 0 for RoCE v2 with IPv4, 1 for RoCE v2 with a global IPv6 address, 2 for others
   */
  int preference() {
    if (isRoceV2() && isIpv4()) {
      return 0;
    }
    return isRoceV2() && !isLinkLocal() ? 1 : 2;
  }

  /**
   * Returns the address as people write it.
   *
   * @return for instance {@code ::ffff:10.9.0.1} or {@code fe80:0:0:0:5054:ff:fe12:3456}
   */
  public String text() {
    try {
      byte[] bytes = HexFormat.of().parseHex(address.replace(":", ""));
      String text = InetAddress.getByAddress(bytes).getHostAddress();
      return isIpv4() ? "::ffff:" + text : text;
    } catch (UnknownHostException impossible) {
      throw new AssertionError("a GID has 16 bytes", impossible);
    }
  }

  @Override
  public String toString() {
    return "GID %d (%s%s%s)"
        .formatted(
            index,
            type.isEmpty() ? "" : type + ", ",
            text(),
            netdev.isEmpty() ? "" : " on " + netdev);
  }
}

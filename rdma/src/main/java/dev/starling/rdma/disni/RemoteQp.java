package dev.starling.rdma.disni;

import dev.starling.engine.ConfigurationException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Names the queue pair at the other end of a connection.
 *
 * @param number its number, 24 bits
 * @param psn sequence number of the first packet it sends, 24 bits
 * @param lid local identifier of its port; 0 on Ethernet
 * @param gid GID of its port, 16 bytes in network order; copied
 */
public record RemoteQp(int number, int psn, int lid, byte[] gid) {
  private static final int MAX_24_BITS = (1 << 24) - 1;

  /** Checks the ranges and copies the GID. */
  public RemoteQp {
    ConfigurationException.requireRange("remote queue pair number", number, 0, MAX_24_BITS);
    ConfigurationException.requireRange("remote packet sequence number", psn, 0, MAX_24_BITS);
    ConfigurationException.requireRange("remote LID", lid, 0, 0xffff);
    ConfigurationException.requireRange("length of the remote GID in bytes", gid.length, 16, 16);
    gid = gid.clone();
  }

  /** {@return a copy of the GID} */
  @Override
  public byte[] gid() {
    return gid.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RemoteQp that
        && number == that.number
        && psn == that.psn
        && lid == that.lid
        && Arrays.equals(gid, that.gid);
  }

  @Override
  public int hashCode() {
    return (number * 31 + psn) * 31 + Arrays.hashCode(gid);
  }

  @Override
  public String toString() {
    return "queue pair %d (psn %d, lid %d, gid %s)"
        .formatted(number, psn, lid, HexFormat.of().formatHex(gid));
  }
}

package dev.starling.engine.rendezvous;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * Who a rank is and where it listens.
 *
 * @param rank the rank
 * @param incarnation how many times the rank had joined before, or {@link ControlLink#NEXT}
 * @param instance a random number of the process's link, to tell two processes of a rank apart
 * @param hostId what {@link HostIdentity} says
 * @param host the address literal to connect to; empty for the one that the connection came from
 * @param port where it listens
 */
record Identity(int rank, int incarnation, long instance, String hostId, String host, int port) {
  Frame write(Frame frame) {
    return frame
        .putInt(rank)
        .putInt(incarnation)
        .putLong(instance)
        .putText(hostId)
        .putText(host)
        .putInt(port);
  }

  static Identity read(ByteBuffer body) {
    return new Identity(
        Frame.getInt(body),
        Frame.getInt(body),
        Frame.getLong(body),
        Frame.getText(body),
        Frame.getText(body),
        Frame.getInt(body));
  }

  Identity withIncarnation(int value) {
    return new Identity(rank, value, instance, hostId, host, port);
  }

  Identity withHost(String value) {
    return new Identity(rank, incarnation, instance, hostId, value, port);
  }

  /** Takes the address that the connection came from where the rank did not tell one. */
  Identity seenFrom(InetSocketAddress remote) {
    return host.isEmpty() ? withHost(remote.getAddress().getHostAddress()) : this;
  }

  InetSocketAddress address() {
    try {
      return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    } catch (IllegalArgumentException noAddress) {
      throw new LinkException(
          "rank "
              + rank
              + " says that it listens at "
              + host
              + ":"
              + port
              + ", which is no address");
    }
  }

  @Override
  public String toString() {
    return "rank " + rank + (incarnation < 0 ? "" : " incarnation " + incarnation);
  }
}

package dev.starling.rdma.disni;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.starling.jextract.verbs.sockaddr_in;
import dev.starling.jextract.verbs.sockaddr_in6;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Java's socket addresses as C's, IPv4 and IPv6. */
final class SocketAddresses {
  /** bits/socket.h. */
  private static final short AF_INET = 2;

  private static final short AF_INET6 = 10;

  private SocketAddresses() {}

  /** Writes an address as {@code sockaddr_in} or {@code sockaddr_in6}. */
  static MemorySegment toNative(SegmentAllocator allocator, SocketAddress address)
      throws IOException {
    if (!(address instanceof InetSocketAddress inet)) {
      throw new IOException(
          "the address %s is not an internet address: give an InetSocketAddress"
              .formatted(address));
    }
    if (inet.isUnresolved()) {
      throw new IOException(
          "the host name %s was not found: check its spelling and the name service"
              .formatted(inet.getHostString()));
    }
    byte[] bytes = inet.getAddress().getAddress();
    short port = Short.reverseBytes((short) inet.getPort());
    if (inet.getAddress() instanceof Inet6Address six) {
      MemorySegment struct = sockaddr_in6.allocate(allocator);
      sockaddr_in6.sin6_family(struct, AF_INET6);
      sockaddr_in6.sin6_port(struct, port);
      sockaddr_in6.sin6_scope_id(struct, six.getScopeId());
      sockaddr_in6.sin6_addr(struct).copyFrom(MemorySegment.ofArray(bytes));
      return struct;
    }
    MemorySegment struct = sockaddr_in.allocate(allocator);
    sockaddr_in.sin_family(struct, AF_INET);
    sockaddr_in.sin_port(struct, port);
    MemorySegment.copy(
        bytes, 0, struct, JAVA_BYTE, sockaddr_in.sin_addr_s_addr$offset(), bytes.length);
    return struct;
  }

  /** Reads a {@code sockaddr_storage}; null when it holds no internet address. */
  static SocketAddress fromNative(MemorySegment storage) throws IOException {
    return switch (sockaddr_in.sin_family(storage)) {
      case AF_INET ->
          new InetSocketAddress(
              InetAddress.getByAddress(bytes(storage, sockaddr_in.sin_addr_s_addr$offset(), 4)),
              port(sockaddr_in.sin_port(storage)));
      case AF_INET6 ->
          new InetSocketAddress(
              Inet6Address.getByAddress(
                  null,
                  bytes(storage, sockaddr_in6.sin6_addr$offset(), 16),
                  sockaddr_in6.sin6_scope_id(storage)),
              port(sockaddr_in6.sin6_port(storage)));
      default -> null;
    };
  }

  private static byte[] bytes(MemorySegment storage, long offset, long length) {
    return storage.asSlice(offset, length).toArray(JAVA_BYTE);
  }

  private static int port(short networkOrder) {
    return Short.toUnsignedInt(Short.reverseBytes(networkOrder));
  }
}

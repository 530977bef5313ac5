package dev.starling.engine.rendezvous;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;

/**
 * The socket that a rank listens at.
 *
 * @param server bound and not blocking, owned by the link's thread
 * @param port its port
 * @param asWished whether it is the port of the options; if not, somebody has that one already
 */
record Listening(ServerSocketChannel server, int port, boolean asWished) {
  private static final int BACKLOG = 1024;

  /**
   * Binds the wished port. Where rank 0 finds the master's port taken, it takes any other: whoever
   * has it may be a member that admits it, and if not, joining says so.
   */
  static Listening open(ControlLink.Context context) {
    InetAddress address = InetAddress.ofLiteral(context.bindAddress());
    try {
      return bind(address, context.bindPort(), true);
    } catch (BindException taken) {
      if (context.rank() != 0 || context.bindPort() != context.master().port()) {
        throw failure(context, taken);
      }
    } catch (IOException failure) {
      throw failure(context, failure);
    }
    try {
      return bind(address, 0, false);
    } catch (IOException failure) {
      throw failure(context, failure);
    }
  }

  private static Listening bind(InetAddress address, int port, boolean asWished)
      throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    try {
      server.configureBlocking(false);
      server.bind(new InetSocketAddress(address, port), BACKLOG);
      int bound = ((InetSocketAddress) server.getLocalAddress()).getPort();
      return new Listening(server, bound, asWished);
    } catch (Throwable failure) {
      server.close();
      throw failure;
    }
  }

  private static StarlingException failure(ControlLink.Context context, IOException cause) {
    return new StarlingException(
        "rank "
            + context.rank()
            + " cannot listen at "
            + new Endpoint(context.bindAddress(), context.bindPort())
            + " ("
            + cause.getMessage()
            + "): choose another port or address of this host",
        cause);
  }
}

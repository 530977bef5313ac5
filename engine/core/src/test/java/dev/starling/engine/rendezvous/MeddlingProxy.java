package dev.starling.engine.rendezvous;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** Somebody between two ranks who passes on what each says, changed when asked to. */
final class MeddlingProxy implements AutoCloseable {
  private static final int GREETINGS = 2;

  private final Endpoint target;
  private final ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private volatile Function<byte[], List<byte[]>> meddling = List::of;

  MeddlingProxy(Endpoint target) throws IOException {
    this.target = target;
    start(this::accept);
  }

  Endpoint address() {
    return new Endpoint("127.0.0.1", server.getLocalPort());
  }

  /** Says what becomes of the frames (length, content and code) of those that connected. */
  void meddle(Function<byte[], List<byte[]>> value) {
    meddling = value;
  }

  private interface Io {
    void run() throws IOException;
  }

  private void start(Io body) {
    threads.add(
        Thread.ofPlatform()
            .name("meddling-proxy")
            .start(
                () -> {
                  try {
                    body.run();
                  } catch (IOException closed) {
                    closeSockets();
                  }
                }));
  }

  private void accept() throws IOException {
    while (true) {
      Socket from = server.accept();
      sockets.add(from);
      Socket to = new Socket(target.host(), target.port());
      sockets.add(to);
      start(() -> pass(from, to, true));
      start(() -> pass(to, from, false));
    }
  }

  private void pass(Socket from, Socket to, boolean meddled) throws IOException {
    DataInputStream input = new DataInputStream(from.getInputStream());
    DataOutputStream output = new DataOutputStream(to.getOutputStream());
    for (int i = 0; i < GREETINGS; i++) {
      byte[] greeting = new byte[Handshake.HEADER_BYTES + 32];
      input.readFully(greeting);
      output.write(greeting);
    }
    while (true) {
      int length = input.readInt();
      byte[] frame = new byte[Frame.LENGTH_BYTES + length + Seal.TAG_BYTES];
      java.nio.ByteBuffer.wrap(frame).putInt(length);
      input.readFully(frame, Frame.LENGTH_BYTES, length + Seal.TAG_BYTES);
      for (byte[] passed : meddled ? meddling.apply(frame) : List.of(frame)) {
        output.write(passed);
      }
    }
  }

  private void closeSockets() {
    for (Socket socket : sockets) {
      try {
        socket.close();
      } catch (IOException failure) {
        throw new AssertionError(failure);
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    closeSockets();
    for (Thread thread : threads) {
      try {
        thread.join(5000);
      } catch (InterruptedException interrupt) {
        throw new AssertionError(interrupt);
      }
    }
  }
}

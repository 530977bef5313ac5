package dev.starling.engine.rendezvous;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;

/** Speaks the control protocol by hand over a blocking socket, to say what no link would say. */
final class RawPeer implements AutoCloseable {
  private final Socket socket;
  private final DataInputStream input;
  private Seal seal;

  RawPeer(Endpoint address) throws IOException {
    socket = new Socket(address.host(), address.port());
    socket.setSoTimeout(10_000);
    socket.setTcpNoDelay(true);
    input = new DataInputStream(socket.getInputStream());
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  void send(ByteBuffer bytes) throws IOException {
    byte[] content = new byte[bytes.remaining()];
    bytes.get(content);
    send(content);
  }

  void send(Frame frame) throws IOException {
    send(frame.seal(seal));
  }

  /** Does the initiator's part of the handshake. */
  RawPeer greet(Handshake handshake) throws IOException {
    send(handshake.hello());
    while (handshake.seal() == null) {
      byte[] message = new byte[Handshake.HEADER_BYTES];
      input.readFully(message);
      int length = ByteBuffer.wrap(message).getShort(11);
      byte[] payload = new byte[length];
      input.readFully(payload);
      ByteBuffer whole = ByteBuffer.allocate(message.length + length).put(message).put(payload);
      ByteBuffer answer = handshake.receive(whole.flip());
      if (answer != null) {
        send(answer);
      }
    }
    seal = handshake.seal();
    return this;
  }

  /** Returns kind and body of the next frame. */
  ByteBuffer receive() throws IOException {
    byte[] frame = new byte[input.readInt()];
    input.readFully(frame);
    byte[] tag = new byte[Seal.TAG_BYTES];
    input.readFully(tag);
    ByteBuffer body = ByteBuffer.wrap(frame);
    seal.verify(body, tag);
    return body;
  }

  /** Returns whether the other side closes or resets the connection, after whatever it sends. */
  boolean isClosedByPeer() {
    try {
      byte[] ignored = new byte[4096];
      while (input.read(ignored) >= 0) {
        // Until the end.
      }
      return true;
    } catch (java.net.SocketTimeoutException open) {
      return false;
    } catch (IOException reset) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

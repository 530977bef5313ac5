package dev.starling.engine.rendezvous;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * One TCP connection: handshake, frames, and what waits to be sent. Nothing here blocks and every
 * buffer is bounded. Belongs to the link's thread.
 *
 * <pre>
 *  CONNECTING --> GREETING (handshake) --> SEALED (frames) --> DRAINING --> closed
 * </pre>
 */
final class Connection {
  /** What a connection is for. */
  enum Purpose {
    /** The peer connected; what it wants comes with its first frame. */
    ACCEPTED,
    /** To a seed, to be admitted. */
    JOIN,
    /** To a member. */
    MEET,
    /** To a seed's address, to tell that the job lives. */
    INVITE,
    /** Only to see whether somebody listens. */
    PROBE
  }

  /** Who is told what arrives. */
  interface Sink {
    /** The peer has proven that it knows the token. */
    void onSealed(Connection connection);

    /** A frame has arrived and is authentic. */
    void onFrame(Connection connection, int kind, ByteBuffer body);

    /** Something waits to be sent, or sending failed. */
    void onOutput(Connection connection);
  }

  private enum Phase {
    CONNECTING,
    GREETING,
    SEALED,
    DRAINING
  }

  private static final int SMALL_BUFFER_BYTES = 4096;
  private static final int LARGE_BUFFER_BYTES = 64 << 10;
  private static final int READS_AT_ONCE = 16;
  private static final long DRAIN_NS = 1_000_000_000L;

  private final SocketChannel channel;
  private final Purpose purpose;
  private final Sink sink;
  private final Handshake handshake;
  private final int maxFrameBytes;
  private final long maxBacklogBytes;
  private final ArrayDeque<ByteBuffer> output = new ArrayDeque<>();
  private long outputBytes;
  private ByteBuffer input = ByteBuffer.allocate(SMALL_BUFFER_BYTES);
  private boolean heard;
  private boolean deserted;
  private Phase phase = Phase.CONNECTING;
  private Seal seal;
  private InetSocketAddress remote;
  private SelectionKey key;
  private Member member;
  private long deadlineNs;
  private String failure;

  Connection(
      SocketChannel channel,
      Purpose purpose,
      InetSocketAddress remote,
      ControlLink.Context context,
      Sink sink,
      long deadlineNs) {
    this.channel = channel;
    this.purpose = purpose;
    this.remote = remote;
    this.sink = sink;
    this.deadlineNs = deadlineNs;
    maxFrameBytes = context.maxFrameBytes();
    maxBacklogBytes = context.maxBacklogBytes();
    handshake = context.handshake(purpose != Purpose.ACCEPTED);
    phase = purpose == Purpose.ACCEPTED ? Phase.GREETING : Phase.CONNECTING;
  }

  void key(SelectionKey value) {
    key = value;
  }

  Purpose purpose() {
    return purpose;
  }

  InetSocketAddress remote() {
    return remote;
  }

  /** {@return the address literal that this side of the connection has} */
  String localHost() {
    return channel.socket().getLocalAddress().getHostAddress();
  }

  Member member() {
    return member;
  }

  void member(Member value) {
    member = value;
  }

  /** {@return when to give the connection up, or {@code Long.MAX_VALUE} for a link} */
  long deadlineNs() {
    return deadlineNs;
  }

  /** Makes this the lasting link to a member. */
  void linked(Member value) {
    member = value;
    deadlineNs = Long.MAX_VALUE;
  }

  /** Gives the connection more time to become a link. */
  void extend(long untilNs) {
    deadlineNs = untilNs;
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  boolean isSealed() {
    return phase == Phase.SEALED;
  }

  boolean isDraining() {
    return phase == Phase.DRAINING;
  }

  /** {@return whether the peer ever sent a byte} */
  boolean hasHeard() {
    return heard;
  }

  /** {@return why sending failed, or null} */
  String failure() {
    return failure;
  }

  boolean hasOutput() {
    return !output.isEmpty();
  }

  /** Goes on where the selector says that it can. */
  void onReady() throws IOException {
    if (key.isConnectable() && channel.finishConnect()) {
      connected();
    }
    if (channel.isOpen() && key.isReadable()) {
      read();
    }
    if (channel.isOpen() && key.isValid() && key.isWritable()) {
      flush();
    }
  }

  /** The kernel has connected; also called by whoever found it connected at once. */
  void connected() throws IOException {
    if (channel.getLocalAddress().equals(channel.getRemoteAddress())) {
      // Dialling a free port of this host can meet itself (TCP simultaneous open).
      throw new LinkException("nobody listens there");
    }
    phase = Phase.GREETING;
    key.interestOps(SelectionKey.OP_READ);
    // A probe says nothing: it stays, so that the kernel tells when the peer's process ends.
    if (purpose != Purpose.PROBE) {
      enqueue(handshake.hello());
    }
  }

  private void read() throws IOException {
    for (int i = 0; i < READS_AT_ONCE && channel.isOpen(); i++) {
      int count = channel.read(input);
      if (count < 0) {
        throw new EOFException("the peer closed the connection");
      }
      if (count == 0) {
        return;
      }
      heard = true;
      if (phase == Phase.DRAINING) {
        input.clear();
        continue;
      }
      input.flip();
      while (channel.isOpen() && phase != Phase.DRAINING && takeMessage()) {
        heard = true;
      }
      compact();
    }
  }

  private void compact() {
    if (!input.hasRemaining() && input.capacity() > LARGE_BUFFER_BYTES) {
      input = ByteBuffer.allocate(SMALL_BUFFER_BYTES);
    } else {
      input.compact();
    }
  }

  /** {@return whether a whole message was there} */
  private boolean takeMessage() {
    return phase == Phase.SEALED ? takeFrame() : takeGreeting();
  }

  private boolean takeGreeting() {
    int before = input.position();
    ByteBuffer answer = handshake.receive(input);
    if (answer != null) {
      enqueue(answer);
    }
    if (handshake.seal() != null) {
      seal = handshake.seal();
      phase = Phase.SEALED;
      sink.onSealed(this);
    }
    return input.position() > before && input.hasRemaining();
  }

  private boolean takeFrame() {
    if (input.remaining() < Frame.LENGTH_BYTES) {
      return false;
    }
    int length = input.getInt(input.position());
    if (length < 1 || length > maxFrameBytes) {
      throw new LinkException(
          "the peer announced a frame of "
              + length
              + " bytes (at most "
              + maxFrameBytes
              + "): set the same largest frame on every rank");
    }
    int whole = Frame.LENGTH_BYTES + length + Seal.TAG_BYTES;
    if (input.remaining() < whole) {
      makeRoom(whole);
      return false;
    }
    int at = input.position() + Frame.LENGTH_BYTES;
    byte[] frame = Arrays.copyOfRange(input.array(), at, at + length);
    byte[] tag = Arrays.copyOfRange(input.array(), at + length, at + length + Seal.TAG_BYTES);
    input.position(input.position() + whole);
    ByteBuffer body = ByteBuffer.wrap(frame);
    seal.verify(body, tag);
    sink.onFrame(this, body.get(), body);
    return true;
  }

  private void makeRoom(int whole) {
    if (input.capacity() < whole) {
      ByteBuffer larger = ByteBuffer.allocate(whole);
      larger.put(input).flip();
      input = larger;
    }
  }

  /**
   * Sends a frame; when that fails, {@link #failure()} says why and the connection is to be cut.
   */
  void send(Frame frame) {
    if (phase != Phase.SEALED) {
      return;
    }
    if (outputBytes > maxBacklogBytes) {
      fail("more than " + maxBacklogBytes + " bytes wait to be sent: the peer does not read them");
      return;
    }
    enqueue(frame.seal(seal));
  }

  private void enqueue(ByteBuffer bytes) {
    output.add(bytes);
    outputBytes += bytes.remaining();
    sink.onOutput(this);
  }

  /** {@return whether a frame of that many bytes would still be taken} */
  boolean hasRoomFor(int bytes) {
    return outputBytes + bytes <= maxBacklogBytes;
  }

  /** Notes that the kernel found nobody at the address. */
  void nobodyListens() {
    deserted = true;
  }

  /** {@return whether the kernel found nobody at the address} */
  boolean isDeserted() {
    return deserted;
  }

  /** Notes that the connection is of no use any more; the sink cuts it at the next chance. */
  void fail(String sentence) {
    failure = sentence;
    sink.onOutput(this);
  }

  /** Sends as much as the kernel takes. */
  void flush() throws IOException {
    while (!output.isEmpty()) {
      ByteBuffer next = output.peek();
      outputBytes -= channel.write(next);
      if (next.hasRemaining()) {
        key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        return;
      }
      output.remove();
    }
    if (phase != Phase.CONNECTING) {
      key.interestOps(SelectionKey.OP_READ);
    }
    if (phase == Phase.DRAINING) {
      channel.shutdownOutput();
    }
  }

  /** Tells the peer in the handshake why it is refused, then ends the connection. */
  void refuse(String sentence, long nowNs) {
    if (phase == Phase.GREETING) {
      enqueue(handshake.refusal(sentence));
    }
    drain(nowNs);
  }

  /**
   * Ends the connection when everything is sent and the peer has closed its side: closing earlier
   * would reset the connection, and the peer would lose the last sentence.
   */
  void drain(long nowNs) {
    phase = Phase.DRAINING;
    deadlineNs = nowNs + DRAIN_NS;
    sink.onOutput(this);
  }

  /** Cuts the connection. */
  void close() {
    output.clear();
    try {
      channel.close();
    } catch (IOException failedToClose) {
      failure = "closing the connection failed (" + failedToClose.getMessage() + ")";
    }
  }
}

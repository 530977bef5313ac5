package dev.starling.engine.rendezvous;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The authenticated messages of a connection and how their fields are written.
 *
 * <pre>
 *  length of kind and body (4) | kind (1) | body | authentication code (32)
 *  text and bytes: length (4) | content          numbers: big endian
 * </pre>
 */
final class Frame {
  /** First frame of a joining rank to the seed. */
  static final int JOIN = 1;

  /** The seed admits a rank. */
  static final int WELCOME = 2;

  /** First frame of a member to another member. */
  static final int MEET = 3;

  /** The answer to {@link #MEET}. */
  static final int MET = 4;

  /** A member tells whoever listens at a seed's address that the job lives. */
  static final int INVITE = 5;

  /** The peer is not accepted: code and sentence. */
  static final int REFUSED = 6;

  /** News of a rank; of one that is gone also what it said. */
  static final int MEMBER = 7;

  /** Sign of life with the sender's progress. */
  static final int HEARTBEAT = 8;

  /** What the sender says about itself. */
  static final int PUBLISH = 9;

  /** A question. */
  static final int REQUEST = 10;

  /** The answer to a question. */
  static final int REPLY = 11;

  /** Kind and value, without an answer. */
  static final int SIGNAL = 12;

  /** The sender leaves in good order. */
  static final int LEAVE = 13;

  /** Bytes before kind and body. */
  static final int LENGTH_BYTES = 4;

  private ByteBuffer buffer;

  /** Begins a frame of a kind. */
  Frame(int kind) {
    buffer = ByteBuffer.allocate(128).putInt(0).put((byte) kind);
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int length = Math.max(buffer.capacity() * 2, buffer.position() + bytes);
      buffer = ByteBuffer.wrap(Arrays.copyOf(buffer.array(), length)).position(buffer.position());
    }
    return buffer;
  }

  Frame putInt(int value) {
    room(Integer.BYTES).putInt(value);
    return this;
  }

  Frame putLong(long value) {
    room(Long.BYTES).putLong(value);
    return this;
  }

  Frame putBytes(byte[] value) {
    room(Integer.BYTES + value.length).putInt(value.length).put(value);
    return this;
  }

  Frame putText(String value) {
    return putBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  /** {@return length of kind and body in bytes} */
  int length() {
    return buffer.position() - LENGTH_BYTES;
  }

  /** Ends the frame: length and authentication code are added. */
  ByteBuffer seal(Seal seal) {
    int length = length();
    buffer.putInt(0, length);
    byte[] tag = seal.seal(buffer.duplicate().flip().position(LENGTH_BYTES));
    return room(tag.length).put(tag).flip();
  }

  static int getInt(ByteBuffer body) {
    require(body, Integer.BYTES);
    return body.getInt();
  }

  static long getLong(ByteBuffer body) {
    require(body, Long.BYTES);
    return body.getLong();
  }

  static byte[] getBytes(ByteBuffer body) {
    int length = getInt(body);
    require(body, length);
    byte[] value = new byte[length];
    body.get(value);
    return value;
  }

  static String getText(ByteBuffer body) {
    return new String(getBytes(body), StandardCharsets.UTF_8);
  }

  private static void require(ByteBuffer body, int bytes) {
    if (bytes < 0 || body.remaining() < bytes) {
      throw new LinkException(
          "a frame ends where a field of "
              + bytes
              + " bytes was due ("
              + body.remaining()
              + " left): the peer does not follow the control protocol");
    }
  }
}

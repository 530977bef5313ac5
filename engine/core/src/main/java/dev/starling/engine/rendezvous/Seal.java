package dev.starling.engine.rendezvous;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Authenticates the frames of one connection: each direction has a key of its own, and the number
 * of the frame is part of what is authenticated but not sent. So a frame that is changed, repeated,
 * left out, put in another place or sent back does not pass. Belongs to the link's thread.
 */
final class Seal {
  /** Length of an authentication code. */
  static final int TAG_BYTES = 32;

  private final Mac outgoing;
  private final Mac incoming;
  private final ByteBuffer sequence = ByteBuffer.allocate(Long.BYTES);
  private long sent;
  private long received;

  Seal(byte[] outgoingKey, byte[] incomingKey) {
    outgoing = JobToken.mac(new SecretKeySpec(outgoingKey, "HmacSHA256"));
    incoming = JobToken.mac(new SecretKeySpec(incomingKey, "HmacSHA256"));
  }

  /** Computes the code of the next frame to be sent; the frame's position is left as it is. */
  byte[] seal(ByteBuffer frame) {
    return tag(outgoing, sent++, frame);
  }

  /**
   * Checks the code of the next frame that has arrived.
   *
   * @param frame kind and body
   * @param tag what came with it
   * @throws LinkException when it is not what the peer sent at this place
   */
  void verify(ByteBuffer frame, byte[] tag) {
    byte[] expected = tag(incoming, received, frame);
    if (!MessageDigest.isEqual(expected, tag)) {
      throw new LinkException(
          "frame "
              + received
              + " does not carry the authentication code of this place in the connection: it was"
              + " changed, repeated or reordered on the way, look at what lies between the hosts");
    }
    received++;
  }

  private byte[] tag(Mac mac, long number, ByteBuffer frame) {
    sequence.putLong(0, number);
    mac.update(sequence.duplicate().clear());
    mac.update(frame.duplicate());
    return mac.doFinal();
  }
}

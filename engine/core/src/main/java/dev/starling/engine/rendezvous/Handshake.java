package dev.starling.engine.rendezvous;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The first messages of a connection, by which both sides prove that they know the job token.
 *
 * <pre>
 *  initiator                                              acceptor
 *  HELLO      nonce i (32)                        -------&gt;
 *             &lt;-------                       CHALLENGE    nonce a (32)
 *  PROOF      HMAC(token, "initiator", i, a)      -------&gt;
 *             &lt;-------                       ANSWER       HMAC(token, "acceptor", i, a)
 *             &lt;-------                  or   REFUSAL      a sentence
 *
 *  each message: magic (8) | protocol version (2) | type (1) | payload length (2) | payload
 *  afterwards:   keys HMAC(token, "from initiator", i, a) and HMAC(token, "from acceptor", i, a)
 * </pre>
 *
 * <p>The role and both nonces are in every proof, so an answer that is sent back or taken from
 * another connection fails. The form of a message is the same in all versions, so that a refusal is
 * always understood. Belongs to the link's thread.
 */
final class Handshake {
  /** Version of everything that follows the magic number. */
  static final int VERSION = 1;

  static final int HEADER_BYTES = 13;
  static final int MAX_PAYLOAD_BYTES = 1024;

  private static final byte[] MAGIC = "STRLCTRL".getBytes(StandardCharsets.US_ASCII);
  private static final byte HELLO = 1;
  private static final byte CHALLENGE = 2;
  private static final byte PROOF = 3;
  private static final byte ANSWER = 4;
  private static final byte REFUSAL = 5;
  private static final int NONCE_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final JobToken token;
  private final boolean initiator;
  private final int version;
  private final byte[] ownNonce = new byte[NONCE_BYTES];
  private byte[] peerNonce;
  private byte expected;
  private Seal seal;

  Handshake(JobToken token, boolean initiator) {
    this(token, initiator, VERSION);
  }

  /** With another version, to see how it is refused. */
  Handshake(JobToken token, boolean initiator, int version) {
    this.token = token;
    this.initiator = initiator;
    this.version = version;
    RANDOM.nextBytes(ownNonce);
    expected = initiator ? CHALLENGE : HELLO;
  }

  /** {@return what the initiator sends first} */
  ByteBuffer hello() {
    return message(HELLO, ownNonce);
  }

  /** {@return the message that tells the peer why it is refused} */
  ByteBuffer refusal(String sentence) {
    byte[] text = sentence.getBytes(StandardCharsets.UTF_8);
    return message(REFUSAL, Arrays.copyOf(text, Math.min(text.length, MAX_PAYLOAD_BYTES)));
  }

  /** {@return the authentication of what follows, or null while the handshake goes on} */
  Seal seal() {
    return seal;
  }

  /**
   * Takes the next message from what has arrived.
   *
   * @param input positioned at the message; moved behind it when it is complete
   * @return what to send next, null when nothing is to be sent
   * @throws LinkException when the peer is no Starling, of another version, or has another token
   */
  ByteBuffer receive(ByteBuffer input) {
    requireMagic(input);
    if (input.remaining() < HEADER_BYTES) {
      return null;
    }
    int at = input.position();
    int peerVersion = input.getShort(at + 8) & 0xffff;
    byte type = input.get(at + 10);
    int length = input.getShort(at + 11) & 0xffff;
    if (length > MAX_PAYLOAD_BYTES) {
      throw new LinkException(
          "the peer announced a first message of "
              + length
              + " bytes (at most "
              + MAX_PAYLOAD_BYTES
              + "): it is no Starling of this version");
    }
    if (input.remaining() < HEADER_BYTES + length) {
      return null;
    }
    byte[] payload = new byte[length];
    input.position(at + HEADER_BYTES).get(payload);
    if (type == REFUSAL) {
      throw new LinkException(new String(payload, StandardCharsets.UTF_8), true);
    }
    if (peerVersion != version) {
      throw new LinkException(
          "one side speaks version "
              + version
              + " of the control protocol and the other version "
              + peerVersion
              + ": run the same version of Starling on every host",
          true);
    }
    return step(type, payload);
  }

  /** Bytes of something else are recognised at once, not after a whole header of them. */
  private static void requireMagic(ByteBuffer input) {
    for (int i = 0; i < Math.min(MAGIC.length, input.remaining()); i++) {
      if (input.get(input.position() + i) != MAGIC[i]) {
        throw new LinkException(
            "the peer sent bytes that are not Starling's control protocol: something else uses"
                + " this address");
      }
    }
  }

  private ByteBuffer step(byte type, byte[] payload) {
    if (type != expected || payload.length != NONCE_BYTES) {
      throw new LinkException(
          "the peer sent message "
              + type
              + " of "
              + payload.length
              + " bytes where message "
              + expected
              + " of "
              + NONCE_BYTES
              + " bytes was due: it does not follow the control protocol");
    }
    switch (type) {
      case HELLO -> {
        peerNonce = payload;
        expected = PROOF;
        return message(CHALLENGE, ownNonce);
      }
      case CHALLENGE -> {
        peerNonce = payload;
        expected = ANSWER;
        return message(PROOF, authenticate("initiator"));
      }
      case PROOF -> {
        requireProof("initiator", payload);
        seal = new Seal(authenticate("from acceptor"), authenticate("from initiator"));
        return message(ANSWER, authenticate("acceptor"));
      }
      default -> {
        requireProof("acceptor", payload);
        seal = new Seal(authenticate("from initiator"), authenticate("from acceptor"));
        return null;
      }
    }
  }

  private void requireProof(String role, byte[] proof) {
    if (!MessageDigest.isEqual(authenticate(role), proof)) {
      throw new LinkException(
          "the two sides have different job tokens: give every rank of the job the same "
              + JobToken.VARIABLE
              + " or "
              + JobToken.FILE_VARIABLE,
          true);
    }
  }

  private byte[] authenticate(String label) {
    byte[] first = initiator ? ownNonce : peerNonce;
    byte[] second = initiator ? peerNonce : ownNonce;
    return token.authenticate("starling control " + version + " " + label, first, second);
  }

  private ByteBuffer message(byte type, byte[] payload) {
    return ByteBuffer.allocate(HEADER_BYTES + payload.length)
        .put(MAGIC)
        .putShort((short) version)
        .put(type)
        .putShort((short) payload.length)
        .put(payload)
        .flip();
  }
}

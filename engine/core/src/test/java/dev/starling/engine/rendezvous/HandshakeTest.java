package dev.starling.engine.rendezvous;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The proof of the token, message by message, and the seal on what follows. */
class HandshakeTest {
  private static final JobToken TOKEN = JobToken.of("the token of these tests");

  private final Handshake initiator = new Handshake(TOKEN, true);
  private final Handshake acceptor = new Handshake(TOKEN, false);

  private static String failure(Handshake to, ByteBuffer message) {
    return assertThrows(LinkException.class, () -> to.receive(message)).getMessage();
  }

  private ByteBuffer proof() {
    return initiator.receive(acceptor.receive(initiator.hello()));
  }

  @Test
  void shouldLeaveBothWithTheSameSeal() {
    ByteBuffer answer = acceptor.receive(proof());
    assertNull(initiator.receive(answer));
    byte[] fromInitiator = initiator.seal().seal(frame("to the acceptor"));
    acceptor.seal().verify(frame("to the acceptor"), fromInitiator);
    byte[] fromAcceptor = acceptor.seal().seal(frame("to the initiator"));
    initiator.seal().verify(frame("to the initiator"), fromAcceptor);
  }

  private static ByteBuffer frame(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void shouldNotTakeAFrameBackFromWhereItWasSent() {
    initiator.receive(acceptor.receive(proof()));
    byte[] tag = initiator.seal().seal(frame("x"));
    Seal own = initiator.seal();
    assertThrows(LinkException.class, () -> own.verify(frame("x"), tag), "reflected");
    Seal peer = acceptor.seal();
    assertThrows(LinkException.class, () -> peer.verify(frame("y"), tag), "changed");
    peer.verify(frame("x"), tag);
    assertThrows(LinkException.class, () -> peer.verify(frame("x"), tag), "repeated");
    byte[] skipped = own.seal(frame("1"));
    byte[] next = own.seal(frame("2"));
    assertThrows(LinkException.class, () -> peer.verify(frame("2"), next), "left out");
    assertNotNull(skipped);
  }

  @Test
  void shouldTakeMessagesInPieces() {
    ByteBuffer hello = initiator.hello();
    for (int limit = 0; limit < hello.capacity(); limit++) {
      ByteBuffer part = hello.duplicate().limit(limit);
      assertNull(acceptor.receive(part));
      assertEquals(0, part.position(), "an incomplete message is left");
    }
    assertNotNull(acceptor.receive(hello));
  }

  @Test
  void shouldRefuseAnAnswerThatIsSentBack() {
    ByteBuffer proof = proof();
    // An impostor without the token answers with the proof that it was given.
    ByteBuffer reflected = ByteBuffer.allocate(proof.remaining()).put(proof.duplicate()).flip();
    reflected.put(10, (byte) 4);
    assertTrue(failure(initiator, reflected).contains("different job tokens"));
  }

  @Test
  void shouldRefuseAProofOfAnotherConnection() {
    ByteBuffer proof = proof();
    Handshake other = new Handshake(TOKEN, false);
    other.receive(initiator.hello());
    assertTrue(failure(other, proof).contains("different job tokens"));
    assertNull(other.seal());
  }

  @Test
  void shouldRefuseAnAcceptorWithAnotherToken() {
    Handshake impostor = new Handshake(JobToken.of("some other token of some length"), false);
    ByteBuffer proof = initiator.receive(impostor.receive(initiator.hello()));
    assertTrue(failure(impostor, proof).contains("STARLING_JOB_TOKEN"));
    byte[] payload = new byte[32];
    ByteBuffer guess = acceptor.hello();
    guess.put(10, (byte) 4).put(13, payload);
    assertTrue(failure(initiator, guess).contains("different job tokens"));
    assertNull(initiator.seal());
  }

  @Test
  void shouldRefuseMessagesOutOfTurn() {
    assertTrue(failure(initiator, initiator.hello()).contains("does not follow"));
    ByteBuffer proof = proof();
    ByteBuffer early = proof.duplicate();
    assertTrue(failure(new Handshake(TOKEN, false), early).contains("message 3"));
    ByteBuffer unknown = initiator.hello();
    unknown.put(10, (byte) 77);
    assertTrue(failure(acceptor, unknown).contains("message 77"));
    ByteBuffer shorter = ByteBuffer.allocate(Handshake.HEADER_BYTES);
    shorter.put(initiator.hello().limit(Handshake.HEADER_BYTES)).putShort(11, (short) 0).flip();
    assertTrue(failure(new Handshake(TOKEN, false), shorter).contains("of 0 bytes"));
  }

  @Test
  void shouldPassOnARefusalOfAnyVersion() {
    Handshake newer = new Handshake(TOKEN, false, 7);
    assertTrue(failure(newer, initiator.hello()).contains("other version 1"));
    assertEquals("go away", failure(initiator, newer.refusal("go away")));
    assertTrue(
        failure(new Handshake(TOKEN, true), newer.refusal("x".repeat(5000))).length() <= 1024);
  }

  @Test
  void shouldKeepConnectionsApart() {
    ByteBuffer first = initiator.hello();
    ByteBuffer second = new Handshake(TOKEN, true).hello();
    assertTrue(!first.equals(second), "nonces differ");
  }
}

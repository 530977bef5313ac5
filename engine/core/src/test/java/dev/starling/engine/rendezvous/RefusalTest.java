package dev.starling.engine.rendezvous;

import static dev.starling.engine.rendezvous.TestJob.SECOND_NS;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.PeerState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who is not let in, and what both sides say about it. */
class RefusalTest {
  private static String refusal(TestJob job, ControlLink.Context context) {
    return assertThrows(StarlingException.class, () -> job.open(context)).getMessage();
  }

  private static void assertContains(String text, String... parts) {
    for (String part : parts) {
      assertTrue(text.contains(part), text);
    }
  }

  /** One line at the member, one sentence at the joiner, soon, and the job goes on. */
  private static void shouldRefuse(ControlLink.Context context, TestJob job, String... parts) {
    ControlLink zero = job.open(job.context(0).incarnation(0));
    long beginNs = System.nanoTime();
    String sentence = refusal(job, context);
    assertTrue(System.nanoTime() - beginNs < 3 * SECOND_NS, "soon");
    assertContains(sentence, parts);
    assertContains(sentence, "rank 1 was refused by " + job.master());
    String line = job.listener(zero).await("refused");
    assertContains(line, parts);
    assertContains(line, "127.0.0.1:");
    assertEquals(1, job.listener(zero).count("refused"), job.listener(zero).lines().toString());
    ControlLink one = job.open(job.context(1));
    TestJob.publishAll(List.of(zero, one));
  }

  @Test
  void shouldRefuseWhoeverHasAnotherToken() {
    try (TestJob job = new TestJob(2)) {
      shouldRefuse(
          job.context(1).token(JobToken.of("another token, also long enough")),
          job,
          "different job tokens",
          "STARLING_JOB_TOKEN");
    }
  }

  @Test
  void shouldRefuseWhoeverHasNoToken() {
    try (TestJob job = new TestJob(2)) {
      shouldRefuse(job.context(1).token(JobToken.NONE), job, "different job tokens");
    }
  }

  @Test
  void shouldRefuseAnotherShapeAndNameBoth() {
    try (TestJob job = new TestJob(2)) {
      shouldRefuse(
          job.context(1).shape("model 7 x 4"),
          job,
          "\"model 7 x 3\"",
          "\"model 7 x 4\"",
          "options");
    }
  }

  @Test
  void shouldRefuseAnotherWorldSize() {
    try (TestJob job = new TestJob(2)) {
      shouldRefuse(job.context(1, 3), job, "started for 3 ranks but rank 0 for 2", "world size");
    }
  }

  @Test
  void shouldRefuseAnotherJobId() {
    try (TestJob job = new TestJob(2)) {
      shouldRefuse(job.context(1).jobId(0x77), job, "it was started for job 77 but this is job ");
    }
  }

  @Test
  void shouldRefuseASecondProcessOfALiveRank() {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      String sentence = refusal(job, job.context(1));
      assertContains(sentence, "rank 1 is alive already as incarnation 0 at 127.0.0.1:", "once");
      assertEquals(1, job.listener(links.get(0)).count("refused rank 1 from"), "one line");
      assertEquals(PeerState.ALIVE, links.get(0).state(1, 0));
      assertEquals(PeerState.ALIVE, links.get(1).state(0, 0));
      assertEquals(0, job.listener(links.get(1)).count("warning"));
    }
  }

  @Test
  void shouldRefuseASecondProcessOfTheMemberThatIsAsked() {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      // The port is taken, so the second one asks the first.
      String sentence = refusal(job, job.context(0));
      assertContains(sentence, "rank 0 is alive already as incarnation 0");
      assertEquals(1, job.listener(zero).count("refused"));
    }
  }

  @Test
  void shouldRefuseAnIncarnationThatHasBeen() {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      links.get(1).kill();
      job.listener(links.get(0)).await("dead 1.0");
      assertContains(
          refusal(job, job.context(1).incarnation(0)),
          "incarnation 0 was asked for but incarnation 0 has been",
          "ask for 1");
      ControlLink later = job.open(job.context(1).incarnation(5));
      assertEquals(5, later.incarnation());
      later.publish("x");
      links.get(0).awaitJoined(2, 5 * SECOND_NS);
      assertEquals(5, links.get(0).knownIncarnation(1));
      later.close();
      job.listener(links.get(0)).await("left 1.5");
      assertEquals(6, job.open(job.context(1)).incarnation(), "also after good order");
    }
  }

  @Test
  void shouldRefuseAnotherVersionAndSayWhich() throws IOException {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      try (RawPeer peer = new RawPeer(job.master())) {
        LinkException failure =
            assertThrows(
                LinkException.class,
                () -> peer.greet(new Handshake(JobToken.of(TestJob.TOKEN), true, 2)));
        assertContains(failure.getMessage(), "version 1", "version 2", "same version of Starling");
        assertTrue(peer.isClosedByPeer());
      }
      assertContains(job.listener(zero).await("refused"), "version 1", "version 2");
    }
  }

  @Test
  void shouldDropWhoeverSendsSomethingElse() throws IOException {
    byte[] random = new byte[100_000];
    new Random(5).nextBytes(random);
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      RecordingListener listener = job.listener(links.get(0));
      int lines = 0;
      for (byte[] garbage :
          List.of(
              "GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII),
              "X".getBytes(US_ASCII),
              "STRLCTRX".getBytes(US_ASCII),
              random)) {
        try (RawPeer peer = new RawPeer(job.master())) {
          peer.send(garbage);
          assertTrue(peer.isClosedByPeer());
        }
        lines++;
        TestJob.await("a line each", () -> listener.count("not Starling's control protocol") > 0);
      }
      int expected = lines;
      TestJob.await("a line each", () -> listener.count("refused") == expected);
      // Who only looks whether somebody listens is not worth a line.
      try (Socket scanner = new Socket("127.0.0.1", job.master().port())) {
        assertTrue(scanner.isConnected());
      }
      assertEquals(PeerState.ALIVE, links.get(0).state(1, 0));
      assertEquals(lines, listener.count("refused"));
    }
  }

  @Test
  void shouldDropWhoeverAnnouncesTooMuch() throws IOException {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      try (RawPeer peer = new RawPeer(job.master())) {
        peer.greet(new Handshake(JobToken.of(TestJob.TOKEN), true));
        peer.send(ByteBuffer.allocate(4).putInt(1 << 30).flip());
        assertTrue(peer.isClosedByPeer());
      }
      try (RawPeer peer = new RawPeer(job.master())) {
        ByteBuffer hello = new Handshake(JobToken.of(TestJob.TOKEN), true).hello();
        peer.send(hello.putShort(11, (short) 60_000));
        assertTrue(peer.isClosedByPeer());
      }
      RecordingListener listener = job.listener(zero);
      assertContains(listener.await("1073741824 bytes"), "at most 1048576", "127.0.0.1");
      assertContains(listener.await("60000 bytes"), "at most 1024");
    }
  }

  @Test
  void shouldDropWhoeverSpeaksBeforeItSaysWhoItIs() throws IOException {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      for (Frame frame :
          List.of(
              new Frame(Frame.HEARTBEAT).putLong(0).putInt(0),
              new Frame(Frame.JOIN).putInt(3),
              new Frame(Frame.PUBLISH).putInt(1000),
              new Frame(99))) {
        try (RawPeer peer = new RawPeer(job.master())) {
          peer.greet(new Handshake(JobToken.of(TestJob.TOKEN), true));
          peer.send(frame);
          assertTrue(peer.isClosedByPeer());
        }
      }
      TestJob.await("lines", () -> job.listener(zero).count("refused") == 4);
    }
  }

  @Test
  void shouldSayWhoDidNotAnswerWhenNobodyAdmitsTheRank() throws IOException {
    try (TestJob job = new TestJob(2);
        ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread chatty =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (Socket socket = other.accept()) {
                      socket.getOutputStream().write("SSH-2.0-x\r\n".getBytes(US_ASCII));
                    } catch (IOException closed) {
                      Thread.currentThread().interrupt();
                    }
                  });
      Endpoint seed = new Endpoint("127.0.0.1", other.getLocalPort());
      Endpoint unknown = new Endpoint("no-such-host.invalid", 1);
      String sentence =
          refusal(
              job,
              job.context(1).seeds(List.of(seed, unknown, job.master())).joinTimeoutNs(SECOND_NS));
      assertContains(
          sentence,
          "could not join the job within 1000 ms",
          "no-such-host.invalid:1: the name no-such-host.invalid is not known",
          job.master() + ": Connection refused",
          "firewalls");
      chatty.interrupt();
    }
  }

  @Test
  void shouldRefuseOptionsThatMakeNoSense() {
    try (TestJob job = new TestJob(2)) {
      Endpoint away = new Endpoint("node1", 29500);
      for (ControlLink.Context context :
          List.of(
              job.context(0, 0),
              job.context(0).heartbeatNs(SECOND_NS),
              job.context(0).maxFrameBytes(100),
              job.context(0).maxBacklogBytes(100),
              job.context(0).progressLongs(-1),
              job.context(0).bindAddress("localhost"),
              job.context(0).advertise("node1"),
              job.context(0).incarnation(-2),
              job.context(0).shape("x".repeat(20_000)),
              new ControlLink.Context(0, 2, away),
              job.context(0).token(JobToken.NONE).bindAddress("0.0.0.0"))) {
        assertThrows(ConfigurationException.class, () -> job.open(context), context.toString());
      }
      assertContains(
          assertThrows(
                  ConfigurationException.class, () -> job.open(new ControlLink.Context(0, 2, away)))
              .getMessage(),
          "no token",
          "node1:29500",
          "STARLING_JOB_TOKEN");
      ControlLink.Context used = job.context(0).incarnation(0);
      job.open(used);
      assertThrows(ConfigurationException.class, () -> used.heartbeatNs(1));
      assertContains(used.toString(), "heartbeat=50000000 ns", "token=a token of 33 bytes");
    }
  }
}

package dev.starling.engine.rendezvous;

import static dev.starling.engine.rendezvous.TestJob.SECOND_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.rendezvous.ControlLinkTest.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when ranks stall, die, and come back, and when somebody meddles. */
class FailureTest {
  /** Stops a link's thread until the latch is counted down. */
  private static CountDownLatch stall(ControlLink link) {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    link.execute(
        () -> {
          begun.countDown();
          await(end);
        });
    await(begun);
    return end;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException interrupt) {
      throw new AssertionError(interrupt);
    }
  }

  @Test
  void shouldDeclareARankDeadWhenItIsSilent() {
    try (TestJob job = new TestJob(3)) {
      List<ControlLink> links = job.openAll(0, 1, 2);
      long beginNs = System.nanoTime();
      CountDownLatch end = stall(links.get(1));
      String line = job.listener(links.get(0)).await("dead 1.0");
      long tookNs = System.nanoTime() - beginNs;
      System.out.println("silence noticed after " + tookNs / 1_000_000 + " ms");
      assertTrue(line.contains("silent for 10") && tookNs < 2 * SECOND_NS, line);
      job.listener(links.get(2)).await("dead 1.0");
      end.countDown();
      // It learns that the others go on without it, and ends with them under this incarnation.
      RecordingListener expelled = job.listener(links.get(1));
      expelled.await("does not accept this rank: it was declared dead here");
      expelled.await("dead 0.0");
      expelled.await("dead 2.0");
      assertEquals(PeerState.DEAD, links.get(0).state(1, 0), "it stays dead");
      links.get(1).close();
      ControlLink again = job.open(job.context(1));
      assertEquals(1, again.incarnation());
      TestJob.publishAll(List.of(links.get(0), again, links.get(2)));
    }
  }

  @Test
  void shouldBearAStallThatIsShorterThanTheLimit() throws InterruptedException {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      CountDownLatch end = stall(links.get(1));
      assertTrue(!new CountDownLatch(1).await(600, TimeUnit.MILLISECONDS));
      end.countDown();
      links.get(1).send(0, 1, 1);
      job.listener(links.get(0)).await("signal 1.0");
      assertEquals(0, job.listener(links.get(0)).count("dead"));
      assertEquals(0, job.listener(links.get(1)).count("dead"));
    }
  }

  @Test
  void shouldNotTakeItsOwnStallForTheOthersSilence() {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0).deadAfterNs(10 * SECOND_NS));
      ControlLink one = job.open(job.context(1).deadAfterNs(SECOND_NS / 4));
      TestJob.publishAll(List.of(zero, one));
      CountDownLatch end = stall(one);
      CountDownLatch other = stall(zero);
      TestJob.get(
          java.util.concurrent.CompletableFuture.runAsync(
              () -> {},
              java.util.concurrent.CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS)));
      end.countDown();
      other.countDown();
      one.send(0, 1, 1);
      job.listener(zero).await("signal 1.0");
      assertEquals(0, job.listener(one).count("dead"), job.listener(one).lines().toString());
    }
  }

  @Test
  void shouldDeclareTheOldIncarnationDeadBeforeTheNewOneIsKnown() {
    try (TestJob job = new TestJob(3)) {
      List<ControlLink> links = job.openAll(0, 1, 2);
      ControlLink current = links.get(2);
      for (int incarnation = 1; incarnation <= 5; incarnation++) {
        current.kill();
        current = job.open(job.context(2));
        assertEquals(incarnation, current.incarnation());
        current.publish("x");
        String up = "up 2." + incarnation;
        for (int rank = 0; rank < 2; rank++) {
          RecordingListener listener = job.listener(links.get(rank));
          listener.await("published 2." + incarnation);
          List<String> lines = listener.lines();
          int dead = indexOf(lines, "dead 2." + (incarnation - 1));
          assertTrue(dead >= 0 && dead < indexOf(lines, up), lines.toString());
        }
      }
    }
  }

  private static int indexOf(List<String> lines, String part) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(part)) {
        return i;
      }
    }
    return -1;
  }

  @Test
  void shouldFindEachOtherWhenAdmittedByDifferentSeedsAtOnce() {
    try (TestJob job = new TestJob(6)) {
      List<ControlLink> links = new ArrayList<>();
      links.add(job.open(job.context(0).incarnation(0)));
      links.add(job.open(job.context(1)));
      var later = new ArrayList<java.util.concurrent.CompletableFuture<ControlLink>>();
      for (int rank = 2; rank < 6; rank++) {
        Endpoint seed = links.get(rank % 2).listensAt();
        later.add(job.openLater(job.context(rank).seeds(List.of(seed))));
      }
      later.forEach(link -> links.add(TestJob.get(link)));
      TestJob.publishAll(links);
      for (ControlLink link : links) {
        assertEquals(0, job.listener(link).count("dead"), job.listener(link).lines().toString());
        assertEquals(links.get(0).jobId(), link.jobId());
      }
    }
  }

  @Test
  void shouldTellWhenTwoRunsOfTheJobExist() {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      links.get(0).kill();
      job.listener(links.get(1)).await("dead 0.0");
      // Whoever insists on the first incarnation founds another run.
      ControlLink other = job.open(job.context(0).incarnation(0));
      assertTrue(other.jobId() != links.get(1).jobId());
      String warning = job.listener(links.get(1)).await("warning whoever listens at a seed");
      assertTrue(warning.contains("belongs to another run of the job than rank 0"), warning);
      job.listener(other).await("refused rank 1 incarnation 0 from /127.0.0.1:");
    }
  }

  @Test
  void shouldEndWhenItsListenerClosesIt() {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      links.get(1).execute(links.get(1)::close);
      job.listener(links.get(0)).await("left 1.0");
    }
  }

  @Test
  void shouldFailARequestOnceWhenTimeIsUp() {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0).requestTimeoutNs(SECOND_NS / 5));
      ControlLink one = job.open(job.context(1));
      TestJob.publishAll(List.of(zero, one));
      CountDownLatch end = new CountDownLatch(1);
      AtomicInteger calls = new AtomicInteger();
      one.onRequest(
          (rank, incarnation, body) -> {
            calls.incrementAndGet();
            await(end);
            return body;
          });
      Answer answer = new Answer();
      zero.request(1, new byte[1], answer);
      assertTrue(answer.get().startsWith("failure rank 1 did not reply within 200 ms"));
      end.countDown();
      Answer next = new Answer();
      zero.request(1, new byte[] {'a'}, next);
      assertEquals("reply a", next.get(), "the late reply is not taken for this one's");
      assertEquals(2, calls.get());
    }
  }

  @Test
  void shouldFailRequestsWhenThePeerDiesOrTheLinkCloses() {
    try (TestJob job = new TestJob(3)) {
      List<ControlLink> links = job.openAll(0, 1, 2);
      CountDownLatch end = stall(links.get(1));
      Answer dying = new Answer();
      links.get(0).request(1, new byte[1], dying);
      assertTrue(dying.get().contains("rank 1 incarnation 0 at 127.0.0.1:"), dying.get());
      assertTrue(dying.get().contains("is dead: it was silent"), dying.get());
      Answer dead = new Answer();
      links.get(0).request(1, new byte[1], dead);
      assertTrue(dead.get().contains("there is no link to it"), dead.get());
      end.countDown();
      CountDownLatch last = stall(links.get(2));
      Answer closing = new Answer();
      links.get(0).request(2, new byte[1], closing);
      links.get(0).close();
      assertTrue(closing.get().contains("is closed"), closing.get());
      last.countDown();
      assertThrows(
          StarlingException.class, () -> links.get(0).request(2, new byte[1], new Answer()));
      assertThrows(StarlingException.class, () -> links.get(0).awaitJoined(3, SECOND_NS));
    }
  }

  @Test
  void shouldPassOnWhatTheHandlerCannotDo() {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      links
          .get(1)
          .onRequest(
              (rank, incarnation, body) -> {
                throw new IllegalStateException("stripe 7 is not here");
              });
      Answer failing = new Answer();
      links.get(0).request(1, new byte[1], failing);
      assertEquals("failure stripe 7 is not here", failing.get());
      links.get(1).onRequest((rank, incarnation, body) -> null);
      Answer nothing = new Answer();
      links.get(0).request(1, new byte[1], nothing);
      assertTrue(nothing.get().contains("returned nothing"), nothing.get());
      links.get(1).onRequest((rank, incarnation, body) -> new byte[2 << 20]);
      Answer large = new Answer();
      links.get(0).request(1, new byte[1], large);
      assertTrue(large.get().contains("does not fit the largest frame"), large.get());
      Answer question = new Answer();
      links.get(0).request(1, new byte[2 << 20], question);
      assertTrue(question.get().contains("does not fit the largest frame"), question.get());
      assertThrows(StarlingException.class, () -> links.get(0).publish("x".repeat(1 << 20)));
      assertEquals(PeerState.ALIVE, links.get(0).state(1, 0));
    }
  }

  @Test
  void shouldSayWhoIsMissing() {
    try (TestJob job = new TestJob(3)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      job.open(job.context(1));
      zero.publish("x");
      StarlingException failure =
          assertThrows(StarlingException.class, () -> zero.awaitJoined(3, SECOND_NS / 5));
      assertTrue(
          failure
              .getMessage()
              .startsWith("1 of 3 ranks had joined after 200 ms, missing are [1, 2]"),
          failure.getMessage());
    }
  }

  @Test
  void shouldGoOnWhenAListenerThrows() {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      AtomicInteger uncaught = new AtomicInteger();
      ControlLink one = job.open(job.context(1));
      one.execute(
          () ->
              Thread.currentThread()
                  .setUncaughtExceptionHandler((thread, failure) -> uncaught.incrementAndGet()));
      one.execute(
          () -> {
            throw new IllegalStateException("as a listener would");
          });
      TestJob.publishAll(List.of(zero, one));
      assertEquals(1, uncaught.get());
    }
  }

  enum Meddling {
    CHANGE(frame -> List.of(changed(frame))),
    REPEAT(frame -> List.of(frame, frame)),
    LEAVE_OUT(new Gap()),
    SWAP(new Swapper()),
    LENGTHEN(frame -> List.of(lengthened(frame)));

    private final Function<byte[], List<byte[]>> what;

    Meddling(Function<byte[], List<byte[]>> what) {
      this.what = what;
    }

    private static byte[] changed(byte[] frame) {
      byte[] other = frame.clone();
      other[frame.length - Seal.TAG_BYTES - 1] ^= 1;
      return other;
    }

    private static byte[] lengthened(byte[] frame) {
      byte[] other = frame.clone();
      other[3]++;
      return other;
    }
  }

  private static final class Gap implements Function<byte[], List<byte[]>> {
    private boolean left;

    @Override
    public List<byte[]> apply(byte[] frame) {
      boolean pass = left;
      left = true;
      return pass ? List.of(frame) : List.of();
    }
  }

  private static final class Swapper implements Function<byte[], List<byte[]>> {
    private byte[] held;

    @Override
    public List<byte[]> apply(byte[] frame) {
      if (held == null) {
        held = frame;
        return List.of();
      }
      List<byte[]> both = List.of(frame, held);
      held = null;
      return both;
    }
  }

  @ParameterizedTest
  @EnumSource(Meddling.class)
  void shouldCutTheConnectionWhenSomebodyMeddles(Meddling meddling) throws IOException {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      try (MeddlingProxy proxy = new MeddlingProxy(job.master())) {
        ControlLink one = job.open(job.context(1).seeds(List.of(proxy.address())));
        TestJob.publishAll(List.of(zero, one));
        proxy.meddle(meddling.what);
        // What is sent through the proxy is not taken for true; the direct connection then works.
        String line = job.listener(zero).await("warning the connection to rank 1 incarnation 0");
        assertTrue(line.contains("changed, repeated or reordered on the way"), line);
        job.listener(one).await("warning the connection to rank 0 incarnation 0");
        TestJob.await("made again", () -> signalled(job, zero, one));
        assertEquals(0, job.listener(zero).count("dead"));
        assertEquals(0, job.listener(one).count("dead"));
      }
    }
  }

  private static boolean signalled(TestJob job, ControlLink zero, ControlLink one) {
    one.send(0, 3, 33);
    return job.listener(zero).count("signal 1.0 3 33") > 0;
  }

  @Test
  void shouldNeverSendTheToken() throws IOException {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      StringBuffer seen = new StringBuffer();
      try (MeddlingProxy proxy = new MeddlingProxy(job.master())) {
        proxy.meddle(
            frame -> {
              seen.append(new String(frame, java.nio.charset.StandardCharsets.ISO_8859_1));
              return List.of(frame);
            });
        ControlLink one = job.open(job.context(1).seeds(List.of(proxy.address())));
        TestJob.publishAll(List.of(zero, one));
      }
      assertTrue(seen.indexOf("model 7 x 3") >= 0, "the proxy sees what is said");
      assertTrue(seen.indexOf(TestJob.TOKEN) < 0);
      assertTrue(seen.indexOf(TestJob.TOKEN.substring(0, 8)) < 0);
    }
  }
}

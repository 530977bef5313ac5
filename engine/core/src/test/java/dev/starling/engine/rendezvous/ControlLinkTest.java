package dev.starling.engine.rendezvous;

import static dev.starling.engine.rendezvous.TestJob.SECOND_NS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ControlLinkTest {
  static final class Answer implements ControlLink.Reply {
    private final CompletableFuture<String> text = new CompletableFuture<>();

    @Override
    public void onReply(byte[] body) {
      assertTrue(text.complete("reply " + new String(body, UTF_8)), "told once");
    }

    @Override
    public void onFailure(String sentence) {
      assertTrue(text.complete("failure " + sentence), "told once");
    }

    String get() {
      return TestJob.get(text);
    }
  }

  @Test
  void shouldConnectAllWhenRanksJoinInAnyOrder() {
    long seed = System.nanoTime();
    List<Integer> order = new ArrayList<>(IntStream.range(0, 5).boxed().toList());
    Collections.shuffle(order, new Random(seed));
    System.out.println("order " + order + " of seed " + seed);
    try (TestJob job = new TestJob(5)) {
      List<ControlLink> links = job.openAll(order.stream().mapToInt(i -> i).toArray());
      for (ControlLink link : links) {
        assertEquals(links.get(0).jobId(), link.jobId());
        assertEquals(0, link.incarnation());
        for (ControlLink peer : links) {
          assertEquals(0, link.knownIncarnation(peer.rank()));
          assertEquals(PeerState.ALIVE, link.state(peer.rank(), 0));
          assertEquals(PeerState.DEAD, link.state(peer.rank(), 1), "nobody knows of it");
          assertEquals(TestJob.infoOf(peer), link.info(peer.rank()));
          assertEquals(TestJob.infoOf(peer), link.info(peer.rank(), 0));
          assertNull(link.info(peer.rank(), 1));
          assertEquals(link.rank() / 2 == peer.rank() / 2, link.isColocated(peer.rank()));
        }
      }
    }
  }

  @Test
  void shouldConnectAllWhenSixteenRanksJoinAtOnce() {
    try (TestJob job = new TestJob(16)) {
      long beginNs = System.nanoTime();
      List<ControlLink> links = job.openAll(IntStream.range(0, 16).toArray());
      System.out.println("16 ranks joined in " + (System.nanoTime() - beginNs) / 1_000_000 + " ms");
      for (ControlLink link : links) {
        assertEquals(15, job.listener(link).count("up "), job.listener(link).lines().toString());
        assertEquals(0, job.listener(link).count("dead "));
        assertEquals(0, job.listener(link).count("warning "));
      }
    }
  }

  @Test
  void shouldCountARankAsJoinedOnlyWhenItHasPublished() {
    try (TestJob job = new TestJob(2)) {
      ControlLink zero = job.open(job.context(0).incarnation(0));
      ControlLink one = job.open(job.context(1));
      zero.publish("here");
      one.awaitJoined(1, 5 * SECOND_NS);
      TestJob.await("zero published", () -> one.knownIncarnation(0) == 0);
      assertEquals(Membership.ABSENT, zero.knownIncarnation(1));
      assertEquals(PeerState.ALIVE, zero.state(1, 0));
      one.publish("there");
      zero.awaitJoined(2, 5 * SECOND_NS);
      one.publish("elsewhere");
      job.listener(zero).await("published 1.0 elsewhere");
      assertEquals("elsewhere", zero.info(1));
    }
  }

  @Test
  void shouldCarryProgressAndSignals() {
    try (TestJob job = new TestJob(3)) {
      List<ControlLink> links = job.openAll(0, 1, 2);
      links.get(2).setProgress(15, Long.MIN_VALUE);
      links.get(2).setProgress(0, 42);
      TestJob.await("progress", () -> links.get(0).progress(2, 0) == 42);
      assertEquals(Long.MIN_VALUE, links.get(0).progress(2, 15));
      assertEquals(0, links.get(0).progress(1, 0));
      assertEquals(42, links.get(2).progress(2, 0), "its own");
      links.get(1).send(0, 7, -1);
      links.get(1).send(1, 8, 5);
      job.listener(links.get(0)).await("signal 1.0 7 -1");
      job.listener(links.get(1)).await("signal 1.0 8 5");
    }
  }

  @Test
  void shouldAllocateNothingWhenItIsRead() {
    try (TestJob job = new TestJob(2)) {
      ControlLink link = job.openAll(0, 1).get(0);
      var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
      long sum = read(link, 100_000);
      long before = threads.getCurrentThreadAllocatedBytes();
      sum += read(link, 100_000);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(sum != 1, "used");
      // The smallest object has 16 bytes; what the measuring itself allocates does not count.
      assertTrue(allocated < 100_000, "bytes for 100,000 rounds: " + allocated);
    }
  }

  private static long read(ControlLink link, int rounds) {
    long sum = 0;
    for (int i = 0; i < rounds; i++) {
      int incarnation = link.knownIncarnation(1);
      sum += link.state(1, incarnation).ordinal() + link.progress(1, 3) + incarnation;
      sum += link.isColocated(1) ? 1 : 0;
      link.setProgress(2, sum);
    }
    return sum;
  }

  @Test
  void shouldAnswerRequests() {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      Answer early = new Answer();
      links.get(0).request(1, new byte[0], early);
      assertTrue(early.get().startsWith("failure rank 1 answers no requests yet"), early.get());
      links
          .get(1)
          .onRequest((rank, incarnation, body) -> (rank + "." + incarnation).getBytes(UTF_8));
      Answer answer = new Answer();
      links.get(0).request(1, "who am I".getBytes(UTF_8), answer);
      assertEquals("reply 0.0", answer.get());
      Answer self = new Answer();
      links.get(1).request(1, new byte[0], self);
      assertEquals("reply 1.0", self.get());
      byte[] large = new byte[1_000_000];
      new Random(1).nextBytes(large);
      links.get(0).onRequest((rank, incarnation, body) -> body);
      CompletableFuture<byte[]> echo = new CompletableFuture<>();
      links
          .get(1)
          .request(
              0,
              large,
              new ControlLink.Reply() {
                @Override
                public void onReply(byte[] body) {
                  echo.complete(body);
                }

                @Override
                public void onFailure(String sentence) {
                  echo.completeExceptionally(new AssertionError(sentence));
                }
              });
      assertArrayEquals(large, TestJob.get(echo));
    }
  }

  @Test
  void shouldTellOtherHostsTheAddressThatTheyCanReach() throws IOException {
    String away = addressOfThisHost();
    Assumptions.assumeTrue(away != null, "this host has no address besides loopback");
    try (TestJob job = new TestJob(3)) {
      ControlLink zero = job.open(job.context(0).incarnation(0).bindAddress("0.0.0.0"));
      ControlLink one = job.open(job.context(1).bindAddress("0.0.0.0"));
      Endpoint seed = new Endpoint(away, job.master().port());
      ControlLink two = job.open(job.context(2).bindAddress("0.0.0.0").seeds(List.of(seed)));
      TestJob.publishAll(List.of(zero, one, two));
      // Rank 0 knows rank 1 by its loopback address, which means nothing to another host.
      job.listener(zero).await("up 1.0 127.0.0.1:" + one.listensAt().port());
      job.listener(two).await("up 1.0 " + away + ":" + one.listensAt().port());
      assertEquals(away, two.listensAt().host());
    }
  }

  private static String addressOfThisHost() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
        .map(InetAddress::getHostAddress)
        .findFirst()
        .orElse(null);
  }

  @Test
  void shouldNoticeAtOnceWhenAProcessEnds() {
    try (TestJob job = new TestJob(3)) {
      List<ControlLink> links = job.openAll(0, 1, 2);
      long beginNs = System.nanoTime();
      links.get(1).kill();
      for (int rank : new int[] {0, 2}) {
        job.listener(links.get(rank)).await("dead 1.0");
        assertEquals(PeerState.DEAD, links.get(rank).state(1, 0));
        assertEquals(0, links.get(rank).knownIncarnation(1), "it was known");
        assertFalse(links.get(rank).isColocated(1));
      }
      long tookNs = System.nanoTime() - beginNs;
      System.out.println("death noticed after " + tookNs / 1000 + " us");
      assertTrue(tookNs < SECOND_NS / 2, "without waiting for silence: " + tookNs);
      assertEquals(PeerState.ALIVE, links.get(0).state(2, 0));
    }
  }

  @Test
  void shouldTellDepartureFromDeath() {
    try (TestJob job = new TestJob(2)) {
      List<ControlLink> links = job.openAll(0, 1);
      links.get(1).close();
      links.get(1).close();
      job.listener(links.get(0)).await("left 1.0");
      assertEquals(PeerState.CLOSED, links.get(0).state(1, 0));
      assertEquals(0, job.listener(links.get(0)).count("dead"));
    }
  }

  @Test
  void shouldJoinAgainThroughAnyMemberWhenRankZeroIsGone() {
    try (TestJob job = new TestJob(4)) {
      List<ControlLink> links = job.openAll(0, 1, 2, 3);
      links.get(0).kill();
      links.get(3).kill();
      job.listener(links.get(1)).await("dead 3.0");
      ControlLink three =
          job.open(job.context(3).seeds(List.of(job.master(), links.get(2).listensAt())));
      assertEquals(1, three.incarnation());
      assertEquals(links.get(1).jobId(), three.jobId());
      three.publish("again");
      job.listener(links.get(1)).await("published 3.1 again");
      assertEquals(PeerState.ALIVE, links.get(1).state(3, 1));
      assertEquals(PeerState.DEAD, links.get(1).state(3, 0));
      assertEquals(PeerState.ALIVE, three.state(1, 0));
      assertEquals(PeerState.DEAD, three.state(0, 0));
    }
  }

  @Test
  void shouldFindTheJobWhenRankZeroComesBackWithTheSameCommand() {
    try (TestJob job = new TestJob(3)) {
      List<ControlLink> links = job.openAll(0, 1, 2);
      links.get(0).kill();
      job.listener(links.get(1)).await("dead 0.0");
      ControlLink zero = job.open(job.context(0).foundAfterNs(5 * SECOND_NS));
      assertEquals(1, zero.incarnation());
      assertEquals(links.get(1).jobId(), zero.jobId());
      zero.publish("back");
      job.listener(links.get(1)).await("published 0.1 back");
      job.listener(links.get(2)).await("published 0.1 back");
      assertNotEquals(0, zero.jobId());
    }
  }
}

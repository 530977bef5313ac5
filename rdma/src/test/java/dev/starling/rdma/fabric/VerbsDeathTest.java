package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.LockWord;
import dev.starling.rdma.FakeVerbs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two ranks in two processes on one device, told that they are on two hosts; rank 1 is killed or
 * stopped at the worst moments.
 *
 * <p>{@code -Dstarling.test.slowness=N} multiplies every limit, for an emulated processor.
 */
@Tag("device")
@Timeout(value = 900, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerbsDeathTest {
  private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);
  private static final long SMALL = 1 << 12;
  private static final long LARGE = 1 << 15;

  /** The guard of a home looks at its locks so often in the time that a lock may be held. */
  private static final int LOOKS = 16;

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
    Assumptions.assumeFalse(
        FakeVerbs.isFake(),
        "the test needs a device that two processes share: name one by -D"
            + FakeVerbs.DEVICE_PROPERTY);
  }

  private static DeathRank.Settings settings(long parameters, long holdLimitNs, long deadAfterNs) {
    return new DeathRank.Settings(
        0,
        freePort(),
        FakeVerbs.device(),
        parameters,
        DeathRank.SLOWNESS * holdLimitNs,
        DeathRank.SLOWNESS * deadAfterNs);
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private static DeathProcess start(DeathHome home, DeathRank.Settings settings, int incarnation)
      throws Exception {
    // The processor, if there is but one, is for the JVM that starts.
    home.rest();
    DeathProcess other = new DeathProcess(settings.of(1), line -> home.tell("rank 1: " + line));
    try {
      assertEquals("READY " + incarnation, other.await("READY"));
      home.resume();
      awaitExchanges(home, incarnation);
      return other;
    } catch (Throwable failure) {
      other.close();
      throw failure;
    }
  }

  /** Both sides begin and publish exchanges with each other. */
  private static void awaitExchanges(DeathHome home, int incarnation) {
    home.await(
        "connection", () -> home.hasTold("finds incarnation " + incarnation + " of 1 ALIVE"));
    long own = home.rank().count(Counter.EXCHANGES);
    home.await("exchanges of rank 0", () -> home.rank().count(Counter.EXCHANGES) > own + 1);
    long others = home.rank().countOf(1, Counter.EXCHANGES);
    home.await("exchanges of rank 1", () -> home.rank().countOf(1, Counter.EXCHANGES) > others + 1);
    home.tell(
        "rank 0 has begun %d exchanges, incarnation %d of rank 1 %d"
            .formatted(
                home.rank().count(Counter.EXCHANGES),
                incarnation,
                home.rank().countOf(1, Counter.EXCHANGES)));
  }

  private static long boundNs(long noticedNs, long holdLimitNs) {
    return noticedNs + holdLimitNs / LOOKS;
  }

  private static void requireWithin(String what, double ms, long limitNs) {
    assertTrue(
        ms <= limitNs / 1e6, () -> "%s: %.1f ms, bound %.1f ms".formatted(what, ms, limitNs / 1e6));
  }

  /** The limit on holding is so long that only the noticed death can break the lock in time. */
  @Test
  void shouldBreakTheLockOfAKilledRankAndGoOn() throws Exception {
    DeathRank.Settings settings = settings(SMALL, 8 * SECOND_NS, 3 * SECOND_NS);
    try (DeathHome home = new DeathHome(settings);
        DeathProcess other = start(home, settings, 0)) {
      long held = other.stopAt(DeathMain.Point.LOCKED);
      assertEquals(1, LockWord.owner(held));
      assertEquals(held, home.lockWord());
      home.beginMeasuring();
      long stepsBefore = home.steps();
      long publishedBefore = home.published();
      long killedNs = System.nanoTime();
      other.kill();
      DeathHome.Break broken = home.awaitBreak(1);
      long stepsUntil = home.steps();
      double brokenMs = (broken.atNs() - killedNs) / 1e6;
      assertEquals(1, broken.peer());
      assertEquals(LockWord.version(held) + 1, broken.version());
      assertEquals(broken.version() + 1, home.versionAfterBreak(1));
      home.await("steps", () -> home.published() > publishedBefore + 10);
      long boundNs = boundNs(settings.deadAfterNs(), settings.holdLimitNs());
      home.tell(
          ("kill -9 while rank 1 held the lock: broken after %.1f ms (bound %.1f ms: silence of"
                  + " the dead and one look of the guard), rank 0 computed %d steps until then,"
                  + " the longest of %.1f ms, and published nothing for %.1f ms")
              .formatted(
                  brokenMs,
                  boundNs / 1e6,
                  stepsUntil - stepsBefore,
                  home.longestStepMs(),
                  home.longestPauseMs()));
      requireWithin("the lock was broken", brokenMs, boundNs);
      requireWithin("nothing was published", home.longestPauseMs(), boundNs);
      assertEquals(1, home.rank().count(Counter.FENCES));
      home.await("death", () -> home.hasTold("finds incarnation 0 of 1 DEAD"));
      other.requireKilled();
    }
  }

  @Test
  void shouldKeepTheLateWriteOfAStoppedRankOutAndTellIt() throws Exception {
    DeathRank.Settings settings = settings(SMALL, SECOND_NS, 30 * SECOND_NS);
    try (DeathHome home = new DeathHome(settings);
        DeathProcess other = start(home, settings, 0)) {
      long held = other.stopAt(DeathMain.Point.WRITES);
      long heldNs = System.nanoTime();
      other.signal("STOP");
      DeathHome.Break broken = home.awaitBreak(1);
      double brokenMs = (broken.atNs() - heldNs) / 1e6;
      long boundNs =
          boundNs(settings.holdLimitNs() + settings.holdLimitNs() / LOOKS, settings.holdLimitNs());
      home.tell(
          ("SIGSTOP while rank 1 held the lock: broken after %.1f ms (bound %.1f ms: the hold limit"
                  + " and two looks of the guard)")
              .formatted(brokenMs, boundNs / 1e6));
      assertEquals(LockWord.version(held) + 1, broken.version());
      requireWithin("the lock was broken", brokenMs, boundNs);
      assertEquals(1, home.rank().count(Counter.FENCES));

      home.rest();
      long wordBefore = home.lockWord();
      List<MemorySegment> before = home.planes();
      other.signal("CONT");
      other.send("go");
      other.await("the connection of rank 1 to rank 0 broke");
      List<MemorySegment> after = home.planes();
      for (int plane = 0; plane < before.size(); plane++) {
        assertEquals(-1, before.get(plane).mismatch(after.get(plane)), "plane " + plane);
      }
      assertEquals(wordBefore, home.lockWord());

      home.resume();
      other.send("connect");
      other.await("rank 0 has broken 1 locks of rank 1 so far");
      awaitExchanges(home, 0);
      assertEquals(1, home.rank().count(Counter.FENCES), "no further lock was broken");
      assertEquals(0, home.rank().count(Counter.PEERS_LOST), "it was never taken for dead");
      other.leave();
      home.await("leave", () -> home.hasTold("finds incarnation 0 of 1 CLOSED"));
      assertEquals(1, home.rank().count(Counter.FENCES), "it left no lock behind");
    }
  }

  @Test
  void shouldExchangeWithTheNextIncarnationOfAKilledRank() throws Exception {
    DeathRank.Settings settings = settings(SMALL, 8 * SECOND_NS, 3 * SECOND_NS);
    try (DeathHome home = new DeathHome(settings)) {
      try (DeathProcess first = start(home, settings, 0)) {
        first.kill();
        first.requireKilled();
      }
      home.await("death", () -> home.hasTold("finds incarnation 0 of 1 DEAD"));
      home.await("loss", () -> home.hasTold("rank 1 was lost after"));
      try (DeathProcess second = start(home, settings, 1)) {
        assertTrue(home.hasTold("rank 1 has joined (incarnation 1)"), "the return is told");
        assertEquals(1, home.rank().count(Counter.PEERS_LOST));
        assertEquals(2, home.rank().count(Counter.PEERS_JOINED));
        second.leave();
      }
    }
  }

  @Test
  void shouldPublishNoTornPlaneWhenAWriterIsKilled() throws Exception {
    DeathRank.Settings settings = settings(LARGE, 8 * SECOND_NS, 3 * SECOND_NS);
    try (DeathHome home = new DeathHome(settings);
        DeathProcess other = start(home, settings, 0)) {
      long held = other.stopAt(DeathMain.Point.WRITING);
      long wordAtKill = home.lockWord();
      other.kill();
      DeathHome.Break broken = home.awaitBreak(1);
      home.tell(
          "kill -9 during a WRITE of %d bytes: %d bytes had arrived at the target plane"
              .formatted(LARGE * Float.BYTES, broken.tornAtByte()));
      assertEquals(held, wordAtKill, "the write was over before the kill");
      assertTrue(broken.tornAtByte() > 0, "the kill did not come in the middle of the write");
      assertEquals(LockWord.version(held) + 1, broken.version());
      assertEquals(broken.version() + 1, home.versionAfterBreak(1));
      long steps = home.steps();
      home.await("steps that look at every plane", () -> home.steps() > steps + 20);
      home.requireWell();
    }
  }
}

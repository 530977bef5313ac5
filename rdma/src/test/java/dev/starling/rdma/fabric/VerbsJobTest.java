package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counter;
import dev.starling.rdma.FakeVerbs;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two whole ranks over control link and verbs fabric, here in one process. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerbsJobTest {
  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    if (FakeVerbs.isFake()) {
      assertEquals("", FakeVerbs.misuse());
      assertEquals(0, FakeVerbs.reset(), "something was not closed: " + FakeVerbs.log());
    }
  }

  @Test
  void shouldExchangeWholePlanesAndLeaveNoLockBehind() throws Exception {
    long second = DeathRank.SLOWNESS * TimeUnit.SECONDS.toNanos(1);
    DeathRank.Settings settings =
        new DeathRank.Settings(
            0, VerbsDeathTest.freePort(), FakeVerbs.device(), 1 << 12, 8 * second, 3 * second);
    try (DeathHome home = new DeathHome(settings)) {
      home.resume();
      CompletableFuture<Void> other = CompletableFuture.runAsync(() -> join(home, settings.of(1)));
      home.await(
          "exchanges of both",
          () ->
              home.rank().count(Counter.EXCHANGES) > 10
                  && home.rank().countOf(1, Counter.EXCHANGES) > 10);
      assertEquals(0, home.rank().count(Counter.CONNECTIONS_BROKEN));
      home.tell("both ranks have exchanged");
      other.get(settings.patienceNs(), TimeUnit.NANOSECONDS);
      home.await("leave", () -> home.hasTold("finds incarnation 0 of 1 CLOSED"));
      long steps = home.steps();
      home.await("steps alone", () -> home.steps() > steps + 3);
      assertTrue(home.published() > 10);
      assertEquals(0, home.rank().count(Counter.FENCES), "nobody held a lock for too long");
    }
  }

  private static void join(DeathHome home, DeathRank.Settings settings) {
    try (DeathRank rank =
        new DeathRank(
            settings,
            new WatchedFabric.Watch() {},
            Journal.NONE,
            line -> home.tell("rank 1: " + line))) {
      while (!home.hasTold("both ranks have exchanged")) {
        rank.step();
      }
      rank.finish();
    }
  }
}

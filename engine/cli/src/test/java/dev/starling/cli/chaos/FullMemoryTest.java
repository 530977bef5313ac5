package dev.starling.cli.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.exchange.LockGuard;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What living processes do when the file system of the regions has not a page left. */
class FullMemoryTest {
  private static final long JOB = 1;
  private static final long HOLD_LIMIT_NS = 1_600;

  private LimitedFileSystem memory;
  private ShmFabric fabric;

  @BeforeEach
  void open() throws Exception {
    memory = LimitedFileSystem.enter(4 << 20);
    fabric = new ShmFabric(memory.path());
  }

  @AfterEach
  void close() throws Exception {
    if (memory != null) {
      memory.close();
    }
  }

  /** Killed after the file had its length and before it had its memory. */
  @Test
  void shouldRemoveARegionThatNeverGotItsMemory() throws Exception {
    Path region = fabric.regionPath(JOB, 0, 0);
    try (RandomAccessFile file = new RandomAccessFile(region.toFile(), "rw")) {
      file.setLength(1 << 20);
    }
    memory.fill();
    fabric.removeDead(fabric.describe(JOB, 0, 0));
    assertFalse(Files.exists(region));
  }

  @Test
  void shouldBreakALockLaterWhenThereIsNoMemoryForAFourthPlane() throws Exception {
    ReplicaLayout layout = ReplicaLayout.of(2, 10_000, 1 << 20);
    try (Replica home = Replica.createShared(fabric.regionPath(JOB, 0, 0), layout, JOB, 0, 0);
        Remote own = fabric.connect(fabric.expose(home), layout, 0, 0)) {
      Counters counters = new Counters(home.segment(), ReplicaLayout.COUNTERS_OFFSET);
      LockGuard guard =
          new LockGuard(
              home,
              own,
              (rank, life) -> PeerState.ALIVE,
              noFence(),
              Journal.NONE,
              counters,
              HOLD_LIMIT_NS);
      long held = hold(home, layout);
      memory.fill();
      pass(guard, 0, 4 * HOLD_LIMIT_NS);
      assertEquals(held, home.lockWord(0), "nothing has happened");
      assertEquals(1, counters.get(Counter.FENCES_PUT_OFF));
      assertEquals(0, counters.get(Counter.FENCES));
      memory.free();
      pass(guard, 4 * HOLD_LIMIT_NS, 5 * HOLD_LIMIT_NS);
      assertEquals(LockWord.fence(held), home.lockWord(0));
      assertEquals(1, counters.get(Counter.FENCES));
      assertTrue(ControlLine.quarantined(home.guardWord(0)) != 0);
    }
  }

  private static LockGuard.Fence noFence() {
    return new LockGuard.Fence() {
      @Override
      public boolean cutOff(int rank, int epoch) {
        return false;
      }

      @Override
      public void broken(int rank, int stripe, long version) {}
    };
  }

  private static long hold(Replica home, ReplicaLayout layout) {
    long word = home.lockWord(0);
    int epoch = AttachmentTable.issueEpoch(home.segment(), 1, 0);
    long held = LockWord.acquire(word, 1, epoch, ControlLine.freePlane(word, home.guardWord(0)));
    assertEquals(
        word, ControlLine.compareAndSwap(home.segment(), layout.lineOffset(0), word, held));
    return held;
  }

  private static void pass(LockGuard guard, long fromNs, long toNs) {
    for (long nowNs = fromNs; nowNs < toNs; nowNs += 50) {
      guard.poll(nowNs);
    }
  }
}

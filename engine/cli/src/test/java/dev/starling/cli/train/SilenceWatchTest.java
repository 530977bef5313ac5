package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.starling.cli.PrivateSharedMemory;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SilenceWatchTest {
  private static final long MS = 1_000_000;

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private JobBoard board;
  private Replica replica;
  private SilenceWatch watch;
  private long nowNs = 5_000 * MS;

  @BeforeEach
  void open() {
    ShmFabric fabric = new ShmFabric(shared.directory());
    board = JobBoard.create(fabric, 7, 2, 1);
    replica =
        Replica.createShared(fabric.regionPath(7, 0, 0), ReplicaLayout.of(2, 16, 64), 7, 0, 0);
    watch = new SilenceWatch(board, () -> nowNs);
  }

  @AfterEach
  void close() {
    watch.close();
    replica.close();
    board.close();
  }

  /** Looks every 10 ms, as the supervisor does, and returns what it saw last. */
  private long watchFor(long ms) {
    long silentNs = watch.silentNs(0);
    for (long end = nowNs + ms * MS; nowNs < end; ) {
      nowNs += 10 * MS;
      silentNs = watch.silentNs(0);
    }
    return silentNs;
  }

  @Test
  void shouldCountFromTheLastBeat() {
    board.rank(0).joined(0, RankRecord.INITIAL);
    watchFor(500);
    replica.heartbeat(nowNs);
    assertEquals(4_000 * MS, watchFor(4_000));
    replica.heartbeat(nowNs);
    assertEquals(0, watch.silentNs(0));
  }

  @Test
  void shouldNotCallItSilentBeforeItHasJoined() {
    assertEquals(0, watchFor(4_000));
    assertEquals(0, watch.silentNs(1));
  }

  @Test
  void shouldSeeThatAWorkerWasStoppedBeforeItsFirstBeat() {
    board.rank(0).joined(0, RankRecord.INITIAL);
    assertEquals(4_000 * MS, watchFor(4_000));
  }

  @Test
  void shouldNotTakeItsOwnPauseForSilence() {
    board.rank(0).joined(0, RankRecord.INITIAL);
    replica.heartbeat(nowNs);
    watchFor(500);
    nowNs += 60_000 * MS;
    assertEquals(0, watch.silentNs(0), "everybody may have been stopped together");
    assertEquals(2_000 * MS, watchFor(2_000), "from then on it counts");
  }
}

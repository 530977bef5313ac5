package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.exchange.Outcome;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One exchange of a long stripe through the device. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamingTest {
  private static final int CHUNK_BYTES = 4096;
  private static final long CHUNKS = 400;
  private static final long COUNT = CHUNKS * CHUNK_BYTES / Float.BYTES;
  private final ReplicaLayout layout = ReplicaLayout.of(2, COUNT, 64 << 20);

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    if (FakeVerbs.isFake()) {
      assertEquals("", FakeVerbs.misuse());
      assertEquals(0, FakeVerbs.reset());
    }
  }

  /**
   * Reads and writes of a stripe take turns, so with two queue pairs one may carry all the reads
   * and the other, which is slow, all the writes.
   */
  @ParameterizedTest
  @Tag("fake")
  @CsvSource({"0,300", "1,300", "0,0"})
  void shouldNotLetReadsRunAwayFromWrites(int slow, int polls) {
    try (TwoRanks ranks = new TwoRanks(layout, false, options -> options.sendDepth(128));
        Kernels kernels = new CpuKernels()) {
      VerbsRemote peer = (VerbsRemote) ranks.connect(0, 1);
      Replica own = ranks.replicas.get(0);
      ExchangeMachine machine =
          new ExchangeMachine(
              own,
              ranks.connect(0, 0),
              kernels,
              CHUNK_BYTES,
              ranks.memory(0, 4 * CHUNK_BYTES),
              Journal.NONE,
              new Counters(own.segment(), ReplicaLayout.COUNTERS_OFFSET));
      FakeVerbs.setDelay(peer.queuePairs().get(slow), polls);
      machine.start(0, peer, null);
      long deadlineNs = System.nanoTime() + 30_000_000_000L;
      while (!machine.isIdle()) {
        machine.poll();
        assertTrue(System.nanoTime() - deadlineNs < 0, ranks.told::toString);
      }
      assertEquals(Outcome.EXCHANGED, machine.outcome(), ranks.told::toString);
      for (Replica replica : ranks.replicas) {
        long plane = layout.planeOffset(0, LockWord.current(replica.lockWord(0)));
        for (long i = 0; i < COUNT; i++) {
          float expected = (TwoRanks.parameter(0, i) + TwoRanks.parameter(1, i)) * 0.5f;
          assertEquals(
              expected,
              replica.segment().get(ValueLayout.JAVA_FLOAT, plane + i * Float.BYTES),
              "parameter " + i);
        }
      }
    }
  }
}

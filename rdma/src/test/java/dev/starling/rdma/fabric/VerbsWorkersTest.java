package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.CommunicationAgent;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Worker;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole workers that average through the device. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerbsWorkersTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int CHUNK_BYTES = 8192;

  /** Of unequal lengths: 8, 1 and 4 chunks, two pieces each. */
  private static final long[] STRIPES = {16_001, 1_999, 8_003};

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
    if (FakeVerbs.isFake()) {
      FakeVerbs.reset();
      FakeVerbs.setQuirks(FakeVerbs.QUIRK_CAS_STORES_BACK);
      FakeVerbs.setJitter(3, 7);
    }
  }

  @AfterEach
  void requireNothingLost() {
    if (FakeVerbs.isFake()) {
      assertEquals("", FakeVerbs.misuse());
      assertEquals(0, FakeVerbs.stat("undone"), "releases that a failed swap undid");
      assertEquals(0, FakeVerbs.reset(), "something was not closed");
    }
  }

  private static JobContext context(int workers) {
    return new JobContext()
        .workers(workers)
        .stripes(STRIPES)
        .chunkBytes(CHUNK_BYTES)
        .holdLimitNs(TimeUnit.SECONDS.toNanos(30))
        .schedule(new Schedule.Constant(0.3f));
  }

  private static float goal(long index) {
    return index % 100 - 50;
  }

  /** Each worker learns only its share of the parameters: the others' it gets from them. */
  @ParameterizedTest
  @CsvSource({"2,false", "4,false", "2,true", "4,true"})
  void shouldLearnWhatOnlyTheOthersKnow(int workers, boolean colocated) {
    try (VerbsWorkers job = new VerbsWorkers(context(workers), colocated, (rank, i) -> 10)) {
      job.startAll();
      job.awaitConnected();
      int steps = 60 * workers;
      job.train(
          worker -> {
            for (int step = 0; step < steps; step++) {
              job.step(worker, (i, x) -> i % workers == worker.rank() ? x - goal(i) : 0);
            }
          });
      for (int rank = 0; rank < workers; rank++) {
        Worker worker = job.workers.get(rank);
        assertEquals(steps, worker.counters().get(Counter.GRADIENTS_APPLIED), "I7");
        assertTrue(worker.counters().get(Counter.EXCHANGES) > 0, "rank " + rank);
        assertTrue(worker.counters().get(Counter.BYTES_EXCHANGED) > 0);
        assertEquals(0, worker.counters().get(Counter.CONNECTIONS_BROKEN), job.told::toString);
        for (long i = 0; i < job.layout.parameterCount(); i++) {
          assertEquals(goal(i), job.parameter(rank, i), 0.5, "rank " + rank + " parameter " + i);
        }
      }
      assertEquals(0, job.total(Counter.FENCES));
      assertEquals(0, job.total(Counter.EXCHANGES_TORN));
      job.requireVersions_I3();
    }
  }

  @ParameterizedTest
  @CsvSource({"2,false", "4,false", "3,true"})
  void shouldConserveTheSumWhenGradientsAreZero_I5(int workers, boolean colocated) {
    try (VerbsWorkers job =
        new VerbsWorkers(context(workers), colocated, (rank, i) -> rank * 100 + i % 17)) {
      job.startAll();
      job.awaitConnected();
      job.train(
          worker -> {
            for (int step = 0; step < 40; step++) {
              job.step(worker, (i, x) -> 0);
            }
          });
      assertEquals(0, job.total(Counter.EXCHANGES_TORN));
      assertTrue(job.total(Counter.EXCHANGES) > 0);
      job.requireVersions_I3();
      for (long i = 0; i < job.layout.parameterCount(); i++) {
        double before = 0;
        double after = 0;
        for (int rank = 0; rank < workers; rank++) {
          before += rank * 100 + i % 17;
          after += job.parameter(rank, i);
        }
        assertEquals(before, after, 1e-2, "the sum of parameter " + i);
      }
    }
  }

  /** Runs an agent on this thread, as far as a condition. */
  private static void run(VerbsWorkers job, CommunicationAgent agent, BooleanSupplier until) {
    job.await(
        () -> {
          boolean there = until.getAsBoolean();
          if (!there) {
            agent.doWork();
            there = until.getAsBoolean();
          }
          return there;
        },
        "the state to stop the agent in");
  }

  private static long quarantined(Replica replica) {
    return ControlLine.quarantined(replica.guardWord(0));
  }

  /** Worker 0 stops while it writes into replica 1, whose home cuts it off and goes on. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldFenceAWorkerThatStoppedInAnExchangeAndTakeItBack(boolean colocated) {
    JobContext context = context(2).holdLimitNs(TimeUnit.MILLISECONDS.toNanos(300));
    try (VerbsWorkers job = new VerbsWorkers(context, colocated, (rank, i) -> 7)) {
      ReplicaLayout layout = job.layout;
      CommunicationAgent stuck = job.agents.get(0);
      Worker worker = job.workers.get(0);
      Replica home = job.replicas.get(1);
      Worker guard = job.workers.get(1);
      job.start(1);
      run(job, stuck, () -> worker.counters().get(Counter.PEERS_JOINED) == 1);
      submit(worker, 0f);
      run(job, stuck, () -> LockWord.owner(home.lockWord(0)) == 0);
      int target = LockWord.target(home.lockWord(0));
      long plane = layout.planeOffset(0, target);
      MemorySegment region = home.segment();
      run(job, stuck, () -> region.get(FLOAT, plane) == 7f);

      // Here it is stopped: a chunk has landed, the others have not.
      job.await(() -> guard.counters().get(Counter.FENCES) == 1, "breaking the lock");
      job.await(() -> LockWord.isFree(home.lockWord(0)), "breaking the lock");
      assertEquals(1, LockWord.version(home.lockWord(0)), "I3: the fence");
      assertEquals(colocated ? 1 << target : 0, quarantined(home));
      MemorySegment then = MemorySegment.ofArray(new byte[(int) layout.stripeLengthBytes(0)]);
      then.copyFrom(region.asSlice(plane, then.byteSize()));
      assertEquals(0f, then.get(ValueLayout.JAVA_FLOAT_UNALIGNED, then.byteSize() - 4));

      // It wakes up and goes on where it was.
      run(job, stuck, () -> worker.counters().get(Counter.GRADIENTS_APPLIED) == 1);
      MemorySegment now = region.asSlice(plane, then.byteSize());
      if (colocated) {
        assertNotEquals(-1, now.mismatch(then), "its stores landed in a plane that nobody uses");
        run(job, stuck, () -> quarantined(home) == 0);
      } else {
        assertEquals(-1, now.mismatch(then), "a late write landed");
      }
      assertEquals(1, LockWord.version(home.lockWord(0)), "nothing was published");
      assertFalse(LockWord.current(home.lockWord(0)) == target);
      run(job, stuck, () -> worker.counters().get(Counter.CONNECTIONS_BROKEN) == 1);
      assertTrue(
          job.told.stream().anyMatch(line -> line.contains("rank 0 to rank 1 broke")),
          job.told::toString);
      assertEquals(1, job.total(Counter.FENCES));

      // From here on a machine that is starved for 300 ms may see more locks broken.
      job.start(0);
      long before = worker.counters().get(Counter.EXCHANGES);
      job.train(
          each -> {
            for (int step = 0; step < 30; step++) {
              job.step(each, (i, x) -> 0);
            }
          });
      assertTrue(worker.counters().get(Counter.EXCHANGES) > before, job.told::toString);
      assertTrue(
          job.told.stream().anyMatch(line -> line.contains("has broken 1 locks of rank 0")),
          job.told::toString);
      job.requireVersions_I3();
      for (long i = 0; i < layout.parameterCount(); i++) {
        assertEquals(7f, job.parameter(0, i));
        assertEquals(7f, job.parameter(1, i));
      }
    }
  }

  private static void submit(Worker worker, float gradient) {
    try (var snapshot = worker.snapshot()) {
      assertTrue(snapshot.version(0) >= 0);
      for (long i = 0; i < worker.gradient().byteSize() / Float.BYTES; i++) {
        worker.gradient().setAtIndex(FLOAT, i, gradient);
      }
      assertTrue(worker.submit());
    }
  }
}

package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.rdma.FakeVerbs;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** P6: whatever fails while a fabric is opened, used and closed, nothing is left behind. */
@Tag("fake")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FabricFailureSweepTest {
  private static final int ENOMEM = 12;
  private static final int MOST_CALLS = 200;
  private final ReplicaLayout layout = ReplicaLayout.of(2, 1000, 1 << 20);
  private List<String> told = List.of();

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    assertEquals(0, FakeVerbs.reset());
  }

  /** Opens, exposes, connects and closes, both ways and by way of the thread that prepares. */
  private void useAll() {
    told = List.of();
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      told = ranks.told;
      ranks.connect(0, 1);
      ranks.connect(1, 1);
      ranks.memory(0, 4096);
      long deadlineNs = System.nanoTime() + 20_000_000_000L;
      while (!ranks.fabrics.get(1).prepare(ranks.regions.get(0), layout, 1, 0)) {
        if (ranks.told.getLast().contains("tries again")) {
          throw new StarlingException(ranks.told.getLast());
        }
        assertTrue(System.nanoTime() - deadlineNs < 0);
        Thread.onSpinWait();
      }
      ranks.connect(1, 0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ibv_get_device_list",
        "ibv_open_device",
        "ibv_query_device",
        "ibv_query_port",
        "ibv_query_gid",
        "ibv_alloc_pd",
        "ibv_reg_mr",
        "ibv_create_cq",
        "ibv_create_qp",
        "ibv_modify_qp"
      })
  void shouldSayWhatFailedAndLeaveNothingBehind_P6(String verb) {
    int failures = 0;
    for (int nth = 1; ; nth++) {
      assertTrue(nth < MOST_CALLS, "it never succeeds");
      FakeVerbs.reset();
      FakeVerbs.fail(verb, nth, ENOMEM);
      Throwable failure = null;
      try {
        useAll();
      } catch (StarlingException | AssertionError thrown) {
        failure = thrown;
      }
      boolean failed = FakeVerbs.calls(verb) >= nth;
      String at = verb + " " + nth + ": ";
      assertEquals("", FakeVerbs.misuse(), at);
      assertEquals(0, FakeVerbs.live("all"), () -> at + FakeVerbs.log());
      if (!failed) {
        assertEquals(null, failure, at + failure);
        break;
      }
      if (failure == null) {
        // Where a home closes what its peer gave up, there is nobody to throw to.
        failure = new StarlingException(told.getLast());
      }
      requireSentence(at, verb, failure);
      failures++;
    }
    System.out.println("FabricFailureSweepTest: " + verb + " failed at " + failures + " calls");
    assertTrue(failures > 0, "it is never called: " + verb);
  }

  private static void requireSentence(String at, String verb, Throwable failure) {
    // What fails while everything is closed is collected.
    Throwable told = failure instanceof AssertionError ? failure.getSuppressed()[0] : failure;
    String sentence = told.getMessage();
    assertTrue(told instanceof StarlingException, at + told);
    assertFalse(sentence.contains("\n"), at + sentence);
    assertTrue(sentence.contains("fake0") || sentence.contains("device"), at + sentence);
    assertTrue(sentence.contains(verb), at + sentence);
  }

  /** One rank, connected to itself. */
  private List<AutoCloseable> openAlone(List<RegionDescriptor> regions, LocalChannel channel) {
    List<AutoCloseable> opened = new ArrayList<>();
    VerbsFabric fabric =
        VerbsFabric.open(
            "fake0",
            TwoRanks.options(false),
            channel.of(0),
            ShmFabric.DEFAULT_DIRECTORY,
            sentence -> {});
    opened.add(fabric);
    Replica replica =
        Replica.createShared(
            new ShmFabric(ShmFabric.DEFAULT_DIRECTORY).regionPath(TwoRanks.JOB, 0, 0),
            layout,
            TwoRanks.JOB,
            0,
            0);
    opened.add(replica);
    try (PrivateMemory initial = PrivateMemory.allocate("initial", 4000)) {
      replica.initialise(initial.segment());
    }
    regions.add(fabric.expose(replica));
    opened.add(fabric.connect(regions.getFirst(), layout, 0, 0));
    return opened;
  }

  @Test
  void shouldCloseInTheOrderThatDevicesNeed() throws Exception {
    try (LocalChannel channel = new LocalChannel(1)) {
      List<RegionDescriptor> regions = new ArrayList<>();
      List<AutoCloseable> opened = openAlone(regions, channel);
      FakeVerbs.log();
      opened.get(2).close();
      String connection = "qp_err,qp_err,qp,qp,cq,";
      assertEquals(connection + connection + "mr", FakeVerbs.log());
      opened.get(0).close();
      assertEquals(connection + connection + "mr,mr,mr,pd,context", FakeVerbs.log());
      opened.get(1).close();
      opened.get(0).close();
      assertEquals("", FakeVerbs.misuse());
    }
  }

  /** A home that leaves while peers are attached cuts them off before its memory goes. */
  @Test
  void shouldCutOffWhoIsAttachedBeforeAReplicaIsWithdrawn() throws Exception {
    try (LocalChannel channel = new LocalChannel(1)) {
      List<RegionDescriptor> regions = new ArrayList<>();
      List<AutoCloseable> opened = openAlone(regions, channel);
      VerbsFabric fabric = (VerbsFabric) opened.get(0);
      fabric.withdraw(regions.getFirst());
      assertEquals("qp_err,qp_err,qp,qp,cq,mr,mr", FakeVerbs.log());
      fabric.withdraw(regions.getFirst());
      Remote remote = (Remote) opened.get(2);
      remote.readWord(layout.lineOffset(0), 1);
      assertFalse(new TwoRanks.Results(remote).await(1).succeeded.getLast());
      assertThrows(
          IllegalStateException.class, () -> fabric.fence(regions.getFirst(), 0, remote.epoch()));
      remote.close();
      opened.get(1).close();
      fabric.close();
    }
  }

  @Test
  void shouldRefuseToExposeAReplicaTwice() throws Exception {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      long regions = FakeVerbs.live("mrs");
      assertThrows(
          IllegalStateException.class,
          () -> ranks.fabrics.getFirst().expose(ranks.replicas.getFirst()));
      assertEquals(regions, FakeVerbs.live("mrs"));
      ranks.connect(1, 0);
    }
  }
}

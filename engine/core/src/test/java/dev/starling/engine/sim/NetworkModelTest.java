package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NetworkModelTest {
  private static final long LATENCY_NS = 2_000;

  /** One byte of the small model takes 1000 ns. */
  private static final long BYTES = 100;

  private static final long DURATION_NS = 100_000;

  private final Agenda agenda = new Agenda();

  private static ScaleOptions options() {
    return new ScaleOptions()
        .workers(4)
        .gigabits(8)
        .parameters(1000L * ScaleProblem.PARAMETERS)
        .latencyUs(LATENCY_NS / 1e3)
        .computeMs(10);
  }

  private final NetworkModel network = new NetworkModel(options().conclude(), agenda);

  private void passTo(long ns) {
    agenda.at(ns, () -> {});
    agenda.next();
  }

  @Test
  void shouldTakeLatencyAndLengthWhenNothingElsePasses() {
    assertEquals(LATENCY_NS + DURATION_NS, network.operationNs(0, 1, BYTES));
    assertEquals(LATENCY_NS, network.operationNs(0, 1, 0), "words pass by");
    passTo(DURATION_NS);
    assertEquals(LATENCY_NS + DURATION_NS, network.operationNs(0, 1, BYTES));
  }

  @Test
  void shouldShareACardWhenTwoTransfersPassItInOneDirection() {
    network.operationNs(0, 1, BYTES);
    assertEquals(LATENCY_NS + 2 * DURATION_NS, network.operationNs(0, 2, BYTES), "one sender");
    assertEquals(LATENCY_NS + 2 * DURATION_NS, network.operationNs(3, 1, BYTES), "one receiver");
    passTo(DURATION_NS / 2);
    assertEquals(
        LATENCY_NS + 5 * DURATION_NS / 2, network.operationNs(0, 3, BYTES), "still queued");
  }

  @Test
  void shouldShareNothingWhenDirectionsOrCardsDiffer() {
    network.operationNs(0, 1, BYTES);
    assertEquals(LATENCY_NS + DURATION_NS, network.operationNs(1, 0, BYTES));
    assertEquals(LATENCY_NS + DURATION_NS, network.operationNs(2, 3, BYTES));
  }

  @Test
  void shouldComputeForTheMeanTimeWhenManyGradientsAreDrawn() {
    NetworkModel uneven = new NetworkModel(options().slowFactor(10).conclude(), agenda);
    double fast = 0;
    double slow = 0;
    double squares = 0;
    int draws = 20_000;
    for (int draw = 0; draw < draws; draw++) {
      double ms = uneven.computeNs(0) / 1e6;
      fast += ms / draws;
      squares += ms * ms / draws;
      slow += uneven.computeNs(3) / 1e6 / draws;
    }
    assertEquals(10, fast, 0.05);
    assertEquals(100, slow, 0.5);
    assertEquals(0.1, Math.sqrt(squares - fast * fast) / fast, 0.005);
  }

  @Test
  void shouldFollowTheFormulaWhenEveryGradientTakesTheSameTime() {
    ScaleOptions options = options().computeSpread(0).stepsPerEpoch(1).slowFactor(4);
    NetworkModel even = new NetworkModel(options.conclude(), agenda);
    double modelNs = 1000.0 * 4 * ScaleProblem.PARAMETERS;
    assertEquals(modelNs, even.modelNs(), 1e-3);
    assertEquals(40e6 + 2 * 3 / 4.0 * modelNs + 2 * 3 * LATENCY_NS, even.ringAllReduceEpochNs(), 1);
    assertEquals(10e6 * 4 / 3.25, even.idealEpochNs(), 1);
  }

  /** A read moves data from the peer's card to the own one, a write the other way. */
  @Test
  void shouldUseTheSendersCardWhenDataMoves() {
    List<String> moved = new ArrayList<>();
    Pace pace =
        new Pace() {
          @Override
          public long agentNs(int rank) {
            return 1;
          }

          @Override
          public long computeNs(int rank) {
            return 1;
          }

          @Override
          public long operationNs(int from, int to, long lengthBytes) {
            if (lengthBytes > 0) {
              moved.add(from + ">" + to + ":" + lengthBytes);
            }
            return 1;
          }

          @Override
          public long partBytes() {
            return Long.MAX_VALUE;
          }
        };
    ReplicaLayout layout = ReplicaLayout.ofStripes(2, 64);
    InvariantChecker checker = new InvariantChecker(layout);
    Scenario scenario =
        Scenario.calm(1, 2, 1).shape(dev.starling.engine.topology.Topology.Kind.RING, Reach.REMOTE);
    SimFabric fabric =
        new SimFabric(scenario, new SplittableRandom(1), checker, agenda, pace, new FaultCounts());
    try (Arena arena = Arena.ofConfined();
        Replica local = Replica.createPrivate(layout, 1, 0);
        Replica peer = Replica.createPrivate(layout, 1, 1)) {
      for (Replica replica : List.of(local, peer)) {
        checker.created(replica);
        fabric.own(replica, new SimWorker(replica, dead -> {}, new FaultCounts()));
      }
      MemorySegment memory = arena.allocate(256);
      Remote remote = fabric.connect(new RegionDescriptor("sim", 1, 0, 1, ""), layout, 0, 0);
      remote.read(layout.planeOffset(0, 0), memory, 0, 256, 1);
      while (agenda.next()) {
        // Until the read is complete.
      }
      assertEquals(List.of("1>0:256"), moved);
      assertTrue(remote.poll((tag, succeeded, value) -> assertTrue(succeeded)) > 0);
      remote.write(layout.planeOffset(0, 1), memory, 0, 128, 2);
      while (agenda.next()) {
        // Until the write is complete.
      }
      assertEquals(List.of("1>0:256", "0>1:128"), moved);
      remote.close();
    }
  }
}

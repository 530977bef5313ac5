package dev.starling.engine.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.topology.Topology;
import dev.starling.engine.worker.CommunicationAgent;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A home must not wait for a peer's next exchange with it before it takes a plane back (I8). */
class IdleAcknowledgementTest {
  private static final int WORKERS = 4;

  private final List<Replica> replicas = new ArrayList<>();
  private final List<RegionDescriptor> regions = new ArrayList<>();
  private final List<ScriptedRemote> connections = new ArrayList<>();
  private long nowNs;

  private final Fabric fabric =
      new Fabric() {
        @Override
        public String name() {
          return "scripted";
        }

        @Override
        public boolean isAddressable() {
          return true;
        }

        @Override
        public RegionDescriptor describe(long jobId, int rank, int incarnation) {
          return new RegionDescriptor("fake", rank, incarnation, jobId, "");
        }

        @Override
        public RegionDescriptor expose(Replica replica) {
          return new RegionDescriptor(name(), replica.rank(), 0, replica.jobId(), "");
        }

        @Override
        public Remote connect(
            RegionDescriptor descriptor,
            ReplicaLayout layout,
            int localRank,
            int localIncarnation) {
          ScriptedRemote remote = new ScriptedRemote(replicas.get(descriptor.rank()), true);
          connections.add(remote);
          return remote;
        }

        @Override
        public void close() {}
      };

  @AfterEach
  void close() {
    replicas.stream().skip(1).forEach(Replica::close);
  }

  private Worker worker() {
    JobContext context =
        new JobContext()
            .workers(WORKERS)
            .parameterCount(16)
            .topology(Topology.Kind.COMPLETE)
            .clock(() -> nowNs)
            .conclude();
    for (int rank = 0; rank < WORKERS; rank++) {
      replicas.add(Replica.createPrivate(context.layout(), 1, rank));
      regions.add(fabric.expose(replicas.get(rank)));
    }
    return new Worker(context, replicas.getFirst());
  }

  private CommunicationAgent connect(Worker worker) {
    return worker.connect(fabric, Membership.of(regions), () -> 0);
  }

  private List<ScriptedRemote> neighbours() {
    return connections.stream().filter(remote -> remote.rank() != 0).toList();
  }

  @Test
  void shouldAcknowledgeToEveryNeighbourInTurnWhileThereIsNothingToDo() {
    try (Worker worker = worker()) {
      CommunicationAgent agent = connect(worker);
      for (int call = 1; call < WORKERS; call++) {
        agent.doWork();
      }
      for (ScriptedRemote remote : neighbours()) {
        assertEquals(1, remote.settled);
        assertEquals(List.of(), remote.log, "nothing is posted for it");
      }
    }
  }

  @Test
  void shouldAcknowledgeToNeighboursThatLookLockedAlthoughGradientsNeverEnd() {
    try (Worker worker = worker()) {
      CommunicationAgent agent = connect(worker);
      for (Replica peer : replicas.subList(1, WORKERS)) {
        lockFor(peer, 1 + peer.rank() % (WORKERS - 1));
      }
      for (int call = 0; call < 200; call++) {
        try (Snapshot open = worker.snapshot()) {
          assertEquals(0, open.stripe(0).get(ValueLayout.JAVA_FLOAT, 0));
          worker.gradient().fill((byte) 0);
          assertTrue(worker.submit());
        }
        agent.doWork();
        nowNs += 100_000;
      }
      assertTrue(worker.counters().get(Counter.STEPS) > 10, "it goes on alone");
      for (ScriptedRemote remote : neighbours()) {
        assertEquals(List.of(), remote.log, "it looks locked");
        assertTrue(remote.settled > 0, "rank " + remote.rank() + " waits for an acknowledgement");
      }
    }
  }

  private static void lockFor(Replica replica, int holder) {
    long word = replica.lockWord(0);
    long offset = replica.layout().lineOffset(0) + ControlLine.LOCK_OFFSET;
    long held = LockWord.acquire(word, holder, 1, 1);
    assertEquals(word, ControlLine.compareAndSwap(replica.segment(), offset, word, held));
  }
}

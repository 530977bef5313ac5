package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Neighbours that come, go and return, on a fabric that does as it is told. */
class NeighbourhoodTest {
  private static final long INTERVAL_NS = 1_000_000;

  private final JobContext context =
      new JobContext()
          .workers(3)
          .parameterCount(10)
          .peerCheckNs(INTERVAL_NS)
          .peerListener(
              (rank, peer, incarnation, state) ->
                  this.told.add(peer + "." + incarnation + " " + state))
          .conclude();
  private final Replica replica = Replica.createPrivate(context.layout(), 1, 0);
  private final Counters counters = new Counters(replica.segment(), ReplicaLayout.COUNTERS_OFFSET);
  private final List<String> told = new ArrayList<>();
  private final List<String> removed = new ArrayList<>();
  private final List<FakeRemote> connections = new ArrayList<>();
  private final Set<String> dead = new HashSet<>();
  private final Set<String> left = new HashSet<>();
  private final int[] joined = {0, 0, Membership.ABSENT};
  private String refusal;
  private boolean preparing;
  private long nowNs;
  private final DeviceKernels device = new DeviceKernels(1, 0);
  private Kernels kernels = new CpuKernels();
  private MemorySegment direct;
  private List<String> atClose;

  @AfterEach
  void close() {
    replica.close();
    for (FakeRemote remote : connections) {
      assertTrue(remote.closed <= 1, "closed twice");
    }
  }

  private final class FakeRemote implements Remote {
    private final int rank;
    private PeerState state = PeerState.ALIVE;
    private int closed;
    private int settled;

    FakeRemote(int rank) {
      this.rank = rank;
    }

    @Override
    public int rank() {
      return rank;
    }

    @Override
    public int epoch() {
      return 1;
    }

    @Override
    public int incarnation() {
      return 0;
    }

    @Override
    public PeerState state() {
      return state;
    }

    @Override
    public MemorySegment direct() {
      return direct;
    }

    @Override
    public void readWord(long offsetBytes, long tag) {
      throw new AssertionError("nothing is posted");
    }

    @Override
    public void read(long offset, MemorySegment into, long intoOffset, long length, long tag) {
      throw new AssertionError("nothing is posted");
    }

    @Override
    public void write(long offset, MemorySegment from, long fromOffset, long length, long tag) {
      throw new AssertionError("nothing is posted");
    }

    @Override
    public void compareAndSwap(long offset, long expected, long desired, long tag) {
      throw new AssertionError("nothing is posted");
    }

    @Override
    public int poll(CompletionHandler handler) {
      return 0;
    }

    @Override
    public void settle() {
      settled++;
    }

    @Override
    public void close() {
      closed++;
      atClose = device.known();
    }
  }

  private final Fabric fabric =
      new Fabric() {
        @Override
        public String name() {
          return "fake";
        }

        @Override
        public boolean isAddressable() {
          return false;
        }

        @Override
        public RegionDescriptor describe(long jobId, int rank, int incarnation) {
          return new RegionDescriptor("fake", rank, incarnation, jobId, "");
        }

        @Override
        public RegionDescriptor expose(Replica exposed) {
          throw new AssertionError("not asked for");
        }

        @Override
        public Remote connect(
            RegionDescriptor descriptor, ReplicaLayout layout, int rank, int incarnation) {
          if (refusal != null) {
            throw new StarlingException(refusal);
          }
          FakeRemote remote = new FakeRemote(descriptor.rank());
          connections.add(remote);
          return remote;
        }

        @Override
        public boolean prepare(
            RegionDescriptor descriptor, ReplicaLayout layout, int rank, int incarnation) {
          return !preparing;
        }

        @Override
        public void removeDead(RegionDescriptor descriptor) {
          removed.add(descriptor.rank() + "." + descriptor.incarnation());
        }

        @Override
        public boolean isDead(RegionDescriptor descriptor) {
          return dead.contains(descriptor.rank() + "." + descriptor.incarnation());
        }

        @Override
        public PeerState state(RegionDescriptor descriptor) {
          return left.contains(descriptor.rank() + "." + descriptor.incarnation())
              ? PeerState.CLOSED
              : Fabric.super.state(descriptor);
        }

        @Override
        public void close() {}
      };

  private final Membership members =
      new Membership() {
        @Override
        public int incarnation(int rank) {
          return joined[rank];
        }

        @Override
        public RegionDescriptor region(int rank, int incarnation) {
          return new RegionDescriptor("fake", rank, incarnation, 1, "");
        }
      };

  private Neighbourhood neighbourhood() {
    return new Neighbourhood(
        replica, new int[] {1, 2}, fabric, members, kernels, counters, context);
  }

  private void pass(Neighbourhood neighbours) {
    for (int i = 0; i < 10; i++) {
      nowNs += INTERVAL_NS;
      neighbours.poll(nowNs, true);
    }
  }

  @Test
  void shouldConnectAtOnceToWhoHasJoinedAndLaterToOthers() {
    try (Neighbourhood neighbours = neighbourhood()) {
      assertEquals(1, neighbours.connected());
      assertNull(neighbours.remote(1));
      assertFalse(neighbours.isAvailable(1));
      pass(neighbours);
      assertEquals(1, neighbours.connected());
      joined[2] = 0;
      pass(neighbours);
      assertEquals(2, neighbours.connected());
      assertEquals(List.of("1.0 ALIVE", "2.0 ALIVE"), told);
      assertEquals(2, counters.get(Counter.PEERS_JOINED));
    }
    connections.forEach(remote -> assertEquals(1, remote.closed));
  }

  @Test
  void shouldTakeThePeersMemoryFromTheDeviceBeforeItDisconnects() {
    kernels = device;
    direct = replica.segment();
    try (Neighbourhood neighbours = neighbourhood()) {
      assertEquals(List.of("the replica of rank 1 as rank 0 sees it"), device.known());
      connections.getFirst().state = PeerState.DEAD;
      pass(neighbours);
      assertEquals(1, connections.getFirst().closed);
      assertEquals(List.of(), atClose);
      joined[1] = 1;
      pass(neighbours);
      assertEquals(List.of("the replica of rank 1 as rank 0 sees it"), device.known());
    }
    assertEquals(List.of(), atClose);
    assertEquals(List.of(), device.mistakes());
    assertEquals(2, device.registered().size());
  }

  @Test
  void shouldDisconnectFromEveryoneWhenTheDeviceHasFailed() {
    joined[2] = 0;
    kernels = device;
    direct = replica.segment();
    Neighbourhood neighbours = neighbourhood();
    device.fail();
    StarlingException failure = assertThrows(StarlingException.class, neighbours::close);
    assertEquals(2, failure.getSuppressed().length);
    assertEquals(2, connections.size());
    connections.forEach(remote -> assertEquals(1, remote.closed));
    assertEquals(List.of(), device.mistakes());
  }

  @Test
  void shouldPinTheMemoryOfWhoComesOnlyWhileNoLockIsHeld() {
    kernels = device;
    direct = replica.segment();
    try (Neighbourhood neighbours = neighbourhood()) {
      joined[2] = 0;
      for (int i = 0; i < 10; i++) {
        nowNs += INTERVAL_NS;
        neighbours.poll(nowNs, false);
      }
      assertEquals(1, neighbours.connected());
      pass(neighbours);
      assertEquals(2, neighbours.connected());
    }
  }

  @Test
  void shouldTakeAPeerForAliveUntilItsDeviceHasEndedWhatItDid() {
    kernels = device;
    direct = replica.segment();
    try (Neighbourhood neighbours = neighbourhood()) {
      pass(neighbours);
      assertEquals(PeerState.ALIVE, neighbours.state(1, 0));
      connections.getFirst().state = PeerState.DEAD;
      assertEquals(PeerState.ALIVE, neighbours.state(1, 0), "its device may still write");
      pass(neighbours);
      assertEquals(0, neighbours.connected(), "no exchange begins with it");
      assertEquals(PeerState.ALIVE, neighbours.state(1, 0), "its device may still write");
      nowNs += context.deviceGraceNs();
      neighbours.poll(nowNs, true);
      assertEquals(PeerState.DEAD, neighbours.state(1, 0));
    }
  }

  @Test
  void shouldLookAtEveryNeighbourOncePerIntervalAndNotMoreOften() {
    joined[2] = 0;
    try (Neighbourhood neighbours = neighbourhood()) {
      connections.forEach(remote -> remote.state = PeerState.DEAD);
      nowNs += INTERVAL_NS;
      assertEquals(1, neighbours.poll(nowNs, true), "one look at a time");
      assertEquals(0, neighbours.poll(nowNs + 1, true), "the next one is not due");
      assertEquals(1, neighbours.poll(nowNs + INTERVAL_NS / 2, true));
      assertEquals(0, neighbours.connected());
    }
  }

  @Test
  void shouldDropAndRemoveADeadNeighbourAndConnectToItsSuccessor() {
    try (Neighbourhood neighbours = neighbourhood()) {
      FakeRemote first = connections.getFirst();
      first.state = PeerState.DEAD;
      pass(neighbours);
      assertEquals(1, first.closed);
      assertEquals(List.of("1.0"), removed);
      assertEquals(1, counters.get(Counter.PEERS_LOST));
      pass(neighbours);
      assertEquals(1, connections.size(), "the same incarnation is not tried again");
      joined[1] = 1;
      pass(neighbours);
      assertNotSame(first, neighbours.remote(0));
      assertEquals(List.of("1.0 ALIVE", "1.0 DEAD", "1.1 ALIVE"), told);
    }
  }

  @Test
  void shouldConnectAnewWhenAConnectionBrokeAndThePeerLives() {
    try (Neighbourhood neighbours = neighbourhood()) {
      FakeRemote first = connections.getFirst();
      first.state = PeerState.BROKEN;
      assertEquals(PeerState.ALIVE, neighbours.state(1, 0), "its own connection may be whole");
      preparing = true;
      pass(neighbours);
      assertEquals(1, first.closed);
      assertEquals(List.of(), removed);
      assertFalse(neighbours.isAvailable(0), "not before the connection is there");
      assertEquals(PeerState.ALIVE, neighbours.state(1, 0));
      preparing = false;
      pass(neighbours);
      assertTrue(neighbours.isAvailable(0));
      assertNotSame(first, neighbours.remote(0));
      assertEquals(1, counters.get(Counter.CONNECTIONS_BROKEN));
      assertEquals(0, counters.get(Counter.PEERS_LOST));
    }
  }

  @Test
  void shouldNotConnectAnewToWhoLeftOrDiedAfterTheConnectionBroke() {
    try (Neighbourhood neighbours = neighbourhood()) {
      connections.getFirst().state = PeerState.BROKEN;
      preparing = true;
      pass(neighbours);
      left.add("1.0");
      preparing = false;
      pass(neighbours);
      assertEquals(1, connections.size());
      assertEquals(PeerState.DEAD, neighbours.state(1, 0), "its locks are nobody's");
      assertEquals(List.of(), removed);
      joined[1] = 1;
      pass(neighbours);
      connections.getLast().state = PeerState.BROKEN;
      dead.add("1.1");
      pass(neighbours);
      assertEquals(2, connections.size());
      assertEquals(List.of("1.1"), removed);
      assertEquals(List.of("1.0 ALIVE", "1.0 CLOSED", "1.1 ALIVE", "1.1 DEAD"), told);
      assertEquals(2, counters.get(Counter.PEERS_LOST));
      assertEquals(2, counters.get(Counter.CONNECTIONS_BROKEN));
    }
  }

  @Test
  void shouldNotRemoveTheRegionOfOneThatLeft() {
    try (Neighbourhood neighbours = neighbourhood()) {
      connections.getFirst().state = PeerState.CLOSED;
      pass(neighbours);
      assertEquals(0, neighbours.connected());
      assertEquals(List.of(), removed);
      assertEquals(List.of("1.0 ALIVE", "1.0 CLOSED"), told);
    }
  }

  @Test
  void shouldKeepAConnectionWhileAnExchangeUsesIt() {
    try (Neighbourhood neighbours = neighbourhood()) {
      FakeRemote used = connections.getFirst();
      assertSame(used, neighbours.use(0));
      assertFalse(neighbours.isAvailable(0), "one exchange at a time");
      int settled = used.settled;
      used.state = PeerState.DEAD;
      pass(neighbours);
      assertEquals(0, used.closed, "its memory is in use");
      assertEquals(settled, used.settled, "its planes may still be written");
      neighbours.release(0);
      pass(neighbours);
      assertEquals(1, used.closed);
    }
  }

  @Test
  void shouldGoOnWhenARankCameAndWentBetweenTwoLooks() {
    try (Neighbourhood neighbours = neighbourhood()) {
      joined[2] = 0;
      dead.add("2.0");
      refusal = "no such file";
      pass(neighbours);
      assertEquals(List.of("1.0 ALIVE", "2.0 DEAD"), told);
      assertEquals(List.of("2.0"), removed);
      refusal = null;
      joined[2] = 1;
      pass(neighbours);
      assertEquals(2, neighbours.connected());
    }
  }

  @Test
  void shouldFailWhenALivingRankHasAnotherModel() {
    try (Neighbourhood neighbours = neighbourhood()) {
      joined[2] = 0;
      refusal = "parameters differ";
      StarlingException failure = assertThrows(StarlingException.class, () -> pass(neighbours));
      assertEquals("parameters differ", failure.getMessage());
    }
  }

  @Test
  void shouldCloseWhatIsOpenWhenTheFirstConnectionsFail() {
    joined[2] = 0;
    Membership failing =
        new Membership() {
          @Override
          public int incarnation(int rank) {
            return 0;
          }

          @Override
          public RegionDescriptor region(int rank, int incarnation) {
            refusal = rank == 1 ? null : "memory is short";
            return members.region(rank, incarnation);
          }
        };
    assertThrows(
        StarlingException.class,
        () ->
            new Neighbourhood(
                    replica, new int[] {1, 2}, fabric, failing, kernels, counters, context)
                .close());
    assertEquals(1, connections.size());
    assertEquals(1, connections.getFirst().closed);
  }

  /** What the guard asks: wrong answers about a death would let a plane be written twice. */
  @Test
  void shouldJudgeEveryIncarnationByItself() {
    try (Neighbourhood neighbours = neighbourhood()) {
      assertEquals(PeerState.ALIVE, neighbours.state(1, 0));
      assertEquals(PeerState.ALIVE, neighbours.state(1, 1), "a successor not yet known here");
      assertEquals(PeerState.ALIVE, neighbours.state(2, 0), "one that was never connected");
      assertEquals(PeerState.ALIVE, neighbours.state(3, 0), "a reader");
      connections.getFirst().state = PeerState.DEAD;
      assertEquals(PeerState.DEAD, neighbours.state(1, 0));
      assertEquals(PeerState.ALIVE, neighbours.state(1, 1));
      pass(neighbours);
      assertEquals(PeerState.DEAD, neighbours.state(1, 0), "also when it is disconnected");
      joined[1] = 2;
      pass(neighbours);
      assertEquals(PeerState.DEAD, neighbours.state(1, 0));
      assertEquals(PeerState.DEAD, neighbours.state(1, 1), "an earlier one");
      assertEquals(PeerState.ALIVE, neighbours.state(1, 2));
    }
  }
}

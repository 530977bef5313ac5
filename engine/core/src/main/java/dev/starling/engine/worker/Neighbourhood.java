package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.LockGuard;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.Replica;
import java.util.Arrays;

/**
 * A worker's connections to its neighbours, who may join late, die and join again.
 *
 * <pre>
 *   ABSENT --joined, prepared, connected--> CONNECTED
 *   CONNECTED --dead or left, not in use--> ABSENT, a higher incarnation may come
 *   CONNECTED --connection in error, not in use--> ABSENT, connected anew unless dead or left
 * </pre>
 *
 * <p>One neighbour is looked at per interval, so a look costs one system call and waits for nobody.
 * Belongs to the communication agent; opening and closing to the thread that sets the worker up.
 */
final class Neighbourhood implements LockGuard.Liveness, AutoCloseable {
  private static final long NEVER = Long.MIN_VALUE;

  private final Replica replica;
  private final Fabric fabric;
  private final Membership members;
  private final Kernels kernels;
  private final Counters counters;
  private final PeerListener listener;
  private final long intervalNs;
  private final long deviceGraceNs;
  private final long[] deadSinceNs;
  private final int[] ranks;
  private final int[] indexOfRank;
  private final Remote[] remotes;
  private final Kernels.Registration[] registrations;
  private final int[] incarnation;
  private final boolean[] inUse;
  private final boolean[] again;
  private int connected;
  private int settling;
  private int looking;
  private long lookAtNs = Long.MIN_VALUE;
  private long nowNs;

  /**
   * Connects to every neighbour that has joined, where that can be done at once.
   *
   * @param replica the worker's own replica
   * @param ranks its neighbours
   * @param fabric how to reach them
   * @param members who has joined
   * @param kernels who computes on the peers' memory where it is addressable
   * @param counters the worker's counters
   * @param context interval and listener
   */
  Neighbourhood(
      Replica replica,
      int[] ranks,
      Fabric fabric,
      Membership members,
      Kernels kernels,
      Counters counters,
      JobContext context) {
    this.replica = replica;
    this.ranks = ranks;
    this.fabric = fabric;
    this.members = members;
    this.kernels = kernels;
    this.counters = counters;
    listener = context.peerListener();
    intervalNs = Math.max(1, context.peerCheckNs() / Math.max(1, ranks.length));
    deviceGraceNs = kernels.needsRegistration() ? context.deviceGraceNs() : 0;
    deadSinceNs = new long[ranks.length];
    Arrays.fill(deadSinceNs, NEVER);
    remotes = new Remote[ranks.length];
    registrations = new Kernels.Registration[ranks.length];
    incarnation = new int[ranks.length];
    inUse = new boolean[ranks.length];
    again = new boolean[ranks.length];
    indexOfRank = new int[replica.layout().workers()];
    Arrays.fill(incarnation, Membership.ABSENT);
    Arrays.fill(indexOfRank, -1);
    try {
      for (int index = 0; index < ranks.length; index++) {
        indexOfRank[ranks[index]] = index;
        tryConnect(index);
      }
    } catch (Throwable failure) {
      disconnectAll(failure);
      throw failure;
    }
  }

  /** {@return how many neighbours the graph gives this worker} */
  int size() {
    return ranks.length;
  }

  /** {@return how many of them are connected} */
  int connected() {
    return connected;
  }

  /** {@return the rank of a neighbour} */
  int rank(int index) {
    return ranks[index];
  }

  /** {@return which neighbour a rank is} */
  int indexOf(int rank) {
    return indexOfRank[rank];
  }

  /** {@return whether a neighbour that was connected has died or left} */
  boolean isLost(int index) {
    return remotes[index] == null && !again[index] && incarnation[index] != Membership.ABSENT;
  }

  /** Fails when a neighbour that the first round needs has gone before it began. */
  void requireNotLost(int index) {
    if (isLost(index)) {
      throw new StarlingException(
          "rank %d cannot go on: rank %d, which every round needs, was gone before the first; start the job again"
              .formatted(replica.rank(), ranks[index]));
    }
  }

  /** {@return the connection to a neighbour, null while it is absent} */
  Remote remote(int index) {
    return remotes[index];
  }

  /** {@return whether a neighbour is connected and in no exchange of this worker} */
  boolean isAvailable(int index) {
    return remotes[index] != null && !inUse[index];
  }

  /** An exchange with a neighbour begins: its connection stays until {@link #release}. */
  Remote use(int index) {
    inUse[index] = true;
    return remotes[index];
  }

  /** The exchange with a neighbour is over. */
  void release(int index) {
    inUse[index] = false;
  }

  /**
   * Looks at one neighbour when it is time to, and tells one that this worker writes none of its
   * planes. An agent with gradients to apply must do so too: a home with two planes in quarantine
   * breaks no further lock, and nobody tries a neighbour whose stripe stays locked.
   *
   * @param timeNs the time by the worker's clock
   * @param isResting whether no lock is held: pinning the memory of who comes takes a while
   * @return how many things happened
   */
  int poll(long timeNs, boolean isResting) {
    nowNs = timeNs;
    if (ranks.length == 0) {
      return 0;
    }
    settling = (settling + 1) % ranks.length;
    if (isAvailable(settling)) {
      remotes[settling].settle();
    }
    if (nowNs < lookAtNs) {
      return 0;
    }
    int next = (looking + 1) % ranks.length;
    if (!isResting && kernels.needsRegistration() && isWaiting(next)) {
      return 0;
    }
    lookAtNs = nowNs + intervalNs;
    looking = next;
    return look(looking);
  }

  /** Whether a neighbour is to be connected to. */
  private boolean isWaiting(int index) {
    return remotes[index] == null
        && (again[index] || members.incarnation(ranks[index]) > incarnation[index]);
  }

  private int look(int index) {
    Remote remote = remotes[index];
    if (remote == null) {
      return tryConnect(index) ? 1 : 0;
    }
    if (inUse[index]) {
      return 0;
    }
    PeerState state = remote.state();
    if (state == PeerState.ALIVE) {
      return 0;
    }
    connected--;
    disconnect(index);
    if (state == PeerState.BROKEN) {
      again[index] = true;
      counters.add(Counter.CONNECTIONS_BROKEN, 1);
      return 1;
    }
    lose(index, state);
    return 1;
  }

  private void lose(int index, PeerState state) {
    counters.add(Counter.PEERS_LOST, 1);
    if (state == PeerState.DEAD) {
      fabric.removeDead(members.region(ranks[index], incarnation[index]));
    }
    listener.onPeer(replica.rank(), ranks[index], incarnation[index], state);
  }

  /** Connects to who has joined since, and anew to whom the connection broke. */
  private boolean tryConnect(int index) {
    if (again[index]) {
      // A peer that ends breaks its connections first, and is known to be gone only then.
      PeerState state = fabric.state(members.region(ranks[index], incarnation[index]));
      if (state != PeerState.ALIVE) {
        again[index] = false;
        lose(index, state);
        return true;
      }
    }
    int joined = members.incarnation(ranks[index]);
    boolean isNew = joined > incarnation[index];
    boolean isBack = again[index] && joined != Membership.ABSENT;
    return (isNew || isBack)
        && fabric.prepare(
            members.region(ranks[index], joined),
            replica.layout(),
            replica.rank(),
            replica.incarnation())
        && connect(index, joined);
  }

  private boolean connect(int index, int joined) {
    RegionDescriptor region = members.region(ranks[index], joined);
    // Whatever comes of it: this incarnation is known from now on, and locks of earlier ones are
    // dead workers'.
    boolean isBack = again[index] && incarnation[index] == joined;
    deadSinceNs[index] = NEVER;
    incarnation[index] = joined;
    again[index] = false;
    Remote remote;
    try {
      remote = fabric.connect(region, replica.layout(), replica.rank(), replica.incarnation());
    } catch (StarlingException failure) {
      if (members.incarnation(ranks[index]) != joined || fabric.isDead(region)) {
        fabric.removeDead(region);
        listener.onPeer(replica.rank(), ranks[index], joined, PeerState.DEAD);
        return false;
      }
      throw failure;
    }
    remotes[index] = remote;
    connected++;
    registrations[index] = registerMemory(index, remote);
    if (isBack) {
      return true;
    }
    counters.add(Counter.PEERS_JOINED, 1);
    listener.onPeer(replica.rank(), ranks[index], joined, PeerState.ALIVE);
    return true;
  }

  /** Makes a peer's memory known to a device that is to average on it. */
  private Kernels.Registration registerMemory(int index, Remote remote) {
    return remote.direct() == null
        ? Kernels.Registration.NONE
        : kernels.register(
            "the replica of rank %d as rank %d sees it".formatted(ranks[index], replica.rank()),
            remote.direct());
  }

  private void disconnect(int index) {
    Remote remote = remotes[index];
    Kernels.Registration registration = registrations[index];
    remotes[index] = null;
    registrations[index] = null;
    try {
      if (registration != null) {
        registration.close();
      }
    } finally {
      remote.close();
    }
  }

  /** Readers and ranks that are no neighbours count as alive: their locks have the hold limit. */
  @Override
  public PeerState state(int rank, int incarnationOfHolder) {
    int index = rank < indexOfRank.length ? indexOfRank[rank] : -1;
    PeerState known = known(index, incarnationOfHolder);
    if (known == PeerState.ALIVE || deviceGraceNs == 0) {
      return known;
    }
    // A process that was killed has given up its locks, but its device may still be writing.
    if (deadSinceNs[index] == NEVER) {
      deadSinceNs[index] = nowNs;
    }
    return nowNs - deadSinceNs[index] < deviceGraceNs ? PeerState.ALIVE : known;
  }

  private PeerState known(int index, int incarnationOfHolder) {
    if (index < 0 || incarnation[index] < incarnationOfHolder) {
      return PeerState.ALIVE;
    }
    if (incarnation[index] > incarnationOfHolder || remotes[index] == null && !again[index]) {
      return PeerState.DEAD;
    }
    PeerState state = again[index] ? PeerState.BROKEN : remotes[index].state();
    // An error of this worker's own connection says nothing about the peer's.
    return state == PeerState.BROKEN ? PeerState.ALIVE : state;
  }

  /** Disconnects from everyone, also when that fails for one of them. */
  @Override
  public void close() {
    StarlingException failed =
        new StarlingException(
            "disconnecting the neighbours of rank "
                + replica.rank()
                + " failed: see the suppressed failures");
    disconnectAll(failed);
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }

  private void disconnectAll(Throwable collector) {
    connected = 0;
    for (int index = 0; index < remotes.length; index++) {
      try {
        if (remotes[index] != null) {
          disconnect(index);
        }
      } catch (RuntimeException failure) {
        collector.addSuppressed(failure);
      }
    }
  }
}

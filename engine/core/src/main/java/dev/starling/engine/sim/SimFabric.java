package dev.starling.engine.sim;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A fabric on which every posted operation takes effect at a later moment of virtual time, long
 * ones in parts, and completes still later; operations overtake one another freely.
 *
 * <p>Where homes cut peers off ({@link Reach#VERBS}) a connection breaks when it is cut, when an
 * operation fails, and when nothing passed for as long as a transport tries again; operations of
 * the dead may arrive late. Elsewhere what a dead worker had posted has taken effect, or never
 * will, when it dies.
 */
final class SimFabric implements Fabric {
  /** How long a transport tries before it gives a connection up. */
  static final long RETRY_NS = 2_000_000;

  /** What a replica's home is known for. */
  static final class Home {
    final Replica replica;
    final SimWorker owner;

    /** Words that a failed swap is about to store back: other swaps wait. */
    final Set<Long> storing = new HashSet<>();

    boolean dead;
    long knownDeadAtNs;

    Home(Replica replica, SimWorker owner) {
      this.replica = replica;
      this.owner = owner;
    }
  }

  final Scenario scenario;
  final SplittableRandom random;
  final SimWatch watch;
  final Agenda agenda;
  final Pace pace;
  final Partitions partitions;
  final FaultCounts counts;
  private final Map<String, Home> homes = new HashMap<>();
  private final List<SimRemote> remotes = new ArrayList<>();
  private long registrations;
  private boolean ended;

  SimFabric(
      Scenario scenario,
      SplittableRandom random,
      SimWatch watch,
      Agenda agenda,
      Pace pace,
      FaultCounts counts) {
    this.scenario = scenario;
    this.random = random;
    this.watch = watch;
    this.agenda = agenda;
    this.pace = pace;
    this.counts = counts;
    partitions = new Partitions(scenario.workers());
  }

  boolean isVerbs() {
    return scenario.reach() == Reach.VERBS;
  }

  private static String key(int rank, int incarnation) {
    return rank + "." + incarnation;
  }

  private Home home(RegionDescriptor descriptor) {
    return homes.get(key(descriptor.rank(), descriptor.incarnation()));
  }

  /** Whose memory a replica is. */
  void own(Replica replica, SimWorker owner) {
    homes.put(key(replica.rank(), replica.incarnation()), new Home(replica, owner));
  }

  @Override
  public String name() {
    return "sim";
  }

  @Override
  public boolean isAddressable() {
    return scenario.reach() == Reach.SHARED;
  }

  @Override
  public RegionDescriptor expose(Replica replica) {
    return describe(replica.jobId(), replica.rank(), replica.incarnation());
  }

  @Override
  public RegionDescriptor describe(long jobId, int rank, int incarnation) {
    return new RegionDescriptor(name(), rank, incarnation, jobId, "");
  }

  @Override
  public Registration register(String what, MemorySegment memory) {
    registrations++;
    return () -> registrations--;
  }

  @Override
  public boolean prepare(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    return !partitions.isParted(localRank, descriptor.rank(), agenda.nowNs());
  }

  @Override
  public Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    if (isDead(descriptor)) {
      throw new StarlingException("rank " + descriptor.rank() + " is gone");
    }
    Home home = home(descriptor);
    boolean own = descriptor.rank() == localRank;
    if (!own) {
      fence(descriptor, localRank, Integer.MAX_VALUE);
    }
    int epoch = AttachmentTable.issueEpoch(home.replica.segment(), localRank, localIncarnation);
    Home local = homes.get(key(localRank, localIncarnation));
    SimRemote remote = new SimRemote(this, home, local, epoch);
    remotes.add(remote);
    return scenario.mutant().remote(remote, own);
  }

  @Override
  public boolean fence(RegionDescriptor descriptor, int rank, int epoch) {
    if (!isVerbs()) {
      return false;
    }
    Home home = home(descriptor);
    for (SimRemote remote : remotes) {
      if (remote.isOf(home, rank) && remote.epoch() <= epoch) {
        remote.breakDown();
      }
    }
    return true;
  }

  @Override
  public boolean isDead(RegionDescriptor descriptor) {
    Home home = home(descriptor);
    return home == null || home.dead;
  }

  /** Whether nothing can arrive any more through a connection of some epoch. */
  boolean isSilent(Replica replica, int holder, int epoch) {
    for (SimRemote remote : remotes) {
      if (remote.isOf(replica, holder) && remote.epoch() == epoch) {
        return remote.isSilent();
      }
    }
    return false;
  }

  /**
   * A worker is dead from now on.
   *
   * @param owned its replica
   * @param noticedAfterNs how long those that are connected take it for alive
   */
  void kill(Replica owned, long noticedAfterNs) {
    Home dead = homes.get(key(owned.rank(), owned.incarnation()));
    dead.dead = true;
    dead.knownDeadAtNs = agenda.nowNs() + noticedAfterNs;
    for (SimRemote remote : remotes) {
      if (remote.belongsTo(dead)) {
        remote.ownerDied();
      }
    }
    remotes.removeIf(remote -> remote.belongsTo(dead) && remote.isSilent() && !remote.mayHold());
  }

  /** The run is over: replicas go away, and what is under way arrives nowhere. */
  void end() {
    ended = true;
  }

  boolean hasEnded() {
    return ended;
  }

  /** What is still open, of workers that closed everything. */
  void checkClosed() {
    for (SimRemote remote : remotes) {
      if (!remote.isClosed()) {
        watch.violated("P6: a connection " + remote.describe() + " was left open");
      }
    }
    if (registrations != 0) {
      watch.violated("P6: " + registrations + " registrations were left open");
    }
  }

  @Override
  public void close() {}
}

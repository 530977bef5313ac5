package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * The active end of a measurement and its connection to the passive one: the own replica, full of
 * {@link #OWN}, and a peer's, full of {@link #PEERS}. Every plane has been written before. Belongs
 * to the thread that measures.
 */
final class Ends implements AutoCloseable {
  /** Every parameter of the own replica. */
  static final float OWN = 1f;

  /** Every parameter of the peer's replica. */
  static final float PEERS = 3f;

  /** Every parameter of both once they were averaged. */
  static final float MEAN = 2f;

  private static final int ACTIVE = 0;
  private static final int PASSIVE = 1;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ReplicaLayout layout;
  private final String where;
  private Fabric fabric;
  private Replica home;
  private RegionDescriptor homeRegion;
  private Remote peer;

  private Ends(ReplicaLayout layout, String where) {
    this.layout = layout;
    this.where = where;
  }

  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  private Ends opening(Step step) throws IOException {
    try {
      step.run();
      return this;
    } catch (Throwable failure) {
      closeOpened(failure);
      throw failure;
    }
  }

  /**
   * Has both ends in this process, over shared memory.
   *
   * @param layout of both replicas
   * @return the ends
   * @throws IOException never
   */
  static Ends shared(ReplicaLayout layout) throws IOException {
    Ends ends = new Ends(layout, "both ends in this process");
    return ends.opening(
        () -> {
          ShmFabric shm = sharedMemory();
          long job = newJob();
          ends.home(shm, job, ACTIVE, 0);
          Replica other = ends.pushReplica(replica(layout, job, PASSIVE, 0, PEERS));
          ends.connect(shm.expose(other), 0);
        });
  }

  /**
   * Has the passive end in a second process, over shared memory.
   *
   * @param layout of both replicas
   * @return the ends
   * @throws IOException when the second process does not start or ends at once
   */
  static Ends processes(ReplicaLayout layout) throws IOException {
    Ends ends = new Ends(layout, "the passive end in a second process");
    return ends.opening(
        () -> {
          ShmFabric shm = sharedMemory();
          long job = newJob();
          ends.push(PassiveProcess.start(job, PASSIVE, layout));
          ends.home(shm, job, ACTIVE, 0);
          ends.connect(shm.describe(job, PASSIVE, 0), 0);
        });
  }

  /**
   * Has both ends in this process, each with the RDMA device opened for itself: what moves goes
   * through the device.
   *
   * @param layout of both replicas
   * @param verbs opens the fabric
   * @param options of the fabric
   * @param tell takes sentences for people
   * @return the ends
   * @throws IOException never
   */
  static Ends loopback(
      ReplicaLayout layout, VerbsOpener verbs, Map<String, String> options, Consumer<String> tell)
      throws IOException {
    Ends ends = new Ends(layout, "both ends on one device of this process");
    return ends.opening(
        () -> {
          LoopChannel channel = ends.push(new LoopChannel());
          Fabric passive = ends.push(verbs.open(options, channel.of(PASSIVE), sentence -> {}));
          Fabric active = ends.push(verbs.open(options, channel.of(ACTIVE), tell));
          long job = newJob();
          ends.expose(passive, replica(layout, job, PASSIVE, 0, PEERS));
          ends.home(active, job, ACTIVE, 0);
          ends.connect(active.describe(job, PASSIVE, 0), 0);
        });
  }

  /**
   * Has the passive end in another rank, usually on another host.
   *
   * @param layout of both replicas
   * @param launch how ranks find each other
   * @param place this process, rank 0
   * @param verbs opens the fabric
   * @param shape what both ranks must agree on
   * @param tell takes sentences for people
   * @return the ends
   * @throws IOException never
   */
  static Ends ranks(
      ReplicaLayout layout,
      EndOptions launch,
      LaunchEnvironment place,
      VerbsOpener verbs,
      String shape,
      Consumer<String> tell)
      throws IOException {
    Ends ends = new Ends(layout, "the passive end is rank 1");
    return ends.opening(
        () -> {
          RankLink link = ends.push(RankLink.open(launch, place, shape, tell));
          Fabric active = ends.push(verbs.open(launch.fabricOptions(), link.channel(), tell));
          ends.home(active, link.jobId(), ACTIVE, link.incarnation());
          link.awaitBoth();
          ends.connect(
              active.describe(link.jobId(), PASSIVE, link.incarnationOf(PASSIVE)),
              link.incarnation());
        });
  }

  /**
   * Is the passive end of {@link #ranks} until the active one is done.
   *
   * @param layout of both replicas
   * @param launch how ranks find each other
   * @param place this process, rank 1
   * @param verbs opens the fabric
   * @param shape what both ranks must agree on
   * @param tell takes sentences for people
   * @throws StarlingException when the active end dies
   * @throws IOException never
   */
  static void servePassively(
      ReplicaLayout layout,
      EndOptions launch,
      LaunchEnvironment place,
      VerbsOpener verbs,
      String shape,
      Consumer<String> tell)
      throws IOException {
    Ends ends = new Ends(layout, "");
    ends.opening(
            () -> {
              RankLink link = ends.push(RankLink.open(launch, place, shape, tell));
              Fabric passive = ends.push(verbs.open(launch.fabricOptions(), link.channel(), tell));
              ends.expose(
                  passive, replica(layout, link.jobId(), PASSIVE, link.incarnation(), PEERS));
              link.awaitBoth();
              link.awaitEnd();
            })
        .close();
  }

  private static ShmFabric sharedMemory() {
    ShmFabric shm = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    shm.removeDeadRegions();
    return shm;
  }

  private static long newJob() {
    return ThreadLocalRandom.current().nextLong() >>> 1;
  }

  /**
   * Makes a replica and writes every plane of it, so that no page is touched for the first time
   * while time is taken.
   *
   * @param layout its layout
   * @param job the job
   * @param rank its rank
   * @param incarnation of the rank
   * @param value every parameter
   * @return the replica, owned by the caller
   */
  static Replica replica(ReplicaLayout layout, long job, int rank, int incarnation, float value) {
    Replica replica =
        Replica.createShared(regionPath(job, rank, incarnation), layout, job, rank, incarnation);
    try {
      fill(replica, value);
      return replica;
    } catch (Throwable failure) {
      replica.close();
      throw failure;
    }
  }

  /** {@return where a replica lies} */
  static Path regionPath(long job, int rank, int incarnation) {
    return new ShmFabric(ShmFabric.DEFAULT_DIRECTORY).regionPath(job, rank, incarnation);
  }

  private static void fill(Replica replica, float value) {
    ReplicaLayout layout = replica.layout();
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      for (int plane = 0; plane < ReplicaLayout.PLANES; plane++) {
        VectorKernels.fill(
            replica.segment(),
            layout.planeOffset(stripe, plane),
            value,
            layout.stripeParameters(stripe));
      }
    }
  }

  private <T extends AutoCloseable> T push(T resource) {
    opened.push(resource);
    return resource;
  }

  private Replica pushReplica(Replica replica) {
    push(new ExitRemoval(regionPath(replica.jobId(), replica.rank(), replica.incarnation())));
    return push(replica);
  }

  private RegionDescriptor expose(Fabric by, Replica replica) {
    pushReplica(replica);
    RegionDescriptor region = by.expose(replica);
    push(() -> by.withdraw(region));
    return region;
  }

  private void home(Fabric by, long job, int rank, int incarnation) {
    fabric = by;
    home = replica(layout, job, rank, incarnation, OWN);
    homeRegion = expose(by, home);
  }

  private void connect(RegionDescriptor region, int incarnation) {
    peer = push(fabric.connect(region, layout, ACTIVE, incarnation));
  }

  /**
   * Allocates memory that the fabric reads into and writes from.
   *
   * @param what names it in messages
   * @param lengthBytes its length
   * @return the memory, written once; it lives as long as the ends
   */
  MemorySegment memory(String what, long lengthBytes) {
    MemorySegment memory = push(PrivateMemory.allocate(what, lengthBytes)).segment();
    push(fabric.register(what, memory));
    return memory.fill((byte) 0);
  }

  /**
   * Connects to the own replica.
   *
   * @return the connection, which lives as long as the ends
   */
  Remote connectHome() {
    return push(fabric.connect(homeRegion, layout, ACTIVE, home.incarnation()));
  }

  Replica home() {
    return home;
  }

  Remote peer() {
    return peer;
  }

  ReplicaLayout layout() {
    return layout;
  }

  /** {@return the fabric's name} */
  String fabric() {
    return fabric.name();
  }

  /** {@return whether the fabric addresses the peer's memory} */
  boolean isAddressable() {
    return peer.direct() != null;
  }

  /** {@return who takes part, for people} */
  String describe() {
    return "fabric " + fabric.name() + ", " + where;
  }

  private void closeOpened(Throwable collector) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception failure) {
        collector.addSuppressed(failure);
      }
    }
  }

  @Override
  public void close() {
    StarlingException failed =
        new StarlingException("closing the ends of the measurement failed: see --verbose");
    closeOpened(failed);
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }
}

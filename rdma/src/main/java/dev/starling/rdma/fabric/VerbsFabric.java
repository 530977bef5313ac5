package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.SharedFile;
import dev.starling.engine.replica.RegionHeader;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.rdma.disni.FfmMr;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Peers on several hosts: data moves by one-sided RDMA, locks by the atomics of the home's device,
 * also for the home itself and for ranks of its host, whose data moves by load and store.
 *
 * <p>Thread-safe; see {@link dev.starling.rdma.fabric} for the parts and their threads.
 */
public final class VerbsFabric implements Fabric {
  /** The fabric's name. */
  public static final String NAME = "verbs";

  private static final long CONNECT_LIMIT_MS = 20_000;
  private static final long RETRY_NS = 500_000_000L;

  private record Key(int rank, int incarnation) {}

  private record Attempt(Key home, int localRank) {}

  private final VerbsDevice device;
  private final ControlChannel channel;
  private final Path directory;
  private final Consumer<String> tell;
  private final Connector connector;
  private final Map<Key, VerbsHome> homes = new ConcurrentHashMap<>();
  private final Map<Attempt, CompletableFuture<Connection>> attempts = new HashMap<>();
  private final Map<Attempt, Long> retryAtNs = new HashMap<>();

  private VerbsFabric(
      VerbsDevice device, ControlChannel channel, Path directory, Consumer<String> tell) {
    this.device = device;
    this.channel = channel;
    this.directory = directory;
    this.tell = tell;
    connector = new Connector(device, channel, tell);
    channel.onRequest(this::answer);
  }

  /**
   * Opens the fabric.
   *
   * @param deviceName the device
   * @param options how to use it; concluded here, and lowered to what the device can do
   * @param channel how ranks talk before they are connected; its requests are answered from now on
   * @param directory where replicas of this host lie
   * @param tell takes a sentence for people, from any thread
   * @return the fabric, owned by the caller
   */
  public static VerbsFabric open(
      String deviceName,
      VerbsOptions options,
      ControlChannel channel,
      Path directory,
      Consumer<String> tell) {
    VerbsDevice device = VerbsDevice.open(deviceName, options.conclude());
    try {
      tell.accept(device.name() + ", " + options);
      return new VerbsFabric(device, channel, directory, tell);
    } catch (Throwable failure) {
      Closing.after(failure, device);
      throw failure;
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean isAddressable() {
    return false;
  }

  @Override
  public RegionDescriptor expose(Replica replica) {
    Key key = new Key(replica.rank(), replica.incarnation());
    VerbsHome home = new VerbsHome(device, replica);
    if (homes.putIfAbsent(key, home) != null) {
      home.close();
      throw new IllegalStateException("rank " + replica.rank() + " is exposed already");
    }
    return describe(replica.jobId(), replica.rank(), replica.incarnation());
  }

  @Override
  public RegionDescriptor describe(long jobId, int rank, int incarnation) {
    return new RegionDescriptor(NAME, rank, incarnation, jobId, "rank " + rank);
  }

  @Override
  public void withdraw(RegionDescriptor descriptor) {
    VerbsHome home = homes.remove(key(descriptor));
    if (home != null) {
      home.close();
    }
  }

  @Override
  public Registration register(String what, MemorySegment memory) {
    FfmMr registration = device.register(memory, Ibverbs.IBV_ACCESS_LOCAL_WRITE());
    return () -> device.release(registration);
  }

  @Override
  public boolean fence(RegionDescriptor home, int rank, int epoch) {
    return require(home).fence(rank, epoch);
  }

  @Override
  public void fenced(RegionDescriptor home, int rank, int stripe, long version) {
    require(home).fenced(rank, stripe, version);
  }

  private VerbsHome require(RegionDescriptor descriptor) {
    VerbsHome home = homes.get(key(descriptor));
    if (home == null) {
      throw new IllegalStateException("rank " + descriptor.rank() + " is not exposed here");
    }
    return home;
  }

  /**
   * A connection that failed is tried again after a while: the peer may be about to die. What was
   * begun with an earlier incarnation of it is ended.
   */
  @Override
  public boolean prepare(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    Attempt attempt = new Attempt(key(descriptor), localRank);
    if (isPeerDead(descriptor)) {
      discardUpTo(attempt);
      return true;
    }
    String failure;
    synchronized (attempts) {
      Long notBefore = retryAtNs.get(attempt);
      if (notBefore != null && System.nanoTime() - notBefore < 0) {
        return false;
      }
      if (!attempts.containsKey(attempt)) {
        discardUpTo(attempt);
        attempts.put(attempt, begin(descriptor, layout, localRank, localIncarnation));
      }
      CompletableFuture<Connection> connection = attempts.get(attempt);
      if (!connection.isCompletedExceptionally()) {
        return connection.isDone();
      }
      attempts.remove(attempt);
      retryAtNs.put(attempt, System.nanoTime() + RETRY_NS);
      failure = connection.exceptionNow().getMessage();
    }
    tell.accept(
        "%s: rank %d could not connect to rank %d and tries again: %s"
            .formatted(device.where(), localRank, descriptor.rank(), failure));
    return false;
  }

  /** Ends what a rank has begun with an incarnation of a peer, and with all before it. */
  private void discardUpTo(Attempt last) {
    synchronized (attempts) {
      Predicate<Attempt> over =
          attempt ->
              attempt.localRank == last.localRank
                  && attempt.home.rank == last.home.rank
                  && attempt.home.incarnation <= last.home.incarnation;
      retryAtNs.keySet().removeIf(over);
      for (Attempt attempt : List.copyOf(attempts.keySet())) {
        if (over.test(attempt)) {
          discard(attempts.remove(attempt));
        }
      }
    }
  }

  private CompletableFuture<Connection> begin(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    // Readers write nothing, so they can be cut off in any case.
    boolean direct = localRank < layout.workers() && channel.isColocated(descriptor.rank());
    Function<Endpoint, AttachRequest> request =
        endpoint ->
            new AttachRequest(
                descriptor.rank(),
                descriptor.incarnation(),
                localRank,
                localIncarnation,
                descriptor.jobId(),
                layout.shapeHash(),
                direct,
                endpoint);
    VerbsHome own = homes.get(key(descriptor));
    return own == null
        ? connector.connect(descriptor, request)
        : CompletableFuture.completedFuture(connectHere(own, request));
  }

  /** To a replica of this process, through the device all the same. */
  private Connection connectHere(VerbsHome own, Function<Endpoint, AttachRequest> request) {
    Connection connection = Connection.open(device);
    try {
      AttachRequest asked = request.apply(connection.endpoint());
      AttachReply reply = own.attach(asked);
      if (!reply.refusal().isEmpty()) {
        throw new StarlingException(reply.refusal());
      }
      connection.establish(device, reply, () -> own.detachOne(asked.rank(), reply.epoch()));
      return connection;
    } catch (Throwable failure) {
      Closing.after(failure, connection);
      throw failure;
    }
  }

  @Override
  public Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    Attempt attempt = new Attempt(key(descriptor), localRank);
    CompletableFuture<Connection> pending;
    synchronized (attempts) {
      pending = attempts.remove(attempt);
      retryAtNs.remove(attempt);
    }
    if (pending == null && isPeerDead(descriptor)) {
      throw new StarlingException(
          "rank %d is not connected: incarnation %d of it is dead"
              .formatted(descriptor.rank(), descriptor.incarnation()));
    }
    if (pending == null) {
      pending = begin(descriptor, layout, localRank, localIncarnation);
    }
    return remote(await(pending, descriptor), descriptor, layout, localRank);
  }

  private Connection await(CompletableFuture<Connection> pending, RegionDescriptor descriptor) {
    try {
      return pending.get(CONNECT_LIMIT_MS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof StarlingException told
          ? told
          : new StarlingException(
              "connecting to rank %d through %s failed: %s"
                  .formatted(descriptor.rank(), device.where(), failed.getCause()),
              failed.getCause());
    } catch (TimeoutException | InterruptedException late) {
      if (late instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      discard(pending);
      throw new StarlingException(
          "rank %d was not connected through %s within %d s: look whether that rank lives and its port is up"
              .formatted(descriptor.rank(), device.where(), CONNECT_LIMIT_MS / 1000),
          late);
    }
  }

  private Remote remote(
      Connection connection, RegionDescriptor descriptor, ReplicaLayout layout, int localRank) {
    SharedFile mapped = null;
    try {
      VerbsHome own = homes.get(key(descriptor));
      MemorySegment direct = own == null ? null : own.replica().segment();
      if (own == null && channel.isColocated(descriptor.rank())) {
        mapped = map(descriptor, layout);
        direct = mapped.segment();
      }
      tellOutcome(connection.reply().outcome(), descriptor, localRank);
      return new VerbsRemote(
          device, connection, descriptor, localRank, mapped, direct, channel, tell);
    } catch (Throwable failure) {
      Closing.after(failure, connection);
      if (mapped != null) {
        Closing.after(failure, mapped);
      }
      throw failure;
    }
  }

  private SharedFile map(RegionDescriptor descriptor, ReplicaLayout layout) {
    Path path = regionPath(descriptor.jobId(), descriptor.rank(), descriptor.incarnation());
    SharedFile file = SharedFile.open(path);
    try {
      RegionHeader.requireMatch(
          path.toString(), file.segment(), layout, descriptor.jobId(), descriptor.rank());
      return file;
    } catch (Throwable failure) {
      file.close();
      throw failure;
    }
  }

  private Path regionPath(long jobId, int rank, int incarnation) {
    return new ShmFabric(directory).regionPath(jobId, rank, incarnation);
  }

  /** Whoever lost its connection in a publish learns here what became of it. */
  private void tellOutcome(AttachReply.Outcome outcome, RegionDescriptor home, int localRank) {
    if (outcome.fences() > 0) {
      tell.accept(
          ("rank %d has broken %d locks of rank %d so far, the last one on stripe %d: what that"
                  + " held was not published, version %d is the fence")
              .formatted(
                  home.rank(), outcome.fences(), localRank, outcome.stripe(), outcome.version()));
    }
  }

  private byte[] answer(int fromRank, int fromIncarnation, byte[] body) {
    ByteBuffer in = ByteBuffer.wrap(body);
    if (body.length > 0 && body[0] == AttachRequest.KIND_DETACH) {
      detach(fromRank, in);
      return new byte[0];
    }
    try {
      AttachRequest request = AttachRequest.decode(in);
      VerbsHome home = homes.get(new Key(request.homeRank(), request.homeIncarnation()));
      return home == null
          ? AttachReply.refused(
                  "incarnation %d of rank %d does not live here (any more)"
                      .formatted(request.homeIncarnation(), request.homeRank()))
              .encode()
          : home.attach(request).encode();
    } catch (RuntimeException failure) {
      return AttachReply.refused(
              "the request of rank %d (incarnation %d) failed: %s"
                  .formatted(fromRank, fromIncarnation, sentence(failure)))
          .encode();
    }
  }

  /** Nobody waits for an answer: what fails is told here. */
  private void detach(int fromRank, ByteBuffer in) {
    try {
      in.get();
      VerbsHome home = homes.get(new Key(in.getInt(), in.getInt()));
      if (home != null) {
        home.detachOne(in.getInt(), in.getInt());
      }
    } catch (RuntimeException failure) {
      tell.accept(
          "%s: the connection that rank %d gave up could not be closed: %s"
              .formatted(device.where(), fromRank, sentence(failure)));
    }
  }

  private static String sentence(RuntimeException failure) {
    return failure instanceof StarlingException told ? told.getMessage() : failure.toString();
  }

  @Override
  public boolean isDead(RegionDescriptor descriptor) {
    return state(descriptor) == PeerState.DEAD;
  }

  @Override
  public PeerState state(RegionDescriptor descriptor) {
    return channel.state(descriptor.rank(), descriptor.incarnation());
  }

  private boolean isPeerDead(RegionDescriptor descriptor) {
    return !homes.containsKey(key(descriptor)) && isDead(descriptor);
  }

  private static Key key(RegionDescriptor descriptor) {
    return new Key(descriptor.rank(), descriptor.incarnation());
  }

  /** Withdraws what is still exposed and closes the device; connections were closed before. */
  @Override
  public void close() {
    List<AutoCloseable> all = new ArrayList<>();
    all.add(connector);
    synchronized (attempts) {
      attempts.values().forEach(pending -> all.add(() -> discard(pending)));
      attempts.clear();
    }
    all.addAll(homes.values());
    homes.clear();
    all.add(device);
    Closing.all("closing the verbs fabric on " + device.where(), all);
  }

  /** Whoever makes the connection closes it when it finds that nobody waits any more. */
  private static void discard(CompletableFuture<Connection> pending) {
    pending.completeExceptionally(
        new StarlingException("nobody waits for the connection any more"));
    if (!pending.isCompletedExceptionally()) {
      pending.join().close();
    }
  }
}

package dev.starling.bench;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.rdma.fabric.VerbsFabric;
import dev.starling.rdma.fabric.VerbsOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A replica that its own process reaches by the verbs fabric on {@link NoopVerbs}. */
@State(Scope.Thread)
public class NoopLink {
  private static final long JOB = 1;
  private static final long PARAMETERS = 1024;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final CompletionHandler handler = this::onCompletion;

  Remote remote;
  MemorySegment buffer;
  long lockOffset;
  long planeOffset;
  private long completedTag;

  /** Set up by JMH. */
  public NoopLink() {}

  /** Opens the fabric, exposes a replica and connects to it. */
  @Setup(Level.Trial)
  public void open() {
    NoopVerbs.open();
    ReplicaLayout layout = ReplicaLayout.of(1, PARAMETERS, 1L << 20);
    lockOffset = layout.lineOffset(0) + ControlLine.LOCK_OFFSET;
    planeOffset = layout.planeOffset(0, 0);
    VerbsFabric fabric =
        push(
            VerbsFabric.open(
                NoopVerbs.DEVICE,
                new VerbsOptions().gidIndex(NoopVerbs.GID_INDEX),
                new Alone(),
                ShmFabric.DEFAULT_DIRECTORY,
                sentence -> {}));
    Replica replica = push(Replica.createPrivate(layout, JOB, 0));
    RegionDescriptor home = fabric.expose(replica);
    push(() -> fabric.withdraw(home));
    buffer = push(PrivateMemory.allocate("buffer", PARAMETERS * Float.BYTES)).segment();
    Fabric.Registration registration = fabric.register("buffer", buffer);
    push(registration::close);
    remote = push(fabric.connect(home, layout, 0, 0));
    NoopVerbs.noop(true);
  }

  private <T extends AutoCloseable> T push(T resource) {
    opened.push(resource);
    return resource;
  }

  /** Takes the completion of the only operation in flight, which the device has at once. */
  void complete(long tag) {
    if (remote.poll(handler) != 1 || completedTag != tag) {
      throw new IllegalStateException("operation " + tag + " did not complete");
    }
  }

  private void onCompletion(long tag, boolean succeeded, long value) {
    if (!succeeded) {
      throw new IllegalStateException("an operation failed");
    }
    completedTag = tag;
  }

  /**
   * Closes everything in reverse order.
   *
   * @throws Exception when something cannot be closed
   */
  @TearDown(Level.Trial)
  public void close() throws Exception {
    NoopVerbs.noop(false);
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
    NoopVerbs.close();
  }

  /** The channel of a rank without peers. */
  private static final class Alone implements ControlChannel {
    @Override
    public void request(int rank, byte[] body, Reply reply) {
      reply.onFailure("rank " + rank + " is not here");
    }

    @Override
    public void onRequest(Handler handler) {}

    @Override
    public PeerState state(int rank, int incarnation) {
      return PeerState.ALIVE;
    }

    @Override
    public boolean isColocated(int rank) {
      return false;
    }
  }
}

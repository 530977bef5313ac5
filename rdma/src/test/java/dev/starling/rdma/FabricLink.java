package dev.starling.rdma;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.rdma.fabric.VerbsFabric;
import dev.starling.rdma.fabric.VerbsOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A replica that its own process reads and writes through the device by the verbs fabric, with the
 * fabric's defaults. Belongs to one thread.
 */
final class FabricLink implements AutoCloseable {
  /** Operations in flight; as many as a connection of the fabric takes. */
  private static final int DEPTH = 64;

  private static final long JOB = 1;
  private static final byte PATTERN = 0x3c;
  private static final long LIMIT_NS = 30_000_000_000L;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final int lengthBytes;
  private final long planeOffset;
  private final Remote remote;
  private final MemorySegment plane;
  private final MemorySegment buffer;
  private long completed;

  /**
   * Opens the fabric and connects.
   *
   * @param device the device's name
   * @param gidIndex its address
   * @param lengthBytes bytes that an operation moves
   */
  FabricLink(String device, int gidIndex, int lengthBytes) {
    this.lengthBytes = lengthBytes;
    ReplicaLayout layout = ReplicaLayout.of(1, lengthBytes / Float.BYTES, lengthBytes);
    planeOffset = layout.planeOffset(0, 1);
    try {
      VerbsFabric fabric =
          open(
              VerbsFabric.open(
                  device,
                  new VerbsOptions().gidIndex(gidIndex),
                  new Alone(),
                  ShmFabric.DEFAULT_DIRECTORY,
                  sentence -> {}));
      Replica replica = open(Replica.createPrivate(layout, JOB, 0));
      RegionDescriptor home = fabric.expose(replica);
      open(() -> fabric.withdraw(home));
      buffer = open(PrivateMemory.allocate("buffer", lengthBytes)).segment();
      Fabric.Registration registration = fabric.register("buffer", buffer);
      open(registration::close);
      remote = open(fabric.connect(home, layout, 0, 0));
      plane = replica.segment().asSlice(planeOffset, lengthBytes);
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.push(resource);
    return resource;
  }

  /**
   * Measures reads or writes with {@value #DEPTH} in flight, all of the same memory.
   *
   * @param write which
   * @param windowNs how long operations are begun
   * @return bytes per second
   */
  double bytesPerSecond(boolean write, long windowNs) {
    MemorySegment from = write ? buffer : plane;
    MemorySegment to = write ? plane : buffer;
    from.fill(PATTERN);
    to.fill((byte) 0);
    completed = 0;
    begin(write);
    await(1);
    if (from.mismatch(to) >= 0) {
      throw new StarlingException(
          "a " + (write ? "write" : "read") + " of the fabric moved other bytes than it should");
    }
    completed = 0;
    long begun = 0;
    boolean posting = true;
    long startNs = System.nanoTime();
    while (posting || completed < begun) {
      for (; posting && begun - completed < DEPTH; begun++) {
        begin(write);
      }
      await(completed + 1);
      posting = posting && System.nanoTime() - startNs < windowNs;
    }
    return (double) begun * lengthBytes / (System.nanoTime() - startNs) * 1e9;
  }

  private void begin(boolean write) {
    if (write) {
      remote.write(planeOffset, buffer, 0, lengthBytes, 0);
    } else {
      remote.read(planeOffset, buffer, 0, lengthBytes, 0);
    }
  }

  private void await(long wanted) {
    long startNs = System.nanoTime();
    while (completed < wanted) {
      int count = remote.poll(this::onCompletion);
      if (count == 0 && System.nanoTime() - startNs > LIMIT_NS) {
        throw new StarlingException("nothing completed for " + LIMIT_NS / 1_000_000_000L + " s");
      }
    }
  }

  private void onCompletion(long tag, boolean succeeded, long value) {
    if (!succeeded) {
      throw new StarlingException("an operation of the fabric failed: " + remote.state());
    }
    completed++;
  }

  @Override
  public void close() {
    StarlingException failed = new StarlingException("closing failed: see the suppressed failures");
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception failure) {
        failed.addSuppressed(failure);
      }
    }
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
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

package dev.starling.engine.sim;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * A fabric on which every posted operation takes effect at a later move of the simulation, long
 * ones in pieces, and completes at another still later. Operations of a worker that died may or may
 * not take effect.
 */
final class SimFabric implements Fabric {
  private static final int THOUSAND = 1000;
  private static final long PIECE_BYTES = 16;

  private final SimOptions options;
  private final SplittableRandom random;
  private final InvariantChecker checker;
  private final LongSupplier clock;
  private final Map<String, Replica> replicas = new HashMap<>();

  /** When peers can know that a worker is dead, by the replica that it owned. */
  private final Map<Replica, Long> knownDeadAtNs = new IdentityHashMap<>();

  private final List<SimRemote> remotes = new ArrayList<>();

  SimFabric(
      SimOptions options, SplittableRandom random, InvariantChecker checker, LongSupplier clock) {
    this.options = options;
    this.random = random;
    this.checker = checker;
    this.clock = clock;
  }

  private static String key(int rank, int incarnation) {
    return rank + "." + incarnation;
  }

  @Override
  public String name() {
    return "sim";
  }

  @Override
  public boolean isAddressable() {
    return options.addressable();
  }

  @Override
  public RegionDescriptor expose(Replica replica) {
    replicas.put(key(replica.rank(), replica.incarnation()), replica);
    return describe(replica.jobId(), replica.rank(), replica.incarnation());
  }

  @Override
  public RegionDescriptor describe(long jobId, int rank, int incarnation) {
    return new RegionDescriptor(name(), rank, incarnation, jobId, "");
  }

  @Override
  public Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    if (isDead(descriptor)) {
      throw new StarlingException("rank " + descriptor.rank() + " is gone");
    }
    Replica replica = replicas.get(key(descriptor.rank(), descriptor.incarnation()));
    int epoch = AttachmentTable.issueEpoch(replica.segment(), localRank, localIncarnation);
    SimRemote remote = new SimRemote(replica, localRank, localIncarnation, epoch);
    remotes.add(remote);
    return options.remotes().apply(remote);
  }

  @Override
  public boolean isDead(RegionDescriptor descriptor) {
    Replica replica = replicas.get(key(descriptor.rank(), descriptor.incarnation()));
    return replica == null || knownDeadAtNs.containsKey(replica);
  }

  /** Whether whoever took a lock on a replica through a connection of some epoch is dead. */
  boolean isDeadHolder(Replica home, int holder, int epoch) {
    for (SimRemote remote : remotes) {
      if (remote.replica == home && remote.localRank == holder && remote.epoch == epoch) {
        Replica own = replicas.get(key(holder, remote.localIncarnation));
        return knownDeadAtNs.containsKey(own);
      }
    }
    return false;
  }

  /**
   * Decides, for each operation that a dead worker had posted, whether it still takes effect.
   *
   * @param owned the replica of the worker that dies
   * @param noticedAfterNs how long peers take it for alive
   */
  void kill(Replica owned, long noticedAfterNs) {
    knownDeadAtNs.put(owned, clock.getAsLong() + noticedAfterNs);
    for (SimRemote remote : remotes) {
      if (remote.localRank == owned.rank() && remote.localIncarnation == owned.incarnation()) {
        while (!remote.pending.isEmpty() && random.nextBoolean()) {
          remote.move();
        }
        remote.pending.clear();
      }
    }
  }

  /** Collects the connections of a worker that have something to do. */
  void collectBusy(int rank, List<SimRemote> busy) {
    for (SimRemote remote : remotes) {
      if (remote.localRank == rank && !remote.pending.isEmpty()) {
        busy.add(remote);
      }
    }
  }

  @Override
  public void close() {}

  private static final class Operation {
    static final int READ_WORD = 0;
    static final int READ = 1;
    static final int WRITE = 2;
    static final int SWAP = 3;
    static final int DONE = 4;

    int kind;
    long offset;
    MemorySegment local;
    long localOffset;
    long length;
    long expected;
    long desired;
    long tag;
    long value;
    boolean succeeded = true;
  }

  /** A connection; its moves belong to the simulation, the rest to the agent that owns it. */
  final class SimRemote implements Remote {
    private final Replica replica;
    private final int localRank;
    private final int localIncarnation;
    private final int epoch;
    private final List<Operation> pending = new ArrayList<>();
    private final ArrayDeque<Operation> completed = new ArrayDeque<>();

    private SimRemote(Replica replica, int localRank, int localIncarnation, int epoch) {
      this.replica = replica;
      this.localRank = localRank;
      this.localIncarnation = localIncarnation;
      this.epoch = epoch;
    }

    /** Lets one operation take effect, wholly or in part, or complete. */
    void move() {
      int index = random.nextInt(pending.size());
      Operation operation = pending.get(index);
      boolean peer = replica.rank() != localRank;
      if (operation.kind == Operation.DONE) {
        pending.remove(index);
        completed.add(operation);
      } else if (peer && operation.succeeded && random.nextInt(THOUSAND) < options.uncertain()) {
        operation.succeeded = false;
        if (random.nextBoolean()) {
          operation.kind = Operation.DONE;
        }
      } else {
        effect(operation);
      }
    }

    private void effect(Operation operation) {
      MemorySegment region = replica.segment();
      switch (operation.kind) {
        case Operation.READ_WORD -> {
          operation.value = ControlLine.readWord(region, operation.offset);
          operation.kind = Operation.DONE;
        }
        case Operation.SWAP -> {
          operation.value =
              ControlLine.compareAndSwap(
                  region, operation.offset, operation.expected, operation.desired);
          if (operation.value == operation.expected) {
            checker.swapped(
                replica, localRank, operation.offset, operation.expected, operation.desired);
          }
          operation.kind = Operation.DONE;
        }
        default -> copyPiece(operation, region);
      }
    }

    private void copyPiece(Operation operation, MemorySegment region) {
      long piece = Math.min(PIECE_BYTES, operation.length);
      if (operation.kind == Operation.READ) {
        MemorySegment.copy(region, operation.offset, operation.local, operation.localOffset, piece);
      } else {
        checker.writing(replica, localRank, operation.offset);
        MemorySegment.copy(operation.local, operation.localOffset, region, operation.offset, piece);
      }
      operation.offset += piece;
      operation.localOffset += piece;
      operation.length -= piece;
      if (operation.length == 0) {
        operation.kind = Operation.DONE;
      }
    }

    private Operation post(int kind, long offset, long tag) {
      Operation operation = new Operation();
      operation.kind = kind;
      operation.offset = offset;
      operation.tag = tag;
      pending.add(operation);
      checker.posted();
      return operation;
    }

    @Override
    public int rank() {
      return replica.rank();
    }

    @Override
    public int epoch() {
      return epoch;
    }

    @Override
    public int incarnation() {
      return replica.incarnation();
    }

    @Override
    public PeerState state() {
      Long deadAtNs = knownDeadAtNs.get(replica);
      return deadAtNs != null && clock.getAsLong() >= deadAtNs ? PeerState.DEAD : PeerState.ALIVE;
    }

    @Override
    public MemorySegment direct() {
      return options.addressable() || replica.rank() == localRank ? replica.segment() : null;
    }

    @Override
    public void readWord(long offsetBytes, long tag) {
      post(Operation.READ_WORD, offsetBytes, tag);
    }

    @Override
    public void read(
        long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
      Operation operation = post(Operation.READ, offsetBytes, tag);
      operation.local = into;
      operation.localOffset = intoOffset;
      operation.length = lengthBytes;
    }

    @Override
    public void write(
        long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
      Operation operation = post(Operation.WRITE, offsetBytes, tag);
      operation.local = from;
      operation.localOffset = fromOffset;
      operation.length = lengthBytes;
    }

    @Override
    public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
      Operation operation = post(Operation.SWAP, offsetBytes, tag);
      operation.expected = expected;
      operation.desired = desired;
    }

    @Override
    public int poll(CompletionHandler handler) {
      int delivered = 0;
      for (int ready = completed.size(); ready > 0; ready--) {
        Operation operation = completed.remove();
        handler.onCompletion(operation.tag, operation.succeeded, operation.value);
        delivered++;
      }
      return delivered;
    }

    @Override
    public void settle() {
      MemorySegment region = replica.segment();
      AttachmentTable.acknowledge(region, localRank, AttachmentTable.fences(region, localRank));
    }

    @Override
    public void close() {
      pending.clear();
      completed.clear();
    }
  }
}

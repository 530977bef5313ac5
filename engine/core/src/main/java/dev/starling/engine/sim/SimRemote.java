package dev.starling.engine.sim;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.sim.CrashPoint.Moment;
import dev.starling.engine.sim.SimOperation.Stage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A simulated connection: what is posted takes effect and completes as the agenda says. */
final class SimRemote implements Remote {
  private static final int THOUSAND = 1000;

  /** How much likelier than another operation a swap is to be uncertain. */
  private static final int UNCERTAIN_SWAPS = 4;

  private final SimFabric fabric;
  private final SimFabric.Home home;
  private final SimFabric.Home local;
  private final Replica replica;
  private final int localRank;
  private final int epoch;
  private final boolean own;
  private final List<SimOperation> pending = new ArrayList<>();
  private final ArrayDeque<SimOperation> completed = new ArrayDeque<>();
  private boolean broken;
  private boolean closed;

  SimRemote(SimFabric fabric, SimFabric.Home home, SimFabric.Home local, int epoch) {
    this.fabric = fabric;
    this.home = home;
    this.local = local;
    this.epoch = epoch;
    replica = home.replica;
    localRank = local.replica.rank();
    own = home == local;
  }

  boolean isOf(SimFabric.Home of, int rank) {
    return home == of && localRank == rank;
  }

  boolean isOf(Replica of, int rank) {
    return replica == of && localRank == rank;
  }

  boolean belongsTo(SimFabric.Home owner) {
    return local == owner;
  }

  boolean isClosed() {
    return closed || local.dead;
  }

  /** Whether nothing more can arrive from here. */
  boolean isSilent() {
    return (broken || closed || local.dead) && pending.stream().noneMatch(SimOperation::isPending);
  }

  /** Whether a lock taken from here may still stand: its epoch must be found then. */
  boolean mayHold() {
    return !home.dead;
  }

  String describe() {
    return "of rank " + localRank + " to rank " + replica.rank() + ", epoch " + epoch;
  }

  /** The connection is in error: nothing that is under way takes effect any more. */
  void breakDown() {
    broken = true;
    for (SimOperation operation : pending) {
      if (operation.stage == Stage.STORE_BACK) {
        storeBack(operation);
      }
      if (operation.isPending() || operation.stage == Stage.COMPLETE) {
        operation.succeeded = false;
        operation.stage = Stage.COMPLETE;
      }
    }
  }

  /** Decides what becomes of the operations that a dead worker, or a closed connection, left. */
  void ownerDied() {
    completed.clear();
    for (SimOperation operation : List.copyOf(pending)) {
      boolean mayArriveLate = fabric.isVerbs() && fabric.random.nextBoolean();
      while (!mayArriveLate && operation.isPending() && fabric.random.nextBoolean()) {
        effect(operation);
      }
      if (operation.stage == Stage.STORE_BACK) {
        storeBack(operation);
      }
      if (!mayArriveLate) {
        operation.stage = Stage.CANCELLED;
        pending.remove(operation);
      }
    }
  }

  private SimOperation post(Stage stage, long offset, long tag, Moment posted, Moment delivered) {
    local.owner.passed(posted);
    SimOperation operation = new SimOperation();
    operation.stage = broken ? Stage.COMPLETE : stage;
    operation.succeeded = !broken;
    operation.offset = offset;
    operation.tag = tag;
    operation.postedNs = fabric.agenda.nowNs();
    operation.delivered = delivered;
    pending.add(operation);
    fabric.watch.posted(localRank);
    return operation;
  }

  private void plan(SimOperation operation) {
    long part = Math.min(fabric.pace.partBytes(), operation.lengthBytes);
    boolean incoming = operation.stage == Stage.READ;
    int from = incoming ? replica.rank() : localRank;
    int to = incoming ? localRank : replica.rank();
    fabric.agenda.after(fabric.pace.operationNs(from, to, part), () -> happen(operation));
  }

  private void happen(SimOperation operation) {
    if (operation.stage == Stage.CANCELLED) {
      return;
    }
    long nowNs = fabric.agenda.nowNs();
    local.owner.wake(nowNs);
    if (!fabric.isVerbs() && local.owner.isPaused()) {
      // The processor that is stopped is the one that moves the bytes.
      fabric.agenda.at(local.owner.pausedUntilNs() + 1, () -> happen(operation));
      return;
    }
    if (operation.stage == Stage.COMPLETE) {
      pending.remove(operation);
      if (!closed && !local.dead) {
        completed.add(operation);
        fabric.watch.completed(localRank);
      }
      return;
    }
    if (!own && fabric.isVerbs() && isHeldUp(operation, nowNs)) {
      return;
    }
    if (!own && operation.succeeded && isUncertain(operation)) {
      return;
    }
    effect(operation);
    plan(operation);
    tellEffect(operation);
  }

  private void tellEffect(SimOperation operation) {
    if (operation.stage == Stage.COMPLETE && !local.dead) {
      Moment moment =
          switch (operation.delivered) {
            case SWAP_DELIVERED -> Moment.SWAP_EFFECTIVE;
            case WRITE_DELIVERED -> Moment.WRITE_EFFECTIVE;
            default -> Moment.READ_EFFECTIVE;
          };
      local.owner.passedOutsideACall(moment);
    }
  }

  /** Whether nothing passes now; after the transport's retries the connection breaks. */
  private boolean isHeldUp(SimOperation operation, long nowNs) {
    if (!fabric.partitions.isParted(localRank, replica.rank(), nowNs)) {
      return false;
    }
    long givenUpAtNs = operation.postedNs + SimFabric.RETRY_NS;
    if (nowNs >= givenUpAtNs) {
      breakDown();
      plan(operation);
    } else {
      long endNs = fabric.partitions.endNs(localRank, replica.rank());
      fabric.agenda.at(Math.min(endNs, givenUpAtNs), () -> happen(operation));
    }
    return true;
  }

  /** Draws whether nobody will learn what became of an operation, and what did. */
  private boolean isUncertain(SimOperation operation) {
    int likelihood =
        fabric.scenario.amount(Fault.UNCERTAIN)
            * (operation.stage == Stage.SWAP ? UNCERTAIN_SWAPS : 1);
    if (operation.stage == Stage.STORE_BACK || fabric.random.nextInt(THOUSAND) >= likelihood) {
      return false;
    }
    fabric.counts.add(Fault.UNCERTAIN);
    operation.succeeded = false;
    boolean effective = fabric.random.nextBoolean();
    if (fabric.isVerbs()) {
      if (effective) {
        effect(operation);
      }
      breakDown();
    } else if (!effective) {
      operation.stage = Stage.COMPLETE;
    }
    plan(operation);
    return true;
  }

  private void effect(SimOperation operation) {
    MemorySegment region = replica.segment();
    switch (operation.stage) {
      case READ_WORD -> {
        operation.value = ControlLine.readWord(region, operation.offset);
        operation.stage = Stage.COMPLETE;
      }
      case SWAP -> swap(operation, region);
      case STORE_BACK -> storeBack(operation);
      default -> copyPart(operation, region);
    }
  }

  private void swap(SimOperation operation, MemorySegment region) {
    if (home.storing.contains(operation.offset)) {
      return;
    }
    operation.value =
        ControlLine.compareAndSwap(region, operation.offset, operation.expected, operation.desired);
    operation.stage = Stage.COMPLETE;
    if (operation.value == operation.expected) {
      fabric.watch.swapped(
          replica, localRank, operation.offset, operation.expected, operation.desired);
    } else if (fabric.scenario.amount(Fault.STORE_BACK) > 0
        && fabric.scenario.reach() != Reach.SHARED) {
      fabric.counts.add(Fault.STORE_BACK);
      home.storing.add(operation.offset);
      operation.stage = Stage.STORE_BACK;
    }
  }

  private void storeBack(SimOperation operation) {
    replica.segment().set(ValueLayout.JAVA_LONG, operation.offset, operation.value);
    home.storing.remove(operation.offset);
    operation.stage = Stage.COMPLETE;
  }

  private void copyPart(SimOperation operation, MemorySegment region) {
    long part = Math.min(fabric.pace.partBytes(), operation.lengthBytes);
    if (operation.stage == Stage.READ) {
      MemorySegment.copy(region, operation.offset, operation.local, operation.localOffset, part);
    } else {
      fabric.watch.writing(replica, localRank, operation.offset);
      MemorySegment.copy(operation.local, operation.localOffset, region, operation.offset, part);
    }
    operation.offset += part;
    operation.localOffset += part;
    operation.lengthBytes -= part;
    if (operation.lengthBytes == 0) {
      operation.stage = Stage.COMPLETE;
    }
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
    if (home.dead && fabric.agenda.nowNs() >= home.knownDeadAtNs) {
      return PeerState.DEAD;
    }
    return broken ? PeerState.BROKEN : PeerState.ALIVE;
  }

  @Override
  public MemorySegment direct() {
    return own || fabric.isAddressable() ? replica.segment() : null;
  }

  @Override
  public void readWord(long offsetBytes, long tag) {
    plan(post(Stage.READ_WORD, offsetBytes, tag, Moment.READ_POSTED, Moment.READ_DELIVERED));
  }

  @Override
  public void read(
      long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
    SimOperation operation =
        post(Stage.READ, offsetBytes, tag, Moment.READ_POSTED, Moment.READ_DELIVERED);
    operation.local = into;
    operation.localOffset = intoOffset;
    operation.lengthBytes = lengthBytes;
    plan(operation);
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
    SimOperation operation =
        post(Stage.WRITE, offsetBytes, tag, Moment.WRITE_POSTED, Moment.WRITE_DELIVERED);
    operation.local = from;
    operation.localOffset = fromOffset;
    operation.lengthBytes = lengthBytes;
    plan(operation);
  }

  @Override
  public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
    SimOperation operation =
        post(Stage.SWAP, offsetBytes, tag, Moment.SWAP_POSTED, Moment.SWAP_DELIVERED);
    operation.expected = expected;
    operation.desired = desired;
    if (state() == PeerState.DEAD
        && LockWord.owner(expected) == localRank
        && desired == LockWord.publish(expected)) {
      fabric.watch.violated(
          "P1: rank "
              + localRank
              + " publishes an exchange with rank "
              + replica.rank()
              + ", which is known to be dead");
    }
    plan(operation);
  }

  @Override
  public int poll(CompletionHandler handler) {
    int delivered = 0;
    for (int ready = completed.size(); ready > 0; ready--) {
      SimOperation operation = completed.remove();
      local.owner.passed(operation.delivered);
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
    closed = true;
    if (!fabric.hasEnded()) {
      ownerDied();
    }
  }
}

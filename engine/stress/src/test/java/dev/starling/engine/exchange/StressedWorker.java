package dev.starling.engine.exchange;

import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One worker: its replica, its agent's exchange machine and what its compute thread does. */
final class StressedWorker {
  private static final int PARAMETERS = 24;
  private static final int MAX_POLLS = 200;
  private static final ReplicaLayout LAYOUT = ReplicaLayout.of(2, PARAMETERS, 1 << 20);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  final Replica replica;
  final ExchangeMachine machine;
  final Update update = new Update();
  DirectRemote toPeer;
  long versionBefore;

  StressedWorker(int rank) {
    replica = Replica.createPrivate(LAYOUT, 1, rank);
    MemorySegment ones = PrivateMemory.allocate("update", PARAMETERS * Float.BYTES).segment();
    for (int i = 0; i < PARAMETERS; i++) {
      ones.setAtIndex(FLOAT, i, 1);
    }
    update.set(ones, 1, 1);
    machine =
        new ExchangeMachine(
            replica,
            new DirectRemote(replica, rank),
            new CpuKernels(),
            64,
            null,
            Journal.NONE,
            new Counters(replica.segment(), ReplicaLayout.COUNTERS_OFFSET));
  }

  void fill(float value) {
    long word = replica.lockWord(0);
    versionBefore = LockWord.version(word);
    long plane = LAYOUT.planeOffset(0, LockWord.current(word));
    for (int i = 0; i < PARAMETERS; i++) {
      replica.segment().set(FLOAT, plane + (long) i * Float.BYTES, value);
    }
  }

  /** The value of a plane, NaN when it has several. */
  float read(int plane) {
    long offset = LAYOUT.planeOffset(0, plane);
    float value = replica.segment().get(FLOAT, offset);
    for (int i = 1; i < PARAMETERS; i++) {
      if (replica.segment().get(FLOAT, offset + (long) i * Float.BYTES) != value) {
        return Float.NaN;
      }
    }
    return value;
  }

  /** Publishes with the peer, or alone; 1 if it did. */
  int exchange(DirectRemote partner) {
    machine.start(0, partner, update);
    for (int polls = 0; polls < MAX_POLLS && !machine.isIdle(); polls++) {
      machine.poll();
    }
    if (!machine.isIdle()) {
      throw new IllegalStateException("no end after " + MAX_POLLS + " polls");
    }
    return machine.outcome() == Outcome.EXCHANGED || machine.outcome() == Outcome.STEPPED ? 1 : 0;
  }

  /** The compute thread: pins and reads twice; how often a plane was torn or changed. */
  int snapshots() {
    int faults = 0;
    for (int i = 0; i < 2; i++) {
      int plane = LockWord.current(replica.pin(0));
      float seen = read(plane);
      // A torn plane is NaN, which equals nothing.
      faults += read(plane) == seen ? 0 : 1;
      replica.unpin(0);
    }
    return faults;
  }

  /** After both actors: 1 if it did not publish so often, 2 if it is held, 4 if it is torn. */
  int faults(int publishes) {
    long word = replica.lockWord(0);
    long versions = LockWord.version(word) - versionBefore & LockWord.VERSION_MASK;
    return (versions == publishes ? 0 : 1)
        + (LockWord.isFree(word) ? 0 : 2)
        + (Float.isNaN(read(LockWord.current(word))) ? 4 : 0);
  }

  float value() {
    return read(LockWord.current(replica.lockWord(0)));
  }
}

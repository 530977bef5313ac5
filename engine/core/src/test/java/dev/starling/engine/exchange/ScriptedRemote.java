package dev.starling.engine.exchange;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A connection whose operations take effect when they are polled, with tricks at chosen ones. */
final class ScriptedRemote implements Remote {
  /** Runs just before the n-th operation of its kind takes effect. */
  private final Map<String, Runnable> before = new HashMap<>();

  private final Map<String, Boolean> failing = new HashMap<>();
  private final ArrayDeque<Runnable> posted = new ArrayDeque<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private final Replica replica;
  private final boolean addressable;
  final List<String> log = new ArrayList<>();
  PeerState state = PeerState.ALIVE;
  int settled;
  private CompletionHandler handler;

  ScriptedRemote(Replica replica, boolean addressable) {
    this.replica = replica;
    this.addressable = addressable;
  }

  /** Runs something before an operation, for instance {@code swap 2}. */
  void before(String operation, Runnable trick) {
    before.put(operation, trick);
  }

  /** Completes an operation as uncertain. */
  void fail(String operation, boolean withEffect) {
    failing.put(operation, withEffect);
  }

  private void post(String kind, long tag, java.util.function.LongSupplier effect) {
    String name = kind + " " + counts.merge(kind, 1, Integer::sum);
    log.add(name);
    posted.add(
        () -> {
          before.getOrDefault(name, () -> {}).run();
          Boolean withEffect = failing.get(name);
          long value = withEffect == null || withEffect ? effect.getAsLong() : 0;
          handler.onCompletion(tag, withEffect == null, value);
        });
  }

  @Override
  public int rank() {
    return replica.rank();
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
    return addressable ? replica.segment() : null;
  }

  @Override
  public void readWord(long offsetBytes, long tag) {
    post("word", tag, () -> ControlLine.readWord(replica.segment(), offsetBytes));
  }

  @Override
  public void read(long offset, MemorySegment into, long intoOffset, long length, long tag) {
    post(
        "read",
        tag,
        () -> {
          MemorySegment.copy(replica.segment(), offset, into, intoOffset, length);
          return 0;
        });
  }

  @Override
  public void write(long offset, MemorySegment from, long fromOffset, long length, long tag) {
    post(
        "write",
        tag,
        () -> {
          MemorySegment.copy(from, fromOffset, replica.segment(), offset, length);
          return 0;
        });
  }

  @Override
  public void compareAndSwap(long offset, long expected, long desired, long tag) {
    post(
        "swap",
        tag,
        () -> ControlLine.compareAndSwap(replica.segment(), offset, expected, desired));
  }

  @Override
  public int poll(CompletionHandler receiver) {
    handler = receiver;
    int delivered = 0;
    for (int ready = posted.size(); ready > 0; ready--) {
      posted.remove().run();
      delivered++;
    }
    return delivered;
  }

  @Override
  public void settle() {
    settled++;
  }

  @Override
  public void close() {}
}

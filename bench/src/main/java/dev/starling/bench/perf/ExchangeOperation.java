package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.exchange.Outcome;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Averages one stripe of the own replica with a peer's, from the first try-lock to the second
 * publish, without an update.
 */
final class ExchangeOperation extends Operation {
  private final Ends ends;
  private final Replica home;
  private final Remote peer;
  private final ExchangeMachine machine;
  private final Deliveries deliveries;
  private final MemorySegment buffer;
  private final int stripe;
  private final long ownBefore;
  private final long peersBefore;

  /**
   * Prepares exchanges.
   *
   * @param ends both ends
   * @param machine the machine of the own replica
   * @param buffer local memory that the fabric knows, at least as long as the stripe
   * @param stripe the stripe
   */
  ExchangeOperation(Ends ends, ExchangeMachine machine, MemorySegment buffer, int stripe) {
    this.ends = ends;
    this.machine = machine;
    this.buffer = buffer;
    this.stripe = stripe;
    home = ends.home();
    peer = ends.peer();
    deliveries = new Deliveries(peer);
    ownBefore = LockWord.version(home.lockWord(stripe));
    peersBefore = LockWord.version(peersWord());
  }

  private void exchange() {
    machine.start(stripe, peer, null);
    while (!machine.isIdle()) {
      machine.poll();
    }
    if (machine.outcome() != Outcome.EXCHANGED) {
      throw new StarlingException(
          "an exchange of stripe %d with rank %d ended as %s, the peer is %s: look whether that end lives"
              .formatted(stripe, peer.rank(), machine.outcome(), peer.state()));
    }
  }

  @Override
  void latency(long iterations, Samples samples) {
    for (long i = 0; i < iterations; i++) {
      long beganNs = System.nanoTime();
      exchange();
      samples.record(System.nanoTime() - beganNs);
    }
  }

  @Override
  void bandwidth(long iterations, int depth, Meter meter) {
    meter.begin(iterations);
    for (long done = 0; done < iterations; ) {
      exchange();
      meter.completed(++done);
    }
    meter.end();
  }

  private long peersWord() {
    peer.readWord(
        ends.layout().lineOffset(stripe) + ControlLine.LOCK_OFFSET, deliveries.delivered());
    deliveries.await(deliveries.delivered() + 1);
    return deliveries.value();
  }

  /** An exchange raises the version on both sides. */
  @Override
  long counted() {
    long own = LockWord.version(home.lockWord(stripe)) - ownBefore & LockWord.VERSION_MASK;
    long peers = LockWord.version(peersWord()) - peersBefore & LockWord.VERSION_MASK;
    if (own != peers) {
      throw new StarlingException(
          ("stripe %d was published %d times here and %d times by rank %d: report this fault of"
                  + " starling or of its fabric")
              .formatted(stripe, own, peers, peer.rank()));
    }
    return own;
  }

  @Override
  void check() {
    long lengthBytes = ends.layout().stripeLengthBytes(stripe);
    int ownPlane = LockWord.current(home.lockWord(stripe));
    requireMean(home.segment(), ends.layout().planeOffset(stripe, ownPlane), "here");
    int peersPlane = LockWord.current(peersWord());
    peer.read(ends.layout().planeOffset(stripe, peersPlane), buffer, 0, lengthBytes, 0);
    deliveries.await(deliveries.delivered() + 1);
    requireMean(buffer, 0, "there");
  }

  private void requireMean(MemorySegment memory, long offset, String where) {
    for (long i = 0; i < ends.layout().stripeParameters(stripe); i++) {
      float value = memory.get(ValueLayout.JAVA_FLOAT, offset + i * Float.BYTES);
      if (value != Ends.MEAN) {
        throw new StarlingException(
            "element %d of stripe %d is %s %s and not %s: report this fault of starling or of its fabric"
                .formatted(i, stripe, value, where, Ends.MEAN));
      }
    }
  }
}

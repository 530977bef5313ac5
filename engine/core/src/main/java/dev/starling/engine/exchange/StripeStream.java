package dev.starling.engine.exchange;

import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * Moves one stripe through the combine, a chunk at a time.
 *
 * <pre>
 *   addressable peer:  combine chunk k: own current, update, peer current -> own target, peer target
 *   other fabrics:     READ chunk k+1 | combine chunk k into own target | WRITE chunk k-1 from there
 *   alone:             step chunk k: own current, update -> own target
 * </pre>
 *
 * <p>Each {@link #poll} starts at most one combine and never waits for it; {@value #MAX_COMBINES}
 * may be under way.
 */
final class StripeStream {
  /** Combines under way: while a device computes one, it has the next already. */
  private static final int MAX_COMBINES = 2;

  /** Chunks that are combined and not yet written: reads may overtake writes, for ever. */
  private static final int MAX_WRITES = 16;

  private final Kernels kernels;
  private final long chunkBytes;
  private final MemorySegment staging;
  private final Combine mode;
  private final boolean[] arrived;
  private final int depth;

  private MemorySegment own;
  private long ownCurrent;
  private long ownTarget;
  private Remote peer;
  private MemorySegment direct;
  private long peerCurrent;
  private long peerTarget;
  private Update update;
  private long updateOffset;
  private long lengthBytes;
  private long tagBase;

  private final long[] tickets = new long[MAX_COMBINES];
  private int chunks;
  private int nextRead;
  private int nextCombine;
  private int combined;
  private int written;
  private int outstanding;
  private boolean failed;

  /**
   * Creates a stream.
   *
   * @param kernels who computes
   * @param chunkBytes length of a chunk, a multiple of 64
   * @param staging memory for incoming chunks, or null when every peer is addressable
   * @param mode what becomes of both sides
   */
  StripeStream(Kernels kernels, long chunkBytes, MemorySegment staging, Combine mode) {
    this.mode = mode;
    this.kernels = kernels;
    this.chunkBytes = chunkBytes;
    this.staging = staging;
    depth = staging == null ? 0 : (int) (staging.byteSize() / chunkBytes);
    arrived = new boolean[depth];
  }

  /** Begins a step without a partner. */
  void beginAlone(
      MemorySegment region, long current, long target, Update u, long uOffset, long length) {
    begin(region, current, target, u, uOffset, length);
    peer = null;
    direct = null;
  }

  /** Begins an average with a locked partner; {@code u} may be null. */
  void beginWith(
      MemorySegment region,
      long current,
      long target,
      Remote partner,
      long partnerCurrent,
      long partnerTarget,
      Update u,
      long uOffset,
      long length,
      long tag) {
    begin(region, current, target, u, uOffset, length);
    peer = partner;
    direct = partner.direct();
    peerCurrent = partnerCurrent;
    peerTarget = partnerTarget;
    tagBase = tag;
  }

  private void begin(
      MemorySegment region, long current, long target, Update u, long uOffset, long length) {
    own = region;
    ownCurrent = current;
    ownTarget = target;
    update = u;
    updateOffset = uOffset;
    lengthBytes = length;
    chunks = Math.toIntExact((length + chunkBytes - 1) / chunkBytes);
    nextRead = 0;
    nextCombine = 0;
    combined = 0;
    written = 0;
    outstanding = 0;
    failed = false;
  }

  /** Whether every chunk is combined and, where needed, written. */
  boolean isDone() {
    return !failed && written == chunks;
  }

  /** Whether an operation on the peer failed and none is under way any more. */
  boolean hasFailed() {
    return failed && outstanding == 0 && combined == nextCombine;
  }

  int poll() {
    int work = 0;
    while (combined < nextCombine && kernels.isComplete(tickets[combined % MAX_COMBINES])) {
      work++;
      onCombined(combined++);
    }
    if (failed) {
      return work;
    }
    boolean local = peer == null || direct != null;
    while (!local && nextRead < chunks && nextRead < combined + depth) {
      postRead(nextRead++);
      work++;
    }
    if (nextCombine < chunks
        && nextCombine - combined < MAX_COMBINES
        && (local || isStaged(nextCombine) && nextCombine - written < MAX_WRITES)) {
      tickets[nextCombine % MAX_COMBINES] = combine(nextCombine);
      nextCombine++;
      work++;
    }
    return work;
  }

  private boolean isStaged(int chunk) {
    return chunk < nextRead && arrived[chunk % depth];
  }

  private void onCombined(int chunk) {
    if (peer == null || direct != null) {
      written++;
    } else if (!failed) {
      long offset = chunk * chunkBytes;
      outstanding++;
      peer.write(
          peerTarget + offset,
          own,
          ownTarget + offset,
          chunkLength(chunk),
          tagBase | 1L << 24 | chunk);
    }
  }

  private void postRead(int chunk) {
    int slot = chunk % depth;
    arrived[slot] = false;
    outstanding++;
    peer.read(
        peerCurrent + chunk * chunkBytes,
        staging,
        slot * chunkBytes,
        chunkLength(chunk),
        tagBase | chunk);
  }

  /** A read or write of this stream completed; the low 25 bits of its tag name it. */
  void onCompletion(long tag, boolean succeeded) {
    outstanding--;
    if (!succeeded) {
      failed = true;
    } else if ((tag & 1L << 24) != 0) {
      written++;
    } else {
      arrived[(int) (tag & 0xffffff) % depth] = true;
    }
  }

  private long chunkLength(int chunk) {
    return Math.min(chunkBytes, lengthBytes - chunk * chunkBytes);
  }

  private long combine(int chunk) {
    long at = chunk * chunkBytes;
    long count = chunkLength(chunk) / Float.BYTES;
    if (peer == null) {
      return stepFrom(own, ownCurrent + at, own, ownTarget + at, at, count);
    }
    if (mode == Combine.SERVE) {
      return serve(chunk, at, count);
    }
    if (direct == null) {
      long slot = (chunk % depth) * chunkBytes;
      return update == null
          ? kernels.average(own, ownCurrent + at, staging, slot, own, ownTarget + at, count)
          : kernels.stepAverage(
              own,
              ownCurrent + at,
              update.values(),
              updateOffset + at,
              staging,
              slot,
              own,
              ownTarget + at,
              update.learningRate(),
              update.keep(),
              count);
    }
    return update == null
        ? kernels.averageBoth(
            own,
            ownCurrent + at,
            direct,
            peerCurrent + at,
            own,
            ownTarget + at,
            direct,
            peerTarget + at,
            count)
        : kernels.stepAverageBoth(
            own,
            ownCurrent + at,
            update.values(),
            updateOffset + at,
            direct,
            peerCurrent + at,
            own,
            ownTarget + at,
            direct,
            peerTarget + at,
            update.learningRate(),
            update.keep(),
            count);
  }

  /** The home's state after the update, for both sides. */
  private long serve(int chunk, long at, long count) {
    if (direct == null) {
      return stepFrom(staging, chunk % depth * chunkBytes, own, ownTarget + at, at, count);
    }
    // The second pass over the chunk finds it in the cache.
    stepFrom(direct, peerCurrent + at, direct, peerTarget + at, at, count);
    return stepFrom(direct, peerCurrent + at, own, ownTarget + at, at, count);
  }

  private long stepFrom(
      MemorySegment from, long fromAt, MemorySegment into, long intoAt, long at, long count) {
    return kernels.step(
        from,
        fromAt,
        update.values(),
        updateOffset + at,
        into,
        intoAt,
        update.learningRate(),
        update.keep(),
        count);
  }
}

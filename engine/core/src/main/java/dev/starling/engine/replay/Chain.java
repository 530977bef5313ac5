package dev.starling.engine.replay;

import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** The rebuilt state of one chain: its parameters, the optimizer, and the last update. */
final class Chain implements ChainReader.GradientTarget, AutoCloseable {
  /** Is told when an optimizer has the state that a checkpoint names. */
  interface CheckpointWatch {
    void reached(Chain chain, long set, long optimizerStep, long[] versions);
  }

  private final ChainReader reader;
  private final ReplicaLayout layout;
  private final KernelThread kernels;
  private final Optimizer optimizer;
  private final CheckpointWatch watch;
  private final PrivateMemory memory;
  private final PrivateMemory gradientMemory;
  private final MemorySegment parameters;
  private final MemorySegment gradient;
  private final long[] versions;
  private final boolean[] present;
  private GradientPayload payload = GradientPayload.F32;
  private MemorySegment update;
  private float learningRate;
  private float scale;
  private float keep;
  private long optimizerStep;
  private long updates;
  private long lastUse;

  Chain(
      ChainReader reader,
      ReplicaLayout layout,
      KernelThread kernels,
      Optimizer optimizer,
      CheckpointWatch watch) {
    this.reader = reader;
    this.layout = layout;
    this.kernels = kernels;
    this.optimizer = optimizer;
    this.watch = watch;
    versions = new long[layout.stripes()];
    present = new boolean[layout.stripes()];
    long lengthBytes = layout.parameterCount() * Float.BYTES;
    memory = PrivateMemory.allocate("a replica for replay", lengthBytes);
    try {
      gradientMemory = PrivateMemory.allocate("a gradient for replay", lengthBytes);
    } catch (Throwable failure) {
      memory.close();
      throw failure;
    }
    parameters = memory.segment();
    gradient = gradientMemory.segment();
  }

  ChainReader reader() {
    return reader;
  }

  ChainId id() {
    return reader.id();
  }

  /** Begins at a saved state. */
  void load(ReplayInput.SavedState saved, boolean fromVersionZero) {
    requireLength("parameters", saved.parameters());
    parameters.copyFrom(saved.parameters());
    optimizerStep = saved.optimizerStep();
    loadOptimizer(saved.state());
    for (int stripe = 0; stripe < versions.length; stripe++) {
      versions[stripe] = fromVersionZero ? 0 : saved.versions()[stripe];
      present[stripe] = true;
    }
  }

  private void loadOptimizer(Map<String, MemorySegment> state) {
    List<String> names = optimizer.stateNames();
    for (int i = 0; i < names.size(); i++) {
      MemorySegment values = state.get(names.get(i));
      if (values != null) {
        requireLength(names.get(i), values);
        optimizer.state(i).copyFrom(values);
      }
    }
  }

  private void requireLength(String name, MemorySegment values) {
    if (values.byteSize() != parameters.byteSize()) {
      throw new StarlingException(
          "the checkpoint of "
              + id()
              + " has "
              + values.byteSize()
              + " bytes of "
              + name
              + " where the log's model has "
              + parameters.byteSize()
              + ": do not mix checkpoints and logs of different runs");
    }
  }

  /** Begins one stripe, at version 0, with what another chain has. */
  void copyStripe(int stripe, Chain from) {
    // Its own stripe was touched by nobody yet.
    stripe(stripe).copyFrom(from.content(stripe));
    present[stripe] = true;
  }

  boolean isPresent(int stripe) {
    return present[stripe];
  }

  long version(int stripe) {
    return versions[stripe];
  }

  /** {@return the full version that a 28-bit one stands for, near the present one} */
  long fullVersion(int stripe, long low) {
    return LockWord.fullVersion(low, versions[stripe]);
  }

  /** {@return a stripe's parameters, when everything computed so far is in them} */
  MemorySegment content(int stripe) {
    kernels.drain();
    return stripe(stripe);
  }

  private MemorySegment stripe(int stripe) {
    return parameters.asSlice(
        layout.stripeStart(stripe) * Float.BYTES, layout.stripeLengthBytes(stripe));
  }

  /** {@return the optimizer, when everything computed so far is in its state} */
  Optimizer optimizer() {
    kernels.drain();
    return optimizer;
  }

  /** {@return how many steps the optimizer has made} */
  long optimizerStep() {
    return optimizerStep;
  }

  /** {@return gradients turned into updates so far} */
  long updates() {
    return updates;
  }

  /** {@return whether the log keeps the values of gradients} */
  boolean hasValues() {
    return payload != GradientPayload.NONE;
  }

  @Override
  public void begin(MemorySegment record) {
    optimizerStep = LogRecord.bodyLong(record, 0);
    learningRate = LogRecord.bodyFloat(record, 20);
    scale = LogRecord.bodyFloat(record, 24);
    payload = GradientPayload.of(LogRecord.bodyInt(record, 28));
    long expected = layout.parameterCount() * payload.bytesPerValue();
    if (LogRecord.bodyLong(record, 32) != expected) {
      throw new StarlingException(
          "the gradient of "
              + id()
              + " at "
              + reader.lastPosition()
              + " has "
              + LogRecord.bodyLong(record, 32)
              + " bytes where the model needs "
              + expected
              + ": the log is damaged");
    }
    optimizer.begin(optimizerStep);
    // The update before may be the gradient that is about to be overwritten.
    kernels.await(lastUse);
  }

  @Override
  public void fragment(MemorySegment record, long offsetBytes, long lengthBytes) {
    long from = LogRecord.HEADER_BYTES + Long.BYTES;
    long first = offsetBytes / payload.bytesPerValue();
    long count = lengthBytes / payload.bytesPerValue();
    if (payload == GradientPayload.BF16) {
      VectorKernels.unpackBf16(record, from, gradient, first * Float.BYTES, count);
    } else {
      MemorySegment.copy(record, from, gradient, offsetBytes, lengthBytes);
    }
    // The order of the agent: scale, then advance, a piece at a time while it is in the cache.
    if (scale != 1f) {
      lastUse = kernels.scale(gradient, first * Float.BYTES, scale, count);
    }
    long advanced = optimizer.advance(kernels, gradient, first * Float.BYTES, count);
    lastUse = Math.max(lastUse, advanced);
  }

  @Override
  public void complete() {
    update = optimizer.update(gradient);
    keep = optimizer.keep(learningRate);
    updates++;
  }

  @Override
  public void checkpoint(long set, long step, long[] cut) {
    watch.reached(this, set, step, cut);
  }

  /** {@code x' = x * keep - rate * u}. */
  void step(int stripe) {
    if (hasValues()) {
      MemorySegment x = stripe(stripe);
      lastUse =
          kernels.step(x, 0, update, updateOffset(stripe), x, 0, learningRate, keep, count(stripe));
    }
    versions[stripe]++;
  }

  /** The average of this chain's stripe, after its update, and the peer's: into both. */
  void exchange(int stripe, Chain peer, boolean withUpdate) {
    MemorySegment x = stripe(stripe);
    MemorySegment y = peer.stripe(stripe);
    if (hasValues()) {
      lastUse = average(stripe, y, x, y, withUpdate);
    }
    versions[stripe]++;
    peer.versions[stripe]++;
  }

  /** The same average, into memory of its own; no version rises. */
  void average(int stripe, Chain peer, boolean withUpdate, MemorySegment into) {
    if (hasValues()) {
      kernels.await(average(stripe, peer.stripe(stripe), into, into, withUpdate));
    }
  }

  private long average(
      int stripe, MemorySegment y, MemorySegment outX, MemorySegment outY, boolean withUpdate) {
    MemorySegment x = stripe(stripe);
    float rate = learningRate;
    long count = count(stripe);
    if (!withUpdate) {
      return outX == outY
          ? kernels.average(x, 0, y, 0, outX, 0, count)
          : kernels.averageBoth(x, 0, y, 0, outX, 0, outY, 0, count);
    }
    long uo = updateOffset(stripe);
    return outX == outY
        ? kernels.stepAverage(x, 0, update, uo, y, 0, outX, 0, rate, keep, count)
        : kernels.stepAverageBoth(x, 0, update, uo, y, 0, outX, 0, outY, 0, rate, keep, count);
  }

  /** A fence: the version rises, the content stays. */
  void fence(int stripe) {
    versions[stripe]++;
  }

  /** An exchange that turns out to have been published: its result becomes the next version. */
  void land(int stripe, MemorySegment result) {
    content(stripe).copyFrom(result);
    versions[stripe]++;
  }

  private long updateOffset(int stripe) {
    return layout.stripeStart(stripe) * Float.BYTES;
  }

  private long count(int stripe) {
    return layout.stripeParameters(stripe);
  }

  @Override
  public void close() {
    reader.close();
    optimizer.close();
    gradientMemory.close();
    memory.close();
  }
}

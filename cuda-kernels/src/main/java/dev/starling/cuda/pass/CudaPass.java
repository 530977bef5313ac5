package dev.starling.cuda.pass;

import dev.starling.cuda.AddressRange;
import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.Failures;
import dev.starling.models.Evaluation;
import dev.starling.models.Model;
import dev.starling.models.Pass;
import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Workspace of fully connected layers on a device. Waits for the device with a bound; when that has
 * passed, the device may go on reading the parameters and writing the gradient until {@link #close}
 * has returned.
 */
final class CudaPass implements Pass {
  private final DenseShape shape;
  private final int maxBatch;
  private final long limitNs;
  private final CudaContext context;
  private final PinnedPool pinned;
  private final CudaStream stream;
  private final CudaEvent done;
  private final PassMemory memory;
  private final LayerKernels kernels;
  private final BatchInput input;
  private final MemorySegment results;

  /** Stands in for memory of the caller that the device does not know; null until needed. */
  private MemorySegment copy;

  private boolean failed;
  private boolean closed;

  /**
   * Takes the device and its memory.
   *
   * @param model what it computes
   * @param maxBatch largest batch
   * @param ordinal the driver's number of the device
   * @param choice who computes the products
   * @param limitNs bound of every wait for the device
   */
  CudaPass(Model model, int maxBatch, int ordinal, ProductsChoice choice, long limitNs) {
    shape = DenseShape.of(model);
    if (maxBatch < 1) {
      throw new IllegalArgumentException(
          "a batch of " + maxBatch + " samples holds nothing to compute; use at least 1");
    }
    this.maxBatch = maxBatch;
    this.limitNs = limitNs;
    context = CudaContext.open(ordinal);
    pinned = new PinnedPool(context);
    try {
      stream = context.newStream();
      done = context.newEvent();
      memory = new PassMemory(context, shape, maxBatch);
      input = new BatchInput(context, stream, pinned, memory, shape, maxBatch, limitNs);
      results = pinned.allocate("results of a batch", memory.resultBytes());
      kernels = new LayerKernels(context, stream, shape, memory, choice);
    } catch (RuntimeException refused) {
      abandon(new Failures(refused));
      throw refused;
    }
  }

  /** What the device may still be working on stays mapped. */
  private void abandon(Failures failures) {
    failures.run(context::close);
    if (context.isClosed()) {
      failures.run(pinned::close);
    }
  }

  @Override
  public float gradient(MemorySegment parameters, Batch batch, MemorySegment gradient) {
    requireUsable();
    shape.checkLength("parameter", parameters);
    shape.checkLength("gradient", gradient);
    shape.checkData(batch.data());
    int size = batch.size();
    if (size < 1 || size > maxBatch) {
      throw new IllegalArgumentException(
          "a batch of %d samples does not fit this pass; give it 1 to %d"
              .formatted(size, maxBatch));
    }
    failed = true;
    sendParameters(parameters);
    forward(input.send(batch), size);
    kernels.backward(input.labels(size), size);
    boolean copied = receiveGradient(gradient);
    stream.copyToHost(results, 0, memory.results(), PassMemory.termBytes(size));
    await("the gradient of a batch");
    if (copied) {
      MemorySegment.copy(copy, 0, gradient, 0, shape.lengthBytes());
    }
    failed = false;
    return isPoisoned() ? Float.NaN : (float) (addLosses(0, size) / size);
  }

  @Override
  public Evaluation evaluate(MemorySegment parameters, Dataset data) {
    requireUsable();
    shape.checkLength("parameter", parameters);
    shape.checkData(data);
    failed = true;
    sendParameters(parameters);
    int correct = 0;
    double loss = 0;
    for (int from = 0; from < data.count(); from += maxBatch) {
      int size = Math.min(maxBatch, data.count() - from);
      forward(input.send(data, from, size), size);
      kernels.evaluate(input.labels(size), size);
      stream.copyToHost(results, 0, memory.results(), memory.resultBytes());
      await("the evaluation of a batch");
      if (isPoisoned()) {
        loss = Double.NaN;
      } else {
        loss = addLosses(loss, size);
        correct += hits(size);
      }
    }
    failed = false;
    return new Evaluation((double) correct / data.count(), loss / data.count(), data.count());
  }

  private void sendParameters(MemorySegment parameters) {
    long bytes = shape.lengthBytes();
    AddressRange range = find(parameters);
    if (range == null) {
      MemorySegment.copy(parameters, 0, copy(), 0, bytes);
      stream.copyToDevice(memory.parameters(), copy, 0, bytes);
    } else if (range.isDeviceMemory()) {
      stream.copyOnDevice(memory.parameters(), range.deviceAddress(parameters.address()), bytes);
    } else {
      stream.copyToDevice(memory.parameters(), parameters, 0, bytes);
    }
  }

  /** Returns whether the gradient comes to the copy, from where the caller has to get it. */
  private boolean receiveGradient(MemorySegment gradient) {
    long bytes = shape.lengthBytes();
    AddressRange range = find(gradient);
    if (range == null) {
      stream.copyToHost(copy(), 0, memory.gradient(), bytes);
    } else if (range.isDeviceMemory()) {
      stream.copyOnDevice(range.deviceAddress(gradient.address()), memory.gradient(), bytes);
    } else {
      stream.copyToHost(gradient, 0, memory.gradient(), bytes);
    }
    return range == null;
  }

  private AddressRange find(MemorySegment segment) {
    return segment.isNative() ? context.find(segment.address(), shape.lengthBytes()) : null;
  }

  private MemorySegment copy() {
    if (copy == null) {
      copy = pinned.allocate("copy of the parameters or the gradient", shape.lengthBytes());
    }
    return copy;
  }

  private void forward(long features, int size) {
    if (features != 0) {
      kernels.gather(features, size);
    }
    kernels.forward(size);
  }

  private void await(String what) {
    stream.record(done);
    DeviceWait.until(done, limitNs, what, context);
  }

  private boolean isPoisoned() {
    return results.get(ValueLayout.JAVA_INT, 0) != 0;
  }

  /** Adds the samples' cross-entropies, one after another as the CPU does. */
  private double addLosses(double sum, int size) {
    double loss = sum;
    for (int b = 0; b < size; b++) {
      long at = PassMemory.TERMS + (long) PassMemory.TERM_BYTES * b;
      double largest = results.get(ValueLayout.JAVA_DOUBLE, at + Double.BYTES);
      double own = results.get(ValueLayout.JAVA_DOUBLE, at + 2 * Double.BYTES);
      loss += Math.log(results.get(ValueLayout.JAVA_DOUBLE, at)) + largest - own;
    }
    return loss;
  }

  private int hits(int size) {
    int hits = 0;
    for (int b = 0; b < size; b++) {
      hits += results.get(ValueLayout.JAVA_INT, memory.hits() + (long) Integer.BYTES * b);
    }
    return hits;
  }

  private void requireUsable() {
    if (closed || failed) {
      throw new IllegalStateException(
          "the pass on %s %s: open another one"
              .formatted(context, closed ? "has been closed" : "has failed before, so close it"));
    }
  }

  /**
   * Waits for the work in flight and gives everything back. When the device does not end its work,
   * nothing is given back and closing can be tried again.
   */
  @Override
  public void close() {
    closed = true;
    Failures failures = new Failures();
    failures.run(kernels::close);
    failures.run(context::close);
    if (context.isClosed()) {
      failures.run(pinned::close);
      failures.run(input::releaseAll);
    }
    failures.throwFirst();
  }
}

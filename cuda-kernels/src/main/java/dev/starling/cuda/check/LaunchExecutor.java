package dev.starling.cuda.check;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.DeviceMemory;
import dev.starling.cuda.KernelArguments;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;

/**
 * Launches a kernel itself, so that every one of the module is compared: over memory of the device,
 * or over host memory that is mapped into it.
 */
final class LaunchExecutor implements Executor {
  private static final int MOST_ARGUMENTS = 10;

  private final String name;
  private final boolean onDevice;
  private final CudaContext context;
  private final PrivateMemory host;
  private final CudaStream stream;
  private final CudaEvent done;
  private final DeviceMemory device;
  private final DeviceMemory found;
  private final KernelArguments arguments = new KernelArguments(MOST_ARGUMENTS);

  LaunchExecutor(String name, int ordinal, boolean onDevice, long capacityBytes) {
    this.name = name;
    this.onDevice = onDevice;
    long length = Pages.roundUp(capacityBytes);
    host = PrivateMemory.allocate("vectors of the check", length);
    CudaContext opened = null;
    try {
      opened = CudaContext.open(ordinal);
      opened.register("vectors of the check", host.segment());
      stream = opened.newStream();
      done = opened.newEvent();
      device = onDevice ? opened.allocate("vectors of the check", length) : null;
      found = opened.allocate("index of the check", Long.BYTES);
    } catch (Throwable failure) {
      close(opened);
      throw failure;
    }
    context = opened;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean takes(Operation operation) {
    return true;
  }

  @Override
  public MemorySegment run(Case example, MemorySegment input) {
    MemorySegment vectors = host.segment();
    MemorySegment.copy(input, 0, vectors, 0, example.bytes());
    long start;
    if (onDevice) {
      start = device.address();
      stream.copyToDevice(start, vectors, 0, example.bytes());
    } else {
      start = context.deviceAddress(vectors, 0, example.bytes());
    }
    launch(example, start);
    if (onDevice) {
      stream.copyToHost(vectors, 0, start, example.bytes());
    }
    if (example.operation().isSearch()) {
      stream.copyToHost(vectors, example.at()[1], found.address(), Long.BYTES);
    }
    stream.record(done);
    Waiting.until(example.toString(), done::isComplete);
    return vectors;
  }

  private void launch(Case example, long start) {
    Operation operation = example.operation();
    if (operation.isSearch()) {
      stream.fill32(found.address(), -1, 2);
    }
    fill(arguments, operation, start, example.at(), example.factors(), example.count());
    if (operation.isSearch()) {
      arguments.pointer(3, found.address());
    }
    stream.launch(context.function(operation.kernel()), arguments, example.count());
  }

  /** Sets the arguments of a kernel but for the index that a search finds. */
  static void fill(
      KernelArguments arguments,
      Operation operation,
      long start,
      long[] at,
      float[] factors,
      long count) {
    int next = 0;
    for (int k = 0; k < operation.vectors(); k++) {
      arguments.pointer(next++, start + at[k]);
    }
    for (float factor : factors) {
      arguments.number(next++, factor);
    }
    if (operation.isSearch()) {
      arguments.count(next++, Operation.BASE);
    }
    arguments.count(next, count);
  }

  @Override
  public void close() {
    close(context);
  }

  private void close(CudaContext opened) {
    try {
      if (opened != null) {
        opened.close();
      }
    } finally {
      host.close();
    }
  }
}

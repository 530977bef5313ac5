package dev.starling.cuda.check;

import dev.starling.cuda.kernel.CudaKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Through the interface that the engine uses, over registered host memory. */
final class KernelsExecutor implements Executor {
  private final String name;
  private final Kernels kernels;
  private final PrivateMemory memory;

  /** Takes over the kernels, also when it fails. */
  KernelsExecutor(String name, Kernels kernels, long capacityBytes) {
    this.name = name;
    this.kernels = kernels;
    PrivateMemory allocated = null;
    try {
      allocated = PrivateMemory.allocate("vectors of the check", Pages.roundUp(capacityBytes));
      kernels.register("vectors of the check", allocated.segment());
    } catch (Throwable failure) {
      kernels.close();
      if (allocated != null) {
        allocated.close();
      }
      throw failure;
    }
    memory = allocated;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean takes(Operation operation) {
    return operation.isOfferedBy(kernels);
  }

  @Override
  public MemorySegment run(Case example, MemorySegment input) {
    MemorySegment vectors = memory.segment();
    MemorySegment.copy(input, 0, vectors, 0, example.bytes());
    long ticket =
        example
            .operation()
            .submit(kernels, vectors, example.at(), example.factors(), example.count());
    Waiting.until(example.toString(), () -> kernels.isComplete(ticket));
    if (example.operation().isSearch()) {
      long index = ((CudaKernels) kernels).firstNonFinite(ticket);
      long found = index < 0 ? index : Operation.BASE + index;
      vectors.set(ValueLayout.JAVA_LONG, example.at()[1], found);
    }
    return vectors;
  }

  @Override
  public void close() {
    try {
      kernels.close();
    } finally {
      memory.close();
    }
  }
}

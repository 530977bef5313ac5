package dev.starling.cuda.check;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.HostRegistration;
import dev.starling.cuda.KernelArguments;
import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.memory.Region;
import dev.starling.engine.memory.SharedFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What it costs to register memory with the device, of a kind that gradients lie in and of the kind
 * that a replica lies in, and whether kernels reach what lies beyond 2 GiB of it.
 */
final class PinningCheck {
  private static final Path SHARED = Path.of("/dev/shm");
  private static final long HEADROOM_BYTES = 1L << 30;
  private static final long TWO_GIB = 1L << 31;
  private static final int FLOATS = 1 << 18;
  private static final double NS_PER_MS = 1e6;

  private final CudaContext context;
  private final CudaStream stream;
  private final CudaEvent done;
  private final KernelArguments arguments = new KernelArguments(3);

  /** What it makes goes with the context. */
  PinningCheck(CudaContext context) {
    this.context = context;
    stream = context.newStream();
    done = context.newEvent();
  }

  void measure(Report report, long lengthBytes) {
    try (PrivateMemory memory = PrivateMemory.allocate("memory to register", lengthBytes)) {
      memory.segment().fill((byte) 0);
      measure(report, "private memory", memory);
    }
    long free = SHARED.toFile().getUsableSpace();
    if (free < lengthBytes + HEADROOM_BYTES) {
      report.add("/dev/shm has no room for as much; free", free / 1e9, "GB");
      return;
    }
    Path file = SHARED.resolve("starling-check-" + ProcessHandle.current().pid());
    try (SharedFile memory = SharedFile.create(file, lengthBytes, lengthBytes)) {
      unlink(file);
      memory.segment().fill((byte) 0);
      measure(report, "a file in /dev/shm", memory);
    }
  }

  /** The mapping stays; nothing is left behind if this process dies. */
  private static void unlink(Path file) {
    try {
      Files.delete(file);
    } catch (IOException failure) {
      throw new StarlingException(
          "deleting %s failed (%s): delete it by hand".formatted(file, failure.getMessage()),
          failure);
    }
  }

  private void measure(Report report, String kind, Region region) {
    MemorySegment memory = region.segment();
    long mib = memory.byteSize() >> 20;
    long start = System.nanoTime();
    HostRegistration registration = context.register("memory to register", memory);
    long registered = System.nanoTime();
    try {
      report.compared(
          (memory.byteSize() > TWO_GIB ? "across 2 GiB of " : "at the end of ") + kind,
          FLOATS,
          different(memory));
    } finally {
      long end = System.nanoTime();
      registration.close();
      double unregisterMs = (System.nanoTime() - end) / NS_PER_MS;
      report.add(
          "register %,d MiB of %s".formatted(mib, kind), (registered - start) / NS_PER_MS, "ms");
      report.add("unregister it", unregisterMs, "ms");
    }
  }

  /**
   * Doubles floats across the 2 GiB mark, or at the end of less memory; how many came out wrong.
   */
  private int different(MemorySegment memory) {
    long bytes = (long) FLOATS * Float.BYTES;
    long last = memory.byteSize() - bytes;
    long from = Math.max(0, Math.min(TWO_GIB - bytes / 2, last));
    int floats = (int) Math.min(FLOATS, memory.byteSize() / Float.BYTES);
    for (int i = 0; i < floats; i++) {
      memory.set(ValueLayout.JAVA_FLOAT, from + (long) i * Float.BYTES, i);
    }
    arguments.pointer(0, context.deviceAddress(memory, from, (long) floats * Float.BYTES));
    arguments.number(1, 2f);
    arguments.count(2, floats);
    stream.launch(context.function(Operation.SCALE.kernel()), arguments, floats);
    stream.record(done);
    Waiting.until("a kernel beyond 2 GiB", done::isComplete);
    int different = 0;
    for (int i = 0; i < floats; i++) {
      different +=
          memory.get(ValueLayout.JAVA_FLOAT, from + (long) i * Float.BYTES) == 2f * i ? 0 : 1;
    }
    return different;
  }
}

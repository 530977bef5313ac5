package dev.starling.bench;

import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.kernel.VectorKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The vector kernels against C loops of the same traffic, on the same memory, call by call in turn.
 * An invocation is a batch of Java calls and a batch of C calls; the batch is large enough for the
 * clock (4 Mi elements). The secondary results are nanoseconds per call of the thread's CPU time:
 * both sides only compute, so time that the scheduler gives to others on a busy machine belongs to
 * neither.
 *
 * <p>An invocation also runs one of the four loops of STREAM in C on the same vectors, a batch of
 * them, so that each result comes with what the memory gave in the same run: {@link Ceilings}.
 *
 * <p>Sizes: 16 Ki floats stay in the second-level cache, 64 Mi floats (256 MiB a vector) leave
 * every cache. Vectors are page-aligned, as stripes are. Before the first measurement all memory
 * has been written, both sides have run, and their results have been compared bit for bit.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 2)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx256m",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class KernelBenchmark {
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();
  private static final int BATCH_ELEMENTS = 1 << 22;
  private static final float LEARNING_RATE = 0.01f;
  private static final float KEEP = 0.9995f;
  private static final float MU = 0.9f;

  /** What is computed. */
  public enum Kernel {
    /** Two reads, one write. */
    AVERAGE,
    /** Two reads, two writes. */
    AVERAGE_BOTH,
    /** Two reads, one write. */
    STEP,
    /** Two reads, one of them written back. */
    MOMENTUM,
    /** Three reads, two writes. */
    STEP_AVERAGE_BOTH,
    /** Two reads, both written back, and a write of half a vector: 18 bytes an element. */
    PACK_BF16,
    /** A read of half a vector, one write: 6 bytes an element. */
    UNPACK_BF16,
    /** One read, one write, nothing computed: what the memory gives; against memcpy. */
    COPY
  }

  /** The kernel of this trial. */
  @Param public Kernel kernel;

  /** Elements in each vector. */
  @Param({"16384", "67108864"})
  public long floats;

  private Arena arena;
  private MemorySegment x;
  private MemorySegment y;
  private MemorySegment u;
  private MemorySegment outX;
  private MemorySegment outY;
  private MemorySegment packed;
  private int batch;

  /** Set up by JMH. */
  public KernelBenchmark() {}

  /**
   * Allocates and writes the vectors, and compares both sides.
   *
   * @throws Throwable never in practice; method handles declare it
   */
  @Setup(Level.Trial)
  public void open() throws Throwable {
    batch = (int) Math.max(1, BATCH_ELEMENTS / floats);
    KernelWarmUp.run();
    arena = Arena.ofShared();
    x = vector(1);
    y = vector(2);
    u = vector(3);
    outX = vector(4);
    outY = vector(5);
    packed =
        arena.allocate(floats * Short.BYTES, 4096).copyFrom(x.asSlice(0, floats * Short.BYTES));
    compare();
  }

  /** Frees the vectors. */
  @TearDown(Level.Trial)
  public void close() {
    arena.close();
  }

  /**
   * Runs a batch on each side.
   *
   * @param pair takes the times
   * @param ceilings takes the time of a loop of STREAM
   * @throws Throwable never in practice; method handles declare it
   */
  @Benchmark
  public void javaAndC(Pair pair, Ceilings ceilings) throws Throwable {
    long javaTimeNs;
    long rivalTimeNs;
    if (pair.javaFirst()) {
      javaTimeNs = timeJava();
      rivalTimeNs = timeC();
    } else {
      rivalTimeNs = timeC();
      javaTimeNs = timeJava();
    }
    pair.record((double) javaTimeNs / batch, (double) rivalTimeNs / batch);
    ceilings.record((double) timeStream(ceilings.next()) / batch);
  }

  private long timeStream(Ceilings.Loop loop) throws Throwable {
    long startNs = CLOCK.getCurrentThreadCpuTime();
    for (int i = 0; i < batch; i++) {
      switch (loop) {
        case COPY -> CLoops.COPY.invokeExact(x, outX, floats);
        case SCALE -> CLoops.SCALE.invokeExact(x, outX, KEEP, floats);
        case ADD -> CLoops.ADD.invokeExact(x, y, outX, floats);
        case TRIAD -> CLoops.TRIAD.invokeExact(x, y, outX, KEEP, floats);
      }
    }
    return CLOCK.getCurrentThreadCpuTime() - startNs;
  }

  private long timeJava() {
    long startNs = CLOCK.getCurrentThreadCpuTime();
    for (int i = 0; i < batch; i++) {
      callJava();
    }
    return CLOCK.getCurrentThreadCpuTime() - startNs;
  }

  private long timeC() throws Throwable {
    long startNs = CLOCK.getCurrentThreadCpuTime();
    for (int i = 0; i < batch; i++) {
      callC();
    }
    return CLOCK.getCurrentThreadCpuTime() - startNs;
  }

  private void callJava() {
    switch (kernel) {
      case AVERAGE -> VectorKernels.average(x, 0, y, 0, outX, 0, floats);
      case AVERAGE_BOTH -> VectorKernels.averageBoth(x, 0, y, 0, outX, 0, outY, 0, floats);
      case STEP -> VectorKernels.step(x, 0, u, 0, outX, 0, LEARNING_RATE, KEEP, floats);
      case MOMENTUM -> VectorKernels.momentum(outX, 0, u, 0, MU, floats);
      case STEP_AVERAGE_BOTH ->
          VectorKernels.stepAverageBoth(
              x, 0, u, 0, y, 0, outX, 0, outY, 0, LEARNING_RATE, KEEP, floats);
      case PACK_BF16 -> VectorKernels.packBf16(outX, 0, outY, 0, packed, 0, floats);
      case UNPACK_BF16 -> VectorKernels.unpackBf16(packed, 0, outX, 0, floats);
      case COPY -> MemorySegment.copy(x, 0, outX, 0, floats * Float.BYTES);
    }
  }

  private void callC() throws Throwable {
    switch (kernel) {
      case AVERAGE -> CLoops.AVERAGE.invokeExact(x, y, outX, floats);
      case AVERAGE_BOTH -> CLoops.AVERAGE_BOTH.invokeExact(x, y, outX, outY, floats);
      case STEP -> CLoops.STEP.invokeExact(x, u, outX, LEARNING_RATE, KEEP, floats);
      case MOMENTUM -> CLoops.MOMENTUM.invokeExact(outX, u, MU, floats);
      case STEP_AVERAGE_BOTH ->
          CLoops.STEP_AVERAGE_BOTH.invokeExact(x, u, y, outX, outY, LEARNING_RATE, KEEP, floats);
      case PACK_BF16 -> CLoops.PACK_BF16.invokeExact(outX, outY, packed, floats);
      case UNPACK_BF16 -> CLoops.UNPACK_BF16.invokeExact(packed, outX, floats);
      case COPY -> CLoops.COPY.invokeExact(x, outX, floats);
    }
  }

  private MemorySegment vector(long seed) {
    MemorySegment vector = arena.allocate(floats * Float.BYTES, 4096);
    Random random = new Random(seed);
    for (long i = 0; i < floats; i++) {
      vector.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return vector;
  }

  private void compare() throws Throwable {
    MemorySegment[] outputs = {outX, outY, packed};
    try (Arena copies = Arena.ofConfined()) {
      MemorySegment[] start = copy(outputs, copies);
      callJava();
      MemorySegment[] java = copy(outputs, copies);
      for (int i = 0; i < outputs.length; i++) {
        outputs[i].copyFrom(start[i]);
      }
      callC();
      for (int i = 0; i < outputs.length; i++) {
        long differs = java[i].mismatch(outputs[i]);
        if (differs >= 0) {
          throw new IllegalStateException(
              kernel
                  + " of "
                  + floats
                  + " floats: Java and C differ at byte "
                  + differs
                  + " of "
                  + List.of("the first output", "the second output", "the packed output").get(i)
                  + "; the comparison would mean nothing.");
        }
      }
    }
  }

  private static MemorySegment[] copy(MemorySegment[] segments, Arena arena) {
    MemorySegment[] copies = new MemorySegment[segments.length];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = arena.allocate(segments[i].byteSize()).copyFrom(segments[i]);
    }
    return copies;
  }
}

package dev.starling.cuda.check;

import dev.starling.cuda.kernel.CudaKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.ScalarKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;

/**
 * An operation that a GPU and the CPU must agree on. All its vectors lie in one piece of memory.
 *
 * <p>A letter stands for each vector, in the order of the kernel's pointers: {@code r} floats that
 * are read, {@code w} floats that are written, {@code u} floats that are updated, {@code p}
 * bfloat16 that are written, {@code q} bfloat16 that are read.
 */
enum Operation {
  AVERAGE(
      "rrw",
      0,
      (m, a, f, n) -> ScalarKernels.average(m, a[0], m, a[1], m, a[2], n),
      (k, m, a, f, n) -> k.average(m, a[0], m, a[1], m, a[2], n)),
  AVERAGE_BOTH(
      "rrww",
      0,
      (m, a, f, n) -> ScalarKernels.averageBoth(m, a[0], m, a[1], m, a[2], m, a[3], n),
      (k, m, a, f, n) -> k.averageBoth(m, a[0], m, a[1], m, a[2], m, a[3], n)),
  STEP(
      "rrw",
      2,
      (m, a, f, n) -> ScalarKernels.step(m, a[0], m, a[1], m, a[2], f[0], f[1], n),
      (k, m, a, f, n) -> k.step(m, a[0], m, a[1], m, a[2], f[0], f[1], n)),
  STEP_AVERAGE(
      "rrrw",
      2,
      (m, a, f, n) -> ScalarKernels.stepAverage(m, a[0], m, a[1], m, a[2], m, a[3], f[0], f[1], n),
      (k, m, a, f, n) -> k.stepAverage(m, a[0], m, a[1], m, a[2], m, a[3], f[0], f[1], n)),
  STEP_AVERAGE_BOTH(
      "rrrww",
      2,
      (m, a, f, n) ->
          ScalarKernels.stepAverageBoth(m, a[0], m, a[1], m, a[2], m, a[3], m, a[4], f[0], f[1], n),
      (k, m, a, f, n) ->
          k.stepAverageBoth(m, a[0], m, a[1], m, a[2], m, a[3], m, a[4], f[0], f[1], n)),
  MOMENTUM(
      "ur",
      1,
      (m, a, f, n) -> ScalarKernels.momentum(m, a[0], m, a[1], f[0], n),
      (k, m, a, f, n) -> k.momentum(m, a[0], m, a[1], f[0], n)),
  NESTEROV(
      "uu",
      1,
      (m, a, f, n) -> ScalarKernels.nesterov(m, a[0], m, a[1], f[0], n),
      (k, m, a, f, n) -> k.nesterov(m, a[0], m, a[1], f[0], n)),
  ADAM(
      "uuu",
      5,
      (m, a, f, n) ->
          ScalarKernels.adam(m, a[0], m, a[1], m, a[2], f[0], f[1], f[2], f[3], f[4], n),
      (k, m, a, f, n) -> k.adam(m, a[0], m, a[1], m, a[2], f[0], f[1], f[2], f[3], f[4], n)),
  SCALE(
      "u",
      1,
      (m, a, f, n) -> ScalarKernels.scale(m, a[0], f[0], n),
      (k, m, a, f, n) -> k.scale(m, a[0], f[0], n)),
  ACCUMULATE(
      "ur",
      0,
      (m, a, f, n) -> ScalarKernels.accumulate(m, a[0], m, a[1], n),
      (k, m, a, f, n) -> k.accumulate(m, a[0], m, a[1], n)),
  ADD_DECAY(
      "ur",
      1,
      (m, a, f, n) -> ScalarKernels.addDecay(m, a[0], m, a[1], f[0], n),
      (k, m, a, f, n) -> ((CudaKernels) k).addDecay(m, a[0], m, a[1], f[0], n)),
  COPY(
      "rw",
      0,
      (m, a, f, n) -> MemorySegment.copy(m, a[0], m, a[1], n << 2),
      (k, m, a, f, n) -> ((CudaKernels) k).copy(m, a[0], m, a[1], n)),
  PACK_BF16(
      "uup",
      0,
      (m, a, f, n) -> ScalarKernels.packBf16(m, a[0], m, a[1], m, a[2], n),
      (k, m, a, f, n) -> ((CudaKernels) k).packBf16(m, a[0], m, a[1], m, a[2], n)),
  UNPACK_BF16(
      "qw",
      0,
      (m, a, f, n) -> ScalarKernels.unpackBf16(m, a[0], m, a[1], n),
      (k, m, a, f, n) -> ((CudaKernels) k).unpackBf16(m, a[0], m, a[1], n)),

  /** Finds an index rather than a vector; a[1] is where the index goes. */
  FIRST_NON_FINITE(
      "r",
      0,
      (m, a, f, n) -> {
        long index = ScalarKernels.firstNonFinite(m, a[0], n);
        m.set(ValueLayout.JAVA_LONG, a[1], index < 0 ? index : Operation.BASE + index);
      },
      (k, m, a, f, n) -> ((CudaKernels) k).firstNonFinite(m, a[0], n));

  /** The index that the first element of a searched chunk has in the caller's vector. */
  static final long BASE = 1L << 33;

  /** What the CPU does: memory, where each vector starts in bytes, factors, elements. */
  interface Reference {
    void run(MemorySegment memory, long[] at, float[] factors, long count);
  }

  /** The same through the engine's interface; returns the ticket. */
  interface Submission {
    long run(Kernels kernels, MemorySegment memory, long[] at, float[] factors, long count);
  }

  private final String vectors;
  private final int factors;
  private final Reference reference;
  private final Submission submission;

  Operation(String vectors, int factors, Reference reference, Submission submission) {
    this.vectors = vectors;
    this.factors = factors;
    this.reference = reference;
    this.submission = submission;
  }

  /** Finds an operation by the name of its kernel; null if there is none. */
  static Operation named(String name) {
    for (Operation operation : values()) {
      if (operation.kernel().equals("starling_" + name)) {
        return operation;
      }
    }
    return null;
  }

  /** The name of the kernel in the PTX. */
  String kernel() {
    StringBuilder name = new StringBuilder("starling_");
    boolean upper = false;
    for (char letter : name().toLowerCase(Locale.ROOT).toCharArray()) {
      if (letter == '_') {
        upper = true;
      } else {
        name.append(upper ? Character.toUpperCase(letter) : letter);
        upper = false;
      }
    }
    return name.toString();
  }

  /** The name in messages and in the table. */
  String label() {
    return kernel().substring("starling_".length());
  }

  int vectors() {
    return vectors.length();
  }

  int factors() {
    return factors;
  }

  boolean isSearch() {
    return this == FIRST_NON_FINITE;
  }

  /** Whether kernels offer it: some operations are those of a device alone. */
  boolean isOfferedBy(Kernels kernels) {
    return ordinal() <= ACCUMULATE.ordinal() || kernels instanceof CudaKernels;
  }

  /** Whether a vector holds floats, rather than bfloat16. */
  boolean isFloat(int vector) {
    return elementBytes(vector) == Float.BYTES;
  }

  int elementBytes(int vector) {
    char letter = vectors.charAt(vector);
    return letter == 'p' || letter == 'q' ? Short.BYTES : Float.BYTES;
  }

  /** Whether a vector may be the very same as one before it: a plain output of a float formula. */
  boolean mayShare(int vector) {
    return vectors.charAt(vector) == 'w' && vectors.indexOf('q') < 0;
  }

  /** Bytes that are read for each element. */
  int bytesRead() {
    return bytes("ruq");
  }

  /** Bytes that are written for each element. */
  int bytesWritten() {
    return bytes("wup");
  }

  private int bytes(String letters) {
    int bytes = 0;
    for (int k = 0; k < vectors.length(); k++) {
      if (letters.indexOf(vectors.charAt(k)) >= 0) {
        bytes += elementBytes(k);
      }
    }
    return bytes;
  }

  /** Does on the CPU, one float after the other, what the GPU is to do. */
  void compute(MemorySegment memory, long[] at, float[] values, long count) {
    reference.run(memory, at, values, count);
  }

  /** Submits it to kernels that offer it. */
  long submit(Kernels kernels, MemorySegment memory, long[] at, float[] values, long count) {
    return submission.run(kernels, memory, at, values, count);
  }
}

package dev.starling.engine.worker;

import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Journal;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;

/**
 * Brings gradients into the form that the journal keeps and the engine applies: as they are, or
 * rounded to bfloat16 with what was cut off carried to the next gradient. Belongs to the
 * communication agent.
 */
final class GradientRounding implements AutoCloseable {
  private final GradientPayload payload;
  private final PrivateMemory residual;
  private final PrivateMemory packed;

  GradientRounding(GradientPayload payload, long parameterCount) {
    this.payload = payload;
    if (payload != GradientPayload.BF16) {
      residual = null;
      packed = null;
      return;
    }
    residual = PrivateMemory.allocate("the residual of gradients", parameterCount * Float.BYTES);
    try {
      packed = PrivateMemory.allocate("rounded gradients", parameterCount * Short.BYTES);
    } catch (Throwable failure) {
      residual.close();
      throw failure;
    }
  }

  GradientPayload payload() {
    return payload;
  }

  /** {@return what rounding has cut off so far, float32; null when nothing is rounded} */
  MemorySegment residual() {
    return residual == null ? null : residual.segment();
  }

  /** Rounds a range of a gradient in place and tells the journal its values. */
  void round(MemorySegment gradient, long first, long count, Journal journal) {
    switch (payload) {
      case F32 -> journal.fragment(gradient, first * Float.BYTES, count * Float.BYTES);
      case BF16 -> {
        VectorKernels.packBf16(
            gradient,
            first * Float.BYTES,
            residual.segment(),
            first * Float.BYTES,
            packed.segment(),
            first * Short.BYTES,
            count);
        journal.fragment(packed.segment(), first * Short.BYTES, count * Short.BYTES);
      }
      case NONE -> {}
    }
  }

  @Override
  public void close() {
    if (residual != null) {
      packed.close();
      residual.close();
    }
  }
}

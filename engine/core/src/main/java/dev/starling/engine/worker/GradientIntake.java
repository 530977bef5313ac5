package dev.starling.engine.worker;

import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;

/**
 * What becomes of a gradient between its computation and its hand-in. Belongs to the compute
 * thread.
 */
final class GradientIntake {
  private final ReplicaLayout layout;
  private final JobContext context;
  private final float l2Decay;
  private final Counters counters;

  GradientIntake(ReplicaLayout layout, JobContext context, float l2Decay, Counters counters) {
    this.layout = layout;
    this.context = context;
    this.l2Decay = l2Decay;
    this.counters = counters;
  }

  /** Checks that a gradient is finite, and shortens it to the largest norm: its first bad index. */
  long checkAndClip(MemorySegment gradient) {
    double limit = context.maxGradientNorm();
    if (limit == 0) {
      return VectorKernels.firstNonFinite(gradient, 0, layout.parameterCount());
    }
    double squared = VectorKernels.squaredNorm(gradient, 0, layout.parameterCount());
    if (!Double.isFinite(squared)) {
      return VectorKernels.firstNonFinite(gradient, 0, layout.parameterCount());
    }
    double norm = Math.sqrt(squared);
    if (norm > limit) {
      VectorKernels.scale(gradient, 0, (float) (limit / norm), layout.parameterCount());
      counters.add(Counter.GRADIENTS_CLIPPED, 1);
    }
    return -1;
  }

  /** Adds L2 decay, where the optimizer has it there. */
  void addDecay(MemorySegment gradient, Snapshot snapshot) {
    if (l2Decay == 0) {
      return;
    }
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      VectorKernels.addDecay(
          gradient,
          layout.stripeStart(stripe) * Float.BYTES,
          snapshot.stripe(stripe),
          0,
          l2Decay,
          layout.stripeParameters(stripe));
    }
  }
}

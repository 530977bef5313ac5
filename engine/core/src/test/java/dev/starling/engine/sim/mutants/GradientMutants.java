package dev.starling.engine.sim.mutants;

import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.BooleanSupplier;

/** Mistakes in what becomes of gradients, and in the arithmetic of an exchange. */
public final class GradientMutants {
  private static final int STEP_RATE = 6;
  private static final int AVERAGE_RATE = 8;
  private static final int BOTH_RATE = 10;

  private GradientMutants() {}

  /** A step alone publishes the parameters as they were. */
  public static final class LostInAStep extends Planted {
    /** For the service loader. */
    public LostInAStep() {
      super("lost-in-a-step", "a step alone leaves its gradient out", 3, "I5/I7", "P7");
    }

    @Override
    public Kernels kernels(Kernels kernels) {
      return MistakenKernels.changing(kernels, "step", arguments -> arguments[STEP_RATE] = 0f);
    }
  }

  /** An exchange over the network applies its gradient twice. */
  public static final class AppliedTwice extends Planted {
    /** For the service loader. */
    public AppliedTwice() {
      super("applied-twice", "an exchange applies its gradient twice", 6, "I5/I7", "P7");
    }

    @Override
    public Kernels kernels(Kernels kernels) {
      return MistakenKernels.changing(
          kernels, "stepAverage", arguments -> arguments[AVERAGE_RATE] = 2f);
    }
  }

  /** In an exchange on one host only the own side gets the gradient. */
  public static final class LostInAnExchange extends Planted {
    /** For the service loader. */
    public LostInAnExchange() {
      super(
          "lost-in-an-exchange",
          "an exchange on one host averages without its gradient",
          12,
          "I5/I7",
          "P7");
    }

    @Override
    public Kernels kernels(Kernels kernels) {
      return MistakenKernels.changing(
          kernels, "stepAverageBoth", arguments -> arguments[BOTH_RATE] = 0f);
    }
  }

  /** The peer's side of an exchange is published without its chunk of data. */
  public static final class OneSideAveraged extends Planted {
    private static final int OWN = 6;
    private static final int PEERS = 8;

    /** For the service loader. */
    public OneSideAveraged() {
      super(
          "one-side-averaged",
          "an exchange on one host leaves out the data of the other side",
          12,
          "P3",
          "P7",
          "I4",
          "I5/I7");
    }

    @Override
    public Kernels kernels(Kernels kernels) {
      return MistakenKernels.changing(
          kernels,
          "stepAverageBoth",
          arguments -> {
            arguments[PEERS] = arguments[OWN];
            arguments[PEERS + 1] = arguments[OWN + 1];
          });
    }
  }

  /** A step is computed in place, on the plane that is published. */
  public static final class SteppedInPlace extends Planted {
    private static final int FROM_OFFSET = 1;
    private static final int TO_OFFSET = 5;

    /** For the service loader. */
    public SteppedInPlace() {
      super("stepped-in-place", "a step writes the plane that is published", 3, "I2");
    }

    @Override
    public Kernels kernels(Kernels kernels) {
      return MistakenKernels.changing(
          kernels, "step", arguments -> arguments[TO_OFFSET] = arguments[FROM_OFFSET]);
    }
  }

  /** A gradient that would be added to the one that waits replaces it. */
  public static final class MergeOverwrites extends Planted {
    /** For the service loader. */
    public MergeOverwrites() {
      super(
          "merge-overwrites",
          "a gradient replaces the one that waits where it should be added",
          4,
          "I7");
    }

    @Override
    public BooleanSupplier submitting(Worker worker) {
      return new BooleanSupplier() {
        private MemorySegment waiting;

        @Override
        public boolean getAsBoolean() {
          MemorySegment gradient = worker.gradient();
          boolean accepted = worker.submit();
          if (accepted && gradient == worker.gradient()) {
            waiting.copyFrom(gradient);
          } else if (accepted) {
            waiting = gradient;
          }
          return accepted;
        }
      };
    }
  }

  /** A gradient is checked after its bad value was taken out, and handed in with it. */
  public static final class NonFiniteAccepted extends Planted {
    /** For the service loader. */
    public NonFiniteAccepted() {
      super("non-finite-accepted", "a gradient that is not finite is accepted", 24, "P4");
    }

    @Override
    public BooleanSupplier submitting(Worker worker) {
      return () -> {
        MemorySegment gradient = worker.gradient();
        long bad = -1;
        for (long i = 0; i < gradient.byteSize() / Float.BYTES; i++) {
          if (!Float.isFinite(gradient.getAtIndex(ValueLayout.JAVA_FLOAT, i))) {
            gradient.setAtIndex(ValueLayout.JAVA_FLOAT, i, 0f);
            bad = i;
          }
        }
        boolean accepted = worker.submit();
        if (bad >= 0) {
          gradient.setAtIndex(ValueLayout.JAVA_FLOAT, bad, Float.NaN);
        }
        return accepted;
      };
    }
  }
}

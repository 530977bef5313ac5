package dev.starling.engine.kernel;

import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;

/**
 * Opens the kernels of each worker of a process. Called from the threads that set workers up; what
 * it opens belongs to one worker's communication agent.
 */
public interface KernelsFactory {

  /**
   * Says in a few words who computes, for the line that the engine prints at start. Asked before
   * any kernels are opened; holds no device afterwards.
   *
   * @param rank a worker that this process opens kernels for
   * @return for example {@code "CPU, 512-bit vectors"}
   */
  String description(int rank);

  /**
   * Opens the kernels of one worker.
   *
   * @param rank the worker's rank
   * @return kernels that the caller closes
   * @throws dev.starling.engine.StarlingException if the device cannot be used, with the reason
   */
  Kernels open(int rank);

  /**
   * Makes a factory that takes the ranks of a job whose workers are on several hosts, of one that
   * shares devices out among the workers of a host.
   *
   * @param localRank a worker's rank among those of its host
   * @return the factory
   */
  default KernelsFactory byLocalRank(IntUnaryOperator localRank) {
    KernelsFactory local = this;
    return new KernelsFactory() {
      @Override
      public String description(int rank) {
        return local.description(localRank.applyAsInt(rank));
      }

      @Override
      public Kernels open(int rank) {
        return local.open(localRank.applyAsInt(rank));
      }
    };
  }

  /**
   * Makes a factory of kernels that are alike for every rank and cheap to open: one is opened to
   * ask for its description.
   *
   * @param supplier opens kernels
   * @return the factory
   */
  static KernelsFactory of(Supplier<Kernels> supplier) {
    return new KernelsFactory() {
      @Override
      public String description(int rank) {
        try (Kernels one = supplier.get()) {
          return one.description();
        }
      }

      @Override
      public Kernels open(int rank) {
        return supplier.get();
      }
    };
  }
}

package dev.starling.cli.train;

import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.KernelsChoice;
import dev.starling.engine.kernel.KernelsFactory;
import dev.starling.engine.kernel.ParallelCpuKernels;
import dev.starling.models.Model;
import dev.starling.models.Pass;
import dev.starling.models.PassFactory;
import dev.starling.models.PassProvider;
import java.util.ServiceLoader;
import java.util.function.IntUnaryOperator;

/**
 * What the workers of a process compute on: both who combines their updates and who computes their
 * gradients. Evaluation stays on the CPU.
 *
 * @param name its name as {@code --device} takes it
 * @param kernels who combines, by rank
 * @param passes who computes gradients
 * @param localRank the rank of a worker among those of this host
 * @param reason one line that says what was chosen and why
 */
record ComputeDevice(
    String name,
    KernelsFactory kernels,
    PassFactory passes,
    IntUnaryOperator localRank,
    String reason) {

  /**
   * Chooses the device that the options ask for.
   *
   * @param options the options
   * @param localRank the rank of a worker among those of this host
   * @return the device
   * @throws dev.starling.engine.ConfigurationException when it is unknown or cannot be used
   */
  static ComputeDevice choose(TrainOptions options, IntUnaryOperator localRank) {
    return choose(options, localRank, ServiceLoader.load(PassProvider.class));
  }

  static ComputeDevice choose(
      TrainOptions options, IntUnaryOperator localRank, Iterable<PassProvider> providers) {
    KernelsFactory cpu = KernelsFactory.of(() -> ParallelCpuKernels.of(options.combineThreads));
    KernelsChoice choice =
        KernelsChoice.of(options.device, options.deviceSettings, cpu, localRank.applyAsInt(0));
    PassFactory passes = PassFactory.CPU;
    for (PassProvider provider : providers) {
      if (provider.name().equals(choice.device())) {
        passes = provider.open(options.deviceSettings);
      }
    }
    String reason =
        choice.device().equals(KernelsChoice.CPU)
            ? choice.reason()
            : choice.reason() + "; gradients by " + passes.description();
    return new ComputeDevice(
        choice.device(), choice.kernels().byLocalRank(localRank), passes, localRank, reason);
  }

  /**
   * Stands for what each worker's own process chooses; nothing can be opened here.
   *
   * @param options the options
   * @return what a supervisor has
   */
  static ComputeDevice ofOtherProcesses(TrainOptions options) {
    String reason = "device %s, as each worker's process finds it".formatted(options.device);
    return new ComputeDevice(
        options.device,
        new KernelsFactory() {
          @Override
          public String description(int rank) {
            return reason;
          }

          @Override
          public Kernels open(int rank) {
            throw new IllegalStateException("the supervisor of processes computes nothing");
          }
        },
        PassFactory.CPU,
        rank -> rank,
        reason);
  }

  /** {@return whether memory is pinned for a device, as far as this process knows} */
  boolean isPinning() {
    return !name.equals(KernelsChoice.CPU) && !name.equals(KernelsChoice.AUTO);
  }

  /**
   * Opens the workspace of a worker's compute thread.
   *
   * @param model what it computes
   * @param maxBatch the largest batch
   * @param rank the worker
   * @return the workspace, which the caller closes
   */
  Pass newPass(Model model, int maxBatch, int rank) {
    return passes.open(model, maxBatch, localRank.applyAsInt(rank));
  }
}

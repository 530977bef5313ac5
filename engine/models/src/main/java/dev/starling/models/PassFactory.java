package dev.starling.models;

/**
 * Makes the workspaces in which models compute. Safe to use from any thread; what it opens belongs
 * to one thread at a time.
 */
public interface PassFactory {

  /** Computes on the CPU: {@link Model#newPass}. */
  PassFactory CPU =
      new PassFactory() {
        @Override
        public String description() {
          return "CPU";
        }

        @Override
        public Pass open(Model model, int maxBatch, int localRank) {
          return model.newPass(maxBatch);
        }
      };

  /**
   * Says in a few words who computes, for the line that is printed at start, without taking a
   * device.
   *
   * @return for example {@code "CPU"}
   */
  String description();

  /**
   * Opens a workspace.
   *
   * @param model what it computes
   * @param maxBatch largest batch it will be given, at least 1
   * @param localRank rank of the worker among those of this host, at least 0; where there are
   *     {@code n} devices it computes on device {@code localRank mod n}
   * @return a workspace that the caller closes
   * @throws IllegalArgumentException if an argument is out of range or the provider cannot compute
   *     the model
   * @throws RuntimeException if the device cannot be used or has no memory left, with one sentence
   *     that says so
   */
  Pass open(Model model, int maxBatch, int localRank);
}

package dev.starling.engine.health;

import java.util.List;

/**
 * Looks whether a part of the machine is fit for a run. Found by {@link java.util.ServiceLoader};
 * constructing one touches nothing.
 */
public interface HealthCheck {
  /**
   * Names what is looked at.
   *
   * @return a short lower-case word, for example {@code rdma}; findings are printed under it
   */
  String area();

  /**
   * Looks. Changes nothing and waits for nobody.
   *
   * @param workload what the machine shall be fit for
   * @return what was found, in the order in which to print it; at least one finding
   */
  List<Finding> examine(Workload workload);
}

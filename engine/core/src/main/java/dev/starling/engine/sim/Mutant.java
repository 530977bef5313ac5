package dev.starling.engine.sim;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.worker.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.BooleanSupplier;

/**
 * A mistake in the protocol, planted to see that the simulator finds it. Every method passes on
 * what it is given; a mutant overrides those in which its mistake lies. Mutants are found through
 * {@link ServiceLoader}; the production jar has none.
 */
public interface Mutant {
  /** No mistake. */
  Mutant NONE =
      new Mutant() {
        @Override
        public String name() {
          return "none";
        }

        @Override
        public String mistake() {
          return "no mistake";
        }

        @Override
        public int seeds() {
          return 0;
        }
      };

  /**
   * Returns the name that options use.
   *
   * @return lower case, with hyphens
   */
  String name();

  /**
   * Says what is done wrong.
   *
   * @return one line
   */
  String mistake();

  /**
   * Returns within how many seeds, from 1 on, the simulator must find it.
   *
   * @return at least 1
   */
  int seeds();

  /**
   * Changes the fabric.
   *
   * @param fabric the right one
   * @return the one that is used
   */
  default Fabric fabric(Fabric fabric) {
    return fabric;
  }

  /**
   * Changes a connection.
   *
   * @param remote the right one
   * @param own whether it leads to the worker's own replica
   * @return the one that is used
   */
  default Remote remote(Remote remote, boolean own) {
    return remote;
  }

  /**
   * Changes the kernels of a worker.
   *
   * @param kernels the right ones
   * @return those that are used
   */
  default Kernels kernels(Kernels kernels) {
    return kernels;
  }

  /**
   * Changes what a worker writes to its log.
   *
   * @param log the right one
   * @return the one that is used
   */
  default Journal log(Journal log) {
    return log;
  }

  /**
   * Changes how a snapshot is pinned, after it was pinned in the right way.
   *
   * @param replica the replica
   * @param stripe the stripe
   * @param plane the plane that is pinned
   * @param others lets the other workers go on for a while
   * @return the plane that the compute thread reads
   */
  default int pin(Replica replica, int stripe, int plane, Runnable others) {
    return plane;
  }

  /**
   * Changes how a compute side hands in its gradients.
   *
   * @param worker whose compute side it is
   * @return hands in the worker's gradient and tells whether it was accepted
   */
  default BooleanSupplier submitting(Worker worker) {
    return worker::submit;
  }

  /**
   * Finds the mutants on the class path.
   *
   * @return by name
   */
  static List<Mutant> all() {
    List<Mutant> found = new ArrayList<>();
    ServiceLoader.load(Mutant.class).forEach(found::add);
    found.sort((a, b) -> a.name().compareTo(b.name()));
    return found;
  }
}

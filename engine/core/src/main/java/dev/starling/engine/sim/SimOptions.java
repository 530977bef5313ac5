package dev.starling.engine.sim;

import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.topology.Topology;
import java.util.function.UnaryOperator;

/**
 * What is simulated.
 *
 * @param seed determines everything that is left to chance
 * @param workers how many workers
 * @param topology the graph
 * @param stripes stripes of the model, each of a few parameters
 * @param steps gradients that every worker submits
 * @param addressable whether peers' memory can be addressed, or is reached by operations alone
 * @param crashes how many workers die
 * @param pauses how many times a worker is paused for longer than the hold limit
 * @param uncertain how many of a thousand operations on peers complete as uncertain
 * @param nonFinite how many of a thousand gradients are not finite
 * @param returns whether dead workers join again, some of them to die once more
 * @param remotes wraps every connection; tests plant mistakes here
 * @param kernels wraps the kernels; tests plant mistakes here
 */
public record SimOptions(
    long seed,
    int workers,
    Topology.Kind topology,
    int stripes,
    int steps,
    boolean addressable,
    int crashes,
    int pauses,
    int uncertain,
    int nonFinite,
    boolean returns,
    UnaryOperator<Remote> remotes,
    UnaryOperator<Kernels> kernels) {
  /**
   * Options without faults.
   *
   * @param seed determines everything that is left to chance
   * @param workers how many workers
   * @param steps gradients that every worker submits
   * @return three stripes on a complete graph of addressable peers
   */
  public static SimOptions of(long seed, int workers, int steps) {
    return new SimOptions(
        seed,
        workers,
        Topology.Kind.COMPLETE,
        3,
        steps,
        true,
        0,
        0,
        0,
        0,
        false,
        UnaryOperator.identity(),
        UnaryOperator.identity());
  }

  /**
   * Replaces the shape of the job.
   *
   * @param kind the graph
   * @param stripeCount stripes of the model
   * @param direct whether peers are addressable
   * @return the changed options
   */
  public SimOptions shape(Topology.Kind kind, int stripeCount, boolean direct) {
    return new SimOptions(
        seed,
        workers,
        kind,
        stripeCount,
        steps,
        direct,
        crashes,
        pauses,
        uncertain,
        nonFinite,
        returns,
        remotes,
        kernels);
  }

  /**
   * Replaces the faults.
   *
   * @param deaths workers that die
   * @param stops pauses
   * @param unknown uncertain completions of a thousand
   * @param bad gradients of a thousand that are not finite
   * @return the changed options
   */
  public SimOptions faults(int deaths, int stops, int unknown, int bad) {
    return new SimOptions(
        seed,
        workers,
        topology,
        stripes,
        steps,
        addressable,
        deaths,
        stops,
        unknown,
        bad,
        returns,
        remotes,
        kernels);
  }

  /**
   * Plants mistakes.
   *
   * @param connection wraps every connection
   * @param maths wraps the kernels
   * @return the changed options
   */
  public SimOptions mutants(UnaryOperator<Remote> connection, UnaryOperator<Kernels> maths) {
    return new SimOptions(
        seed,
        workers,
        topology,
        stripes,
        steps,
        addressable,
        crashes,
        pauses,
        uncertain,
        nonFinite,
        returns,
        connection,
        maths);
  }

  /**
   * Lets dead workers join again.
   *
   * @return the changed options
   */
  public SimOptions returning() {
    return new SimOptions(
        seed,
        workers,
        topology,
        stripes,
        steps,
        addressable,
        crashes,
        pauses,
        uncertain,
        nonFinite,
        true,
        remotes,
        kernels);
  }
}

package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Whoever executes the maths of an exchange: the CPU, or a device that a provider brings.
 *
 * <p>Every operation is submitted and returns a <em>ticket</em>; tickets of one instance rise
 * strictly, starting above zero. Work is done in the order of submission as far as anyone can see:
 * an operation sees the results of all earlier ones, and {@link #isComplete isComplete(t)} implies
 * that all tickets below {@code t} are complete. Until its ticket is complete the caller neither
 * touches the outputs nor changes the inputs nor closes the memory.
 *
 * <p>The formulas and the rules for arguments are those of the {@linkplain
 * dev.starling.engine.kernel package}; all implementations give the same bits. Arguments are
 * checked at submission: {@link IllegalArgumentException} and {@link IndexOutOfBoundsException} as
 * in {@link VectorKernels}, and nothing is submitted. A device that fails later says so from {@link
 * #isComplete}, with a {@link dev.starling.engine.StarlingException}.
 *
 * <p>An instance belongs to one thread at a time: the one that opens it, then the communication
 * agent's, and whoever closes it after that one. No method waits, except {@link #drain}, {@link
 * #close} and {@link Registration#close}, which wait for the work in flight, with a bound.
 */
public interface Kernels extends AutoCloseable {

  /**
   * Says in a few words who computes, for the line the engine prints at start.
   *
   * @return for example {@code "CPU, 512-bit vectors"}
   */
  String description();

  /**
   * Submits {@code out = (x + y) * 0.5f}.
   *
   * @param x first vector
   * @param xo offset of {@code x}, bytes
   * @param y second vector
   * @param yo offset of {@code y}, bytes
   * @param out result; may be {@code x} or {@code y}
   * @param oo offset of {@code out}, bytes
   * @param count floats in each vector
   * @return ticket
   */
  long average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count);

  /**
   * Submits {@code outX = outY = (x + y) * 0.5f}.
   *
   * @param x first vector
   * @param xo offset of {@code x}, bytes
   * @param y second vector
   * @param yo offset of {@code y}, bytes
   * @param outX one copy of the result; may be {@code x} or {@code y}
   * @param oxo offset of {@code outX}, bytes
   * @param outY the other copy of the result; may be {@code x} or {@code y}
   * @param oyo offset of {@code outY}, bytes
   * @param count floats in each vector
   * @return ticket
   */
  long averageBoth(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment outX,
      long oxo,
      MemorySegment outY,
      long oyo,
      long count);

  /**
   * Submits {@code out = fma(-learningRate, u, x * keep)}.
   *
   * @param x parameters
   * @param xo offset of {@code x}, bytes
   * @param u update, for plain SGD the gradient
   * @param uo offset of {@code u}, bytes
   * @param out result; may be {@code x} or {@code u}
   * @param oo offset of {@code out}, bytes
   * @param learningRate factor of the update
   * @param keep {@code 1 - decay} of a decoupled weight decay, 1 for none
   * @param count floats in each vector
   * @return ticket
   */
  long step(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment out,
      long oo,
      float learningRate,
      float keep,
      long count);

  /**
   * Submits {@code out = (fma(-learningRate, u, x * keep) + y) * 0.5f}: a step and an average in
   * one pass.
   *
   * @param x own parameters
   * @param xo offset of {@code x}, bytes
   * @param u update
   * @param uo offset of {@code u}, bytes
   * @param y the peer's parameters
   * @param yo offset of {@code y}, bytes
   * @param out result; may be {@code x}, {@code u} or {@code y}
   * @param oo offset of {@code out}, bytes
   * @param learningRate factor of the update
   * @param keep {@code 1 - decay} of a decoupled weight decay, 1 for none
   * @param count floats in each vector
   * @return ticket
   */
  long stepAverage(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment y,
      long yo,
      MemorySegment out,
      long oo,
      float learningRate,
      float keep,
      long count);

  /**
   * Submits {@link #stepAverage stepAverage} with its result written twice.
   *
   * @param x own parameters
   * @param xo offset of {@code x}, bytes
   * @param u update
   * @param uo offset of {@code u}, bytes
   * @param y the peer's parameters
   * @param yo offset of {@code y}, bytes
   * @param outX one copy of the result; may be {@code x}, {@code u} or {@code y}
   * @param oxo offset of {@code outX}, bytes
   * @param outY the other copy of the result; may be {@code x}, {@code u} or {@code y}
   * @param oyo offset of {@code outY}, bytes
   * @param learningRate factor of the update
   * @param keep {@code 1 - decay} of a decoupled weight decay, 1 for none
   * @param count floats in each vector
   * @return ticket
   */
  long stepAverageBoth(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment y,
      long yo,
      MemorySegment outX,
      long oxo,
      MemorySegment outY,
      long oyo,
      float learningRate,
      float keep,
      long count);

  /**
   * Submits {@code v = fma(mu, v, g)}, in place.
   *
   * @param v momentum, read and written
   * @param vo offset of {@code v}, bytes
   * @param g gradient
   * @param go offset of {@code g}, bytes
   * @param mu momentum factor
   * @param count floats in each vector
   * @return ticket
   */
  long momentum(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count);

  /**
   * Submits {@code acc = acc + g}, in place.
   *
   * @param acc sum, read and written
   * @param ao offset of {@code acc}, bytes
   * @param g addend
   * @param go offset of {@code g}, bytes
   * @param count floats in each vector
   * @return ticket
   */
  long accumulate(MemorySegment acc, long ao, MemorySegment g, long go, long count);

  /**
   * Submits {@code x = x * s}, in place.
   *
   * @param x vector, read and written
   * @param xo offset of {@code x}, bytes
   * @param s factor
   * @param count floats in the vector
   * @return ticket
   */
  long scale(MemorySegment x, long xo, float s, long count);

  /**
   * Submits Nesterov momentum, in place: {@code v = fma(mu, v, g)}, then {@code g = fma(mu, v, g)}.
   *
   * @param v momentum, read and written
   * @param vo offset of {@code v}, bytes
   * @param g gradient, read, and overwritten with the update
   * @param go offset of {@code g}, bytes
   * @param mu momentum factor
   * @param count floats in each vector
   * @return ticket
   */
  long nesterov(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count);

  /**
   * Submits one step of Adam, in place: the two moments advance and the gradient becomes the
   * update.
   *
   * @param m first moment, read and written
   * @param mo offset of {@code m}, bytes
   * @param v second moment, read and written
   * @param vo offset of {@code v}, bytes
   * @param g gradient, read, and overwritten with the update
   * @param go offset of {@code g}, bytes
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param c1 bias correction of the first moment, {@code 1 / (1 - beta1^step)}
   * @param c2 bias correction of the second moment, {@code 1 / (1 - beta2^step)}
   * @param epsilon added to the root of the second moment
   * @param count floats in each vector
   * @return ticket
   */
  long adam(
      MemorySegment m,
      long mo,
      MemorySegment v,
      long vo,
      MemorySegment g,
      long go,
      float beta1,
      float beta2,
      float c1,
      float c2,
      float epsilon,
      long count);

  /**
   * Asks, without waiting, whether an operation and all before it are done.
   *
   * @param ticket what a submission of this instance returned
   * @return whether the results can be read
   * @throws IllegalArgumentException if no such ticket has been issued
   * @throws dev.starling.engine.StarlingException if the device failed
   */
  boolean isComplete(long ticket);

  /**
   * Tells whether memory must be known before operations use it, as for a device that does not
   * address the memory of the process. Then all of it must have space, since it is pinned.
   *
   * @return whether {@link #register} is needed
   */
  default boolean needsRegistration() {
    return false;
  }

  /**
   * Makes memory known to whoever computes: a device pins and maps it, the CPU has nothing to do.
   * Every vector of every operation lies within one range that is known at submission. To be called
   * before the first operation on the memory; it may take a tenth of a second per gigabyte.
   *
   * @param what names the memory in messages
   * @param memory off-heap memory, whole pages, which outlives the registration
   * @return closing it makes the memory unknown again, after the last operation on it is complete;
   *     without one, {@link #close} does so
   * @throws dev.starling.engine.StarlingException if the device refuses the memory, with the cure
   */
  default Registration register(String what, MemorySegment memory) {
    return Registration.NONE;
  }

  /** Memory that a device knows; belongs to the thread of its kernels. */
  interface Registration extends AutoCloseable {
    /** What a registration is where there is no device. */
    Registration NONE = () -> {};

    /** Makes the memory unknown again; closing twice does nothing. */
    @Override
    void close();
  }

  /**
   * Waits until everything that was submitted is done, with a bound; nothing is submitted after
   * that. Executors that are done when a submission returns have nothing to wait for.
   *
   * @throws dev.starling.engine.StarlingException if it does not end: then the memory of its
   *     operations must stay
   */
  default void drain() {}

  /** Ends the work in flight and gives the device back. A second call does nothing. */
  @Override
  void close();
}

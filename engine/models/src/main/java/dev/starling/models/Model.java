package dev.starling.models;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A classifier whose parameters are one flat float32 vector.
 *
 * <p>A model is immutable and holds no parameters: they live in a segment of the caller, so that
 * several replicas can be trained with one model object from any number of threads, each with its
 * own {@link Pass}.
 */
public interface Model {
  /**
   * The specification that {@link Models#parse} reads back, such as {@code mlp:256,128}.
   *
   * @return the specification
   */
  String name();

  /**
   * Number of features of one sample.
   *
   * @return at least 1
   */
  int inputs();

  /**
   * Number of classes.
   *
   * @return at least 2
   */
  int classes();

  /**
   * Length of the flat parameter vector in elements of four bytes.
   *
   * @return at least 1
   */
  long parameterCount();

  /**
   * The tensors in the order in which they lie, without gaps.
   *
   * @return an immutable list
   */
  List<TensorSpec> tensors();

  /**
   * Writes initial parameters.
   *
   * @param parameters at least {@link #parameterCount()} floats, aligned to four bytes; what lies
   *     beyond is left alone
   * @param random source of randomness; the same state gives the same parameters
   * @throws IllegalArgumentException if the segment is too short
   */
  void initialise(MemorySegment parameters, RandomGenerator random);

  /**
   * Makes the workspace of one thread, which computes on the CPU.
   *
   * @param maxBatch largest batch it will be given, at least 1
   * @return a workspace whose memory is on the heap and needs no closing
   * @throws IllegalArgumentException if {@code maxBatch} is not positive or the workspace would
   *     exceed what a Java array holds
   */
  Pass newPass(int maxBatch);
}

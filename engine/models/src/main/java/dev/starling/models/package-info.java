/**
 * Reference models, written against the JDK alone as a user of the engine would write their own:
 * softmax regression and a multi-layer perceptron with forward and backward on the vector API.
 *
 * <p>This package owns no memory outside the heap and starts no thread. Parameters and gradients
 * are flat float32 vectors in {@link java.lang.foreign.MemorySegment}s that belong to the caller,
 * in native byte order and aligned to four bytes; a {@link dev.starling.models.Model} says which
 * tensor lies where. For {@code mlp:256,128} on 28 x 28 pixels:
 *
 * <pre>
 *  element 0            200704      200960        233728      233856       235136      235146
 *   +-------------------+-----------+-------------+-----------+------------+-----------+
 *   | layer0.weight     | layer0.   | layer1.     | layer1.   | layer2.    | layer2.   |
 *   | [256 x 784]       | bias[256] | weight      | bias[128] | weight     | bias[10]  |
 *   |                   |           | [128 x 256] |           | [10 x 128] |           |
 *   +-------------------+-----------+-------------+-----------+------------+-----------+
 * </pre>
 *
 * <p>Weights are row-major {@code [outputs x inputs]}.
 *
 * <p>Threads: a model is immutable and shared; a {@link dev.starling.models.Pass} is the workspace
 * of one thread, made once, after which a step allocates nothing. Another module may compute on a
 * device: it brings a {@link dev.starling.models.PassProvider}.
 *
 * <p>Invariants: a gradient is written completely or not at all (arguments are checked first);
 * every sum runs in a fixed order with one fused multiply-add per term, so the same input gives the
 * same bits whatever the width of the machine's vectors; a parameter that is not finite gives a
 * gradient that is not finite.
 */
package dev.starling.models;

/**
 * What turns a gradient into an update, and the learning rate that goes with it.
 *
 * <p>State is local to a worker and advances exactly once per taken buffer, before any lock is
 * tried. The update {@code u} is then applied by the combine as {@code x' = fma(-rate, u, x *
 * keep)}; formulas in {@link dev.starling.engine.kernel}.
 *
 * <pre>
 *  sgd        u  = g
 *  momentum   v' = fma(mu, v, g)          u = v'
 *  nesterov   v' = fma(mu, v, g)          u = fma(mu, v', g)
 *  adamw      g  = mean, not sum, of the merged gradients
 *             m', v' = moments of g       u = corrected m' / (sqrt(corrected v') + epsilon)
 *             keep = 1 - rate * decay     once a step; 1 for the others
 *  L2 decay   g' = fma(decay, x, g)       at submit, x = the snapshot the gradient was computed on
 * </pre>
 *
 * <p>It owns the state: private memory outside the heap, one mapping per optimizer, as many floats
 * as the model has for each of its vectors (momentum 1, nesterov 1, adamw 2).
 *
 * <p>Everything that is not a kernel (bias corrections, {@code keep}, learning rates) is computed
 * in double with {@link StrictMath} and rounded to a float once, so that a replay on another
 * machine gets the same bits.
 *
 * <p>Threads: an optimizer belongs to the communication agent; schedules are immutable.
 */
package dev.starling.engine.optimizer;

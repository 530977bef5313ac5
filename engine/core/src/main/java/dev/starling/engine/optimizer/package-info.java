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
 *  L2 decay   g' = fma(decay, x, g)       at submit, x = the snapshot the gradient was computed on
 * </pre>
 *
 * <p>Threads: an optimizer belongs to the communication agent; schedules are immutable.
 */
package dev.starling.engine.optimizer;

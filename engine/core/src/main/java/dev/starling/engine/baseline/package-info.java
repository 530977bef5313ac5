/**
 * The maths of the algorithms that AD-PSGD is measured against, on the same fabric and with the
 * same kernels: how models or gradients of several workers become one, piece by piece.
 *
 * <pre>
 *   AllReduce-SGD  {@link dev.starling.engine.baseline.RingMean}        gradients, around a ring
 *
 *     worker r-1 --READ--> worker r --READ--> worker r+1     each tells in a word of its own region
 *                                                            how far it is, and reads to its left
 *
 *   D-PSGD         {@link dev.starling.engine.baseline.NeighbourMean}   models, of all neighbours
 *
 *     planes of round k of all neighbours --READ--> own plane of round k + 1
 *
 *   A-PSGD         the exchange itself, {@link dev.starling.engine.exchange.Combine#SERVE}
 * </pre>
 *
 * <p>Nothing here owns memory or a thread: it works on the regions of the workers, on the thread of
 * the communication agent. Who takes part in which round is the business of {@link
 * dev.starling.engine.worker}.
 */
package dev.starling.engine.baseline;

/**
 * The algorithms that AD-PSGD is measured against, on the same fabric and with the same kernels.
 *
 * <p>{@link dev.starling.engine.baseline.RingMean} is the all-reduce of AllReduce-SGD. It owns no
 * memory and no thread: it works on the region of its worker, told how far its left neighbour is by
 * one word of that one's region.
 */
package dev.starling.engine.baseline;

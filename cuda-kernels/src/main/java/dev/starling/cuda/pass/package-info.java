/**
 * Forward and backward of the reference models on a GPU: a {@link dev.starling.models.Pass} for
 * each thread that computes gradients.
 *
 * <pre>
 *  host                                     device (one stream per pass, everything in order)
 *  ----                                     -------------------------------------------------
 *  parameters of the caller  ------------>  parameters
 *  rows and labels of the batch, pinned ->  gather from the data set, uploaded once per device
 *                                           forward, layer by layer; marks sums that are not finite
 *                                           softmax, backward, NaN everywhere if marked
 *  gradient of the caller    &lt;------------  gradient
 *  loss terms, mark, pinned &lt;------------  results
 *  polls the event behind all that
 * </pre>
 *
 * <p>Memory of the caller that the device knows, as a worker's snapshot and gradient buffers do
 * when its kernels run on the same device, is copied straight; other memory goes through a pinned
 * copy of the pass. So no copy makes the driver wait.
 *
 * <p>A data set whose features take no more than half of the device's free memory is uploaded at
 * its first use and shared by all passes of the process; of a larger one each batch's rows are
 * sent.
 *
 * <p>Numerics: with the tiled kernels every matrix product runs in the order of the CPU's, with one
 * fused multiply-add per term, so it has the CPU's bits. The softmax is computed in double
 * precision on both; the exponential function of the device may differ from the CPU's in the last
 * place of a double, and now and then that shows in the last place of a float. cuBLAS sums in an
 * order of its own.
 *
 * <p>Threads: a pass belongs to one thread at a time. In steady state a step allocates nothing and
 * takes no lock; the only wait is for the device, with a bound.
 */
package dev.starling.cuda.pass;

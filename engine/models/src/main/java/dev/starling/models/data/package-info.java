/**
 * Data sets for the reference models: readers for IDX and CIFAR-10 files, a generator of digit-like
 * images, and the sampler from which a worker draws its batches.
 *
 * <p>This package owns the arrays of the sets it makes. A {@link dev.starling.models.data.Dataset}
 * is immutable and shared by all workers; a {@link dev.starling.models.data.BatchSampler} and its
 * {@link dev.starling.models.data.Batch} belong to one thread and allocate nothing after
 * construction.
 *
 * <pre>
 *  IDX, CIFAR-10, DigitGenerator --&gt; PixelImages (bytes) --&gt; Standardisation --&gt; Dataset (float32)
 *                                                                                 ^ rows
 *                                            BatchSampler (one per worker) --&gt; Batch
 * </pre>
 *
 * <p>Invariants: the scaling is computed from training images alone; a file is never trusted for
 * more memory than its size can account for; whatever is wrong with a file is a {@link
 * dev.starling.models.data.DataFormatException} that says which file, where, what was found and
 * what to do.
 */
package dev.starling.models.data;

/**
 * The engine's kernels on a CUDA device: operations on vectors in memory of the host or of the
 * device, with the bits of the CPU.
 *
 * <pre>
 *   Kernels.step(x, u, out, ...)
 *      |  checked as on the CPU, addresses looked up
 *      v
 *   MAPPED                                  STAGED
 *
 *   host   [x][u] ........ [out]            host   [x: p0 p1 p2 ...][u][out]
 *           |  |             ^                        |  |             ^
 *      bus  |  |  reads,     | writes                 | copy in        | copy out
 *           v  v             |                        v  v             |
 *   GPU    one launch over the bus          GPU    lane 0: p0 in, kernel, out | p2 in, ...
 *          one stream                              lane 1:    p1 in, kernel, out | p3 ...
 *                                                  a lane = a stream + a buffer for each vector
 *      |
 *      v
 *   mark of the ticket: an event behind the operation on each stream
 * </pre>
 *
 * <p>In both, an operation begins when all earlier ones of its instance are done: by the order of
 * the one stream, or because each lane waits for the other's last mark. The host waits for nothing.
 * A vector in memory of the device is used where it is. Which placement is faster depends on the
 * bus and the device, so it is measured at start.
 *
 * <p><b>What it owns.</b> Each {@link dev.starling.cuda.kernel.CudaKernels} holds its device
 * through a {@link dev.starling.cuda.CudaContext} of its own. <b>Threads</b>: one instance, one
 * thread at a time; several instances share a device. <b>Invariants</b>: nothing is submitted when
 * an argument is refused; a ticket is complete only when all before it are; memory that the device
 * may still touch is never unregistered.
 */
package dev.starling.cuda.kernel;

/**
 * A check of one GPU, for a machine that has one: are its results those of the CPU, and how fast is
 * it. {@link dev.starling.cuda.check.GpuCheck} is the program; {@code cuda-kernels/check} packs it
 * with a Java runtime so that it runs where there is nothing but a driver.
 *
 * <pre>
 *   GpuCheck --+-- Differential    every Operation, drawn as a Case, by every Executor, bit by bit
 *              +-- PassCheck       gradients of the reference models against the CPU's
 *              +-- DeviceRates     kernels in device memory against a copy on the device
 *              +-- HostRates       kernels over pinned host memory against copies over the bus
 *              +-- PinningCheck    what it costs to register memory, and its use beyond 2 GiB
 *              +-- LatencyCheck    from a launch to the answer that it is done
 *              '-- Report          rows as they come, the table and a JSON object at the end
 * </pre>
 *
 * <p><b>What it owns.</b> While it runs: one hold on the device, the kernels of both placements,
 * and the memory that they work on. Nothing outlives {@link dev.starling.cuda.check.GpuCheck}.
 *
 * <p><b>Threads.</b> All runs on the thread of the caller, which polls, with a limit, where it
 * waits for the device.
 */
package dev.starling.cuda.check;

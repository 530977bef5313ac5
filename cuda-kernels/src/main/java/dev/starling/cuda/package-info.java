/**
 * The CUDA driver, as the engine uses it through JCuda: devices, contexts, streams, events, memory
 * and the launch of kernels.
 *
 * <p><b>What it owns.</b> For each device in use, the process's hold on its primary context and the
 * module with the kernels ({@code starling.ptx}); what host memory is registered with the driver.
 * Everything else belongs to the {@link dev.starling.cuda.CudaContext} that made it.
 *
 * <p><b>Threads.</b> A context and what it made belong to one thread at a time. Opening, closing
 * and registering take a lock of the process; submitting, asking for an event and translating an
 * address take none, wait for nobody and allocate nothing.
 *
 * <p><b>Invariants.</b> No call waits for the device, except closing and {@link
 * dev.starling.cuda.CudaContext#awaitIdle}, which have a bound. Every answer of the driver is
 * looked at; a refusal becomes a {@link dev.starling.cuda.CudaException}. JCuda's own exceptions
 * are turned off for the whole process, and whoever uses JCuda beside this package leaves them so.
 * A range of host memory is registered once for the process, whoever asks for it, and unregistered
 * when the last one is done with it. Nothing here reads memory that a kernel is given, since it may
 * be the device's own.
 */
package dev.starling.cuda;

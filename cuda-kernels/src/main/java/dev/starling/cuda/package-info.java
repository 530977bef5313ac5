/**
 * CUDA for Starling. So far this module finds the NVIDIA devices of the machine and tells the
 * engine, in one sentence, why it computes on the CPU; the kernels themselves are not part of this
 * version.
 *
 * <p>Threads: everything here is called while a job is set up, by the thread that does so.
 */
package dev.starling.cuda;

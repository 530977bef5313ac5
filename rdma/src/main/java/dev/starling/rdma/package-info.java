/**
 * RDMA for Starling. So far this module finds the RDMA devices of the machine and tells the engine,
 * in one sentence, why it averages over shared memory; the verbs fabric itself is not part of this
 * version. {@link dev.starling.rdma.disni} is the way to the devices.
 *
 * <p>Threads: everything here is called while a job is set up, by the thread that does so.
 */
package dev.starling.rdma;

/**
 * What {@code starling doctor} says about RDMA: libraries, device files, each device with its ports
 * and addresses, and the device that a worker here would use.
 *
 * <p>Threads: the caller's. Invariants: a device is opened for as long as it takes to ask it, and
 * nothing is made on it.
 */
package dev.starling.rdma.health;

package dev.starling.rdma.device;

/**
 * What a worker uses.
 *
 * @param device name of the device, for instance {@code mlx5_0}
 * @param port number of its port, from 1
 * @param gidIndex index of its address in the port's table
 * @param reason one sentence, to be printed: what was chosen, why, and what was left out
 */
public record Choice(String device, int port, int gidIndex, String reason) {}

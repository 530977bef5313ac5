package dev.starling.rdma.disni;

import dev.starling.engine.ConfigurationException;

/**
 * How a reliable connection reaches its peer: the path fields of {@code struct ibv_qp_attr}; see
 * {@code ibv_modify_qp(3)}.
 *
 * @param port local port, from 1
 * @param gidIndex index of the local GID
 * @param mtuCode path MTU as {@code enum ibv_mtu}: 1 is 256 bytes, 5 is 4096
 * @param maxReadAtomic RDMA READs and atomics this side keeps in flight
 * @param maxDestReadAtomic RDMA READs and atomics of the peer this side keeps resources for
 * @param serviceLevel InfiniBand service level, 0 to 15
 * @param trafficClass traffic class of the global route (on RoCE the DSCP and ECN byte)
 * @param hopLimit hop limit of the global route
 * @param ackTimeoutCode local ACK timeout: 4.096 us times two to the power of it, 1 to 31 (0, which
 *     is forever, is refused)
 * @param retryCount retries after a timeout, 0 to 6 (7 is refused: rxe retries forever with it)
 * @param rnrRetryCount retries while the peer has posted no receive, 0 to 6 (7, which is forever,
 *     is refused)
 * @param minRnrTimer code of the delay this side asks of such a peer, 0 to 31
 * @param global whether packets carry a global route; needed on Ethernet
 */
public record PathOptions(
    int port,
    int gidIndex,
    int mtuCode,
    int maxReadAtomic,
    int maxDestReadAtomic,
    int serviceLevel,
    int trafficClass,
    int hopLimit,
    int ackTimeoutCode,
    int retryCount,
    int rnrRetryCount,
    int minRnrTimer,
    boolean global) {
  /** Checks the ranges; every wait that they describe is finite. */
  public PathOptions {
    ConfigurationException.requireRange("port", port, 1, 255);
    ConfigurationException.requireRange("GID index", gidIndex, 0, 255);
    ConfigurationException.requireRange("path MTU code", mtuCode, 1, 5);
    ConfigurationException.requireRange("RDMA READs in flight", maxReadAtomic, 0, 255);
    ConfigurationException.requireRange("RDMA READs of the peer", maxDestReadAtomic, 0, 255);
    ConfigurationException.requireRange("service level", serviceLevel, 0, 15);
    ConfigurationException.requireRange("traffic class", trafficClass, 0, 255);
    ConfigurationException.requireRange("hop limit", hopLimit, 0, 255);
    ConfigurationException.requireRange("ACK timeout code", ackTimeoutCode, 1, 31);
    ConfigurationException.requireRange(
        "retry count (7 would be forever on rxe)", retryCount, 0, 6);
    ConfigurationException.requireRange(
        "receiver-not-ready retry count (7 would be forever)", rnrRetryCount, 0, 6);
    ConfigurationException.requireRange("receiver-not-ready timer code", minRnrTimer, 0, 31);
  }
}

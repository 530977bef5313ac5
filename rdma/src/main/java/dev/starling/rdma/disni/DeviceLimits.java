package dev.starling.rdma.disni;

/**
 * What a device can do: {@code ibv_query_device(3)}.
 *
 * @param maxQp most queue pairs
 * @param maxQpWr most outstanding requests on a queue
 * @param maxSge most scatter/gather entries in a request
 * @param maxCqe most entries in a completion queue
 * @param maxMr most memory regions
 * @param maxMrBytes largest memory region in bytes; {@link Long#MAX_VALUE} when the device sets no
 *     limit
 * @param maxQpRdAtom most incoming RDMA READs and atomics that a queue pair keeps resources for
 * @param maxQpInitRdAtom most outgoing RDMA READs and atomics in flight on a queue pair
 * @param atomicCap with what atomics are atomic
 * @param physPortCount number of ports
 * @param firmware the firmware's version as the device spells it
 */
public record DeviceLimits(
    int maxQp,
    int maxQpWr,
    int maxSge,
    int maxCqe,
    int maxMr,
    long maxMrBytes,
    int maxQpRdAtom,
    int maxQpInitRdAtom,
    AtomicCapability atomicCap,
    int physPortCount,
    String firmware) {}

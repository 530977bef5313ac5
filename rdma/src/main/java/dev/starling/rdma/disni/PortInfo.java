package dev.starling.rdma.disni;

/**
 * A port of a device: {@code ibv_query_port(3)}.
 *
 * @param state its state
 * @param linkLayer what it speaks
 * @param lid its local identifier; 0 on Ethernet
 * @param activeMtuBytes largest payload of a packet in bytes, 256 to 4096
 * @param activeMtuCode the same as {@code enum ibv_mtu}, 1 to 5
 * @param maxMessageBytes largest message in bytes
 * @param gidTableLength number of GID entries
 * @param pkeyTableLength number of P_Key entries
 */
public record PortInfo(
    PortState state,
    LinkLayer linkLayer,
    int lid,
    int activeMtuBytes,
    int activeMtuCode,
    long maxMessageBytes,
    int gidTableLength,
    int pkeyTableLength) {}

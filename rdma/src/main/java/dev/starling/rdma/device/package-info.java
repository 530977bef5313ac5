/**
 * Which RDMA device, port and address a worker uses: what Linux lists of them in {@code /sys}, and
 * the rule that chooses among them.
 *
 * <pre>
 *   /sys/class/infiniband/NAME        RdmaDevice   firmware, PCI path, NUMA node
 *     ports/N/state rate link_layer     RdmaPort   active or not, network interface, P_Keys
 *       gids/I  gid_attrs/types/I         Gid      address, RoCE version
 *
 *   DeviceWishes ----+
 *   RdmaDevice.list -+--> DeviceChoice.choose --> Choice(device, port, GID index, reason)
 *   DeviceProbe -----+    obeyed or refused       one sentence each
 * </pre>
 *
 * <p>Threads: any; everything is immutable, and read anew with every call. Nothing stays open.
 *
 * <p>Invariants: what a caller asks for is obeyed or refused, never replaced. A device without
 * atomics is never chosen, because lock words are changed by nothing else. The same files and
 * wishes give the same choice.
 */
package dev.starling.rdma.device;

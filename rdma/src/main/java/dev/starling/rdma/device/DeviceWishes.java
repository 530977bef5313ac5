package dev.starling.rdma.device;

/**
 * What is wanted of an RDMA device. Whatever is left open is chosen; whatever is given is obeyed or
 * refused.
 *
 * <pre>
 *   device     null   name, for instance mlx5_0
 *   port       0      1 to 255
 *   gidIndex   -1     index in the port's address table
 *   pkeyIndex  0      index in the port's partition table
 *   nearPci    null   PCI address of the worker's GPU, for instance 0000:17:00.0
 *   numaNode   -1     node of the worker; -1 takes the GPU's, else the one this process runs on
 * </pre>
 *
 * @param device name of the device, or null
 * @param port number of the port, or 0
 * @param gidIndex index of the address, or -1
 * @param pkeyIndex index of the partition
 * @param nearPci PCI address that the device shall be near to, or null
 * @param numaNode node that the device shall be near to, or -1
 */
public record DeviceWishes(
    String device, int port, int gidIndex, int pkeyIndex, String nearPci, int numaNode) {
  private static final DeviceWishes NONE = new DeviceWishes(null, 0, -1, 0, null, -1);

  /**
   * Leaves everything open.
   *
   * @return wishes to begin with
   */
  public static DeviceWishes none() {
    return NONE;
  }

  /**
   * Asks for a device.
   *
   * @param name for instance {@code mlx5_0}; null leaves it open
   * @return these wishes and this one
   */
  public DeviceWishes withDevice(String name) {
    return new DeviceWishes(name, port, gidIndex, pkeyIndex, nearPci, numaNode);
  }

  /**
   * Asks for a port.
   *
   * @param number from 1; 0 leaves it open
   * @return these wishes and this one
   */
  public DeviceWishes withPort(int number) {
    return new DeviceWishes(device, number, gidIndex, pkeyIndex, nearPci, numaNode);
  }

  /**
   * Asks for an address.
   *
   * @param index index in the port's table; -1 leaves it open
   * @return these wishes and this one
   */
  public DeviceWishes withGidIndex(int index) {
    return new DeviceWishes(device, port, index, pkeyIndex, nearPci, numaNode);
  }

  /**
   * Asks for a partition.
   *
   * @param index index in the port's table; 0 is the default partition
   * @return these wishes and this one
   */
  public DeviceWishes withPkeyIndex(int index) {
    return new DeviceWishes(device, port, gidIndex, index, nearPci, numaNode);
  }

  /**
   * Asks for a device near to a GPU.
   *
   * @param pciAddress of the GPU, with a domain of four or eight digits; null leaves it open
   * @return these wishes and this one
   */
  public DeviceWishes withNearPci(String pciAddress) {
    return new DeviceWishes(device, port, gidIndex, pkeyIndex, pciAddress, numaNode);
  }

  /**
   * Asks for a device near to a memory node.
   *
   * @param node its number; -1 leaves it open
   * @return these wishes and this one
   */
  public DeviceWishes withNumaNode(int node) {
    return new DeviceWishes(device, port, gidIndex, pkeyIndex, nearPci, node);
  }
}

package dev.starling.rdma.disni;

/** What a port speaks: the {@code IBV_LINK_LAYER_} constants of verbs.h. */
public enum LinkLayer {
  /** Not told, as by old kernels; treated as InfiniBand by most software. */
  UNSPECIFIED,
  /** InfiniBand: addressed by LID within a subnet, by GID beyond. */
  INFINIBAND,
  /** Ethernet (RoCE): always addressed by GID. */
  ETHERNET;

  static LinkLayer of(int code) {
    return code >= 0 && code < values().length ? values()[code] : UNSPECIFIED;
  }
}

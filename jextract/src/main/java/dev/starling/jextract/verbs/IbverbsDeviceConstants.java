package dev.starling.jextract.verbs;

/**
 * The constants of {@link Ibverbs} about devices, ports and their events. The values never change,
 * being part of the binary interface; {@code VerbsAbiTest} compares each with the headers.
 */
class IbverbsDeviceConstants extends IbverbsQpConstants {
  IbverbsDeviceConstants() {}

  /** {@return {@code IBV_ATOMIC_NONE} of {@code enum ibv_atomic_cap}: no atomics} */
  public static int IBV_ATOMIC_NONE() {
    return 0;
  }

  /**
   * {@return {@code IBV_ATOMIC_HCA} of {@code enum ibv_atomic_cap}: atomic among requests through
   * this device}
   */
  public static int IBV_ATOMIC_HCA() {
    return 1;
  }

  /**
   * {@return {@code IBV_ATOMIC_GLOB} of {@code enum ibv_atomic_cap}: atomic among all devices and
   * processors}
   */
  public static int IBV_ATOMIC_GLOB() {
    return 2;
  }

  /** {@return {@code IBV_PORT_NOP} of {@code enum ibv_port_state}: not known} */
  public static int IBV_PORT_NOP() {
    return 0;
  }

  /** {@return {@code IBV_PORT_DOWN} of {@code enum ibv_port_state}: no link} */
  public static int IBV_PORT_DOWN() {
    return 1;
  }

  /** {@return {@code IBV_PORT_INIT} of {@code enum ibv_port_state}: link without address} */
  public static int IBV_PORT_INIT() {
    return 2;
  }

  /** {@return {@code IBV_PORT_ARMED} of {@code enum ibv_port_state}: about to be active} */
  public static int IBV_PORT_ARMED() {
    return 3;
  }

  /** {@return {@code IBV_PORT_ACTIVE} of {@code enum ibv_port_state}: usable} */
  public static int IBV_PORT_ACTIVE() {
    return 4;
  }

  /**
   * {@return {@code IBV_PORT_ACTIVE_DEFER} of {@code enum ibv_port_state}: active, link for the
   * moment down}
   */
  public static int IBV_PORT_ACTIVE_DEFER() {
    return 5;
  }

  /**
   * {@return {@code IBV_LINK_LAYER_UNSPECIFIED} of {@code <infiniband/verbs.h>}: InfiniBand, as
   * older kernels say it}
   */
  public static int IBV_LINK_LAYER_UNSPECIFIED() {
    return 0;
  }

  /** {@return {@code IBV_LINK_LAYER_INFINIBAND} of {@code <infiniband/verbs.h>}: InfiniBand} */
  public static int IBV_LINK_LAYER_INFINIBAND() {
    return 1;
  }

  /** {@return {@code IBV_LINK_LAYER_ETHERNET} of {@code <infiniband/verbs.h>}: Ethernet} */
  public static int IBV_LINK_LAYER_ETHERNET() {
    return 2;
  }

  /** {@return {@code IBV_NODE_UNKNOWN} of {@code enum ibv_node_type}: not known} */
  public static int IBV_NODE_UNKNOWN() {
    return -1;
  }

  /** {@return {@code IBV_NODE_CA} of {@code enum ibv_node_type}: channel adapter} */
  public static int IBV_NODE_CA() {
    return 1;
  }

  /** {@return {@code IBV_NODE_SWITCH} of {@code enum ibv_node_type}: switch} */
  public static int IBV_NODE_SWITCH() {
    return 2;
  }

  /** {@return {@code IBV_NODE_ROUTER} of {@code enum ibv_node_type}: router} */
  public static int IBV_NODE_ROUTER() {
    return 3;
  }

  /** {@return {@code IBV_NODE_RNIC} of {@code enum ibv_node_type}: iWARP adapter} */
  public static int IBV_NODE_RNIC() {
    return 4;
  }

  /** {@return {@code IBV_NODE_USNIC} of {@code enum ibv_node_type}: usNIC adapter} */
  public static int IBV_NODE_USNIC() {
    return 5;
  }

  /** {@return {@code IBV_NODE_USNIC_UDP} of {@code enum ibv_node_type}: usNIC adapter on UDP} */
  public static int IBV_NODE_USNIC_UDP() {
    return 6;
  }

  /** {@return {@code IBV_NODE_UNSPECIFIED} of {@code enum ibv_node_type}: another kind} */
  public static int IBV_NODE_UNSPECIFIED() {
    return 7;
  }

  /** {@return {@code IBV_TRANSPORT_UNKNOWN} of {@code enum ibv_transport_type}: not known} */
  public static int IBV_TRANSPORT_UNKNOWN() {
    return -1;
  }

  /** {@return {@code IBV_TRANSPORT_IB} of {@code enum ibv_transport_type}: InfiniBand or RoCE} */
  public static int IBV_TRANSPORT_IB() {
    return 0;
  }

  /** {@return {@code IBV_TRANSPORT_IWARP} of {@code enum ibv_transport_type}: iWARP} */
  public static int IBV_TRANSPORT_IWARP() {
    return 1;
  }

  /** {@return {@code IBV_TRANSPORT_USNIC} of {@code enum ibv_transport_type}: usNIC} */
  public static int IBV_TRANSPORT_USNIC() {
    return 2;
  }

  /** {@return {@code IBV_TRANSPORT_USNIC_UDP} of {@code enum ibv_transport_type}: usNIC on UDP} */
  public static int IBV_TRANSPORT_USNIC_UDP() {
    return 3;
  }

  /**
   * {@return {@code IBV_TRANSPORT_UNSPECIFIED} of {@code enum ibv_transport_type}: another kind}
   */
  public static int IBV_TRANSPORT_UNSPECIFIED() {
    return 4;
  }

  /** {@return {@code IBV_GID_TYPE_IB} of {@code enum ibv_gid_type}: InfiniBand} */
  public static int IBV_GID_TYPE_IB() {
    return 0;
  }

  /**
   * {@return {@code IBV_GID_TYPE_ROCE_V1} of {@code enum ibv_gid_type}: RoCE in Ethernet frames}
   */
  public static int IBV_GID_TYPE_ROCE_V1() {
    return 1;
  }

  /** {@return {@code IBV_GID_TYPE_ROCE_V2} of {@code enum ibv_gid_type}: RoCE in UDP packets} */
  public static int IBV_GID_TYPE_ROCE_V2() {
    return 2;
  }

  /**
   * {@return {@code IBV_FORK_DISABLED} of {@code enum ibv_fork_status}: a child process breaks
   * registered memory}
   */
  public static int IBV_FORK_DISABLED() {
    return 0;
  }

  /**
   * {@return {@code IBV_FORK_ENABLED} of {@code enum ibv_fork_status}: ibv_fork_init guards
   * registered memory}
   */
  public static int IBV_FORK_ENABLED() {
    return 1;
  }

  /**
   * {@return {@code IBV_FORK_UNNEEDED} of {@code enum ibv_fork_status}: the kernel guards
   * registered memory}
   */
  public static int IBV_FORK_UNNEEDED() {
    return 2;
  }

  /**
   * {@return {@code IBV_QPF_GRH_REQUIRED} of {@code <infiniband/verbs_api.h>}: flag of a port:
   * peers need a global route}
   */
  public static int IBV_QPF_GRH_REQUIRED() {
    return 1;
  }

  /**
   * {@return {@code IBV_EVENT_CQ_ERR} of {@code enum ibv_event_type}: a completion queue
   * overflowed}
   */
  public static int IBV_EVENT_CQ_ERR() {
    return 0;
  }

  /** {@return {@code IBV_EVENT_QP_FATAL} of {@code enum ibv_event_type}: a queue pair failed} */
  public static int IBV_EVENT_QP_FATAL() {
    return 1;
  }

  /**
   * {@return {@code IBV_EVENT_QP_REQ_ERR} of {@code enum ibv_event_type}: a peer made an invalid
   * request}
   */
  public static int IBV_EVENT_QP_REQ_ERR() {
    return 2;
  }

  /**
   * {@return {@code IBV_EVENT_QP_ACCESS_ERR} of {@code enum ibv_event_type}: a peer was denied
   * access}
   */
  public static int IBV_EVENT_QP_ACCESS_ERR() {
    return 3;
  }

  /**
   * {@return {@code IBV_EVENT_COMM_EST} of {@code enum ibv_event_type}: the first packet of a peer
   * came}
   */
  public static int IBV_EVENT_COMM_EST() {
    return 4;
  }

  /**
   * {@return {@code IBV_EVENT_SQ_DRAINED} of {@code enum ibv_event_type}: a send queue is drained}
   */
  public static int IBV_EVENT_SQ_DRAINED() {
    return 5;
  }

  /** {@return {@code IBV_EVENT_PATH_MIG} of {@code enum ibv_event_type}: a connection migrated} */
  public static int IBV_EVENT_PATH_MIG() {
    return 6;
  }

  /**
   * {@return {@code IBV_EVENT_PATH_MIG_ERR} of {@code enum ibv_event_type}: a connection could not
   * migrate}
   */
  public static int IBV_EVENT_PATH_MIG_ERR() {
    return 7;
  }

  /** {@return {@code IBV_EVENT_DEVICE_FATAL} of {@code enum ibv_event_type}: the device failed} */
  public static int IBV_EVENT_DEVICE_FATAL() {
    return 8;
  }

  /**
   * {@return {@code IBV_EVENT_PORT_ACTIVE} of {@code enum ibv_event_type}: a port became active}
   */
  public static int IBV_EVENT_PORT_ACTIVE() {
    return 9;
  }

  /** {@return {@code IBV_EVENT_PORT_ERR} of {@code enum ibv_event_type}: a port lost its link} */
  public static int IBV_EVENT_PORT_ERR() {
    return 10;
  }

  /**
   * {@return {@code IBV_EVENT_LID_CHANGE} of {@code enum ibv_event_type}: a port has another LID}
   */
  public static int IBV_EVENT_LID_CHANGE() {
    return 11;
  }

  /**
   * {@return {@code IBV_EVENT_PKEY_CHANGE} of {@code enum ibv_event_type}: a port has other
   * partition keys}
   */
  public static int IBV_EVENT_PKEY_CHANGE() {
    return 12;
  }

  /**
   * {@return {@code IBV_EVENT_SM_CHANGE} of {@code enum ibv_event_type}: the subnet has another
   * manager}
   */
  public static int IBV_EVENT_SM_CHANGE() {
    return 13;
  }

  /**
   * {@return {@code IBV_EVENT_SRQ_ERR} of {@code enum ibv_event_type}: a shared receive queue
   * failed}
   */
  public static int IBV_EVENT_SRQ_ERR() {
    return 14;
  }

  /**
   * {@return {@code IBV_EVENT_SRQ_LIMIT_REACHED} of {@code enum ibv_event_type}: a shared receive
   * queue runs low}
   */
  public static int IBV_EVENT_SRQ_LIMIT_REACHED() {
    return 15;
  }

  /**
   * {@return {@code IBV_EVENT_QP_LAST_WQE_REACHED} of {@code enum ibv_event_type}: a queue pair
   * took its last shared receive}
   */
  public static int IBV_EVENT_QP_LAST_WQE_REACHED() {
    return 16;
  }

  /**
   * {@return {@code IBV_EVENT_CLIENT_REREGISTER} of {@code enum ibv_event_type}: subscriptions at
   * the manager are to be renewed}
   */
  public static int IBV_EVENT_CLIENT_REREGISTER() {
    return 17;
  }

  /**
   * {@return {@code IBV_EVENT_GID_CHANGE} of {@code enum ibv_event_type}: the address table of a
   * port changed}
   */
  public static int IBV_EVENT_GID_CHANGE() {
    return 18;
  }

  /** {@return {@code IBV_EVENT_WQ_FATAL} of {@code enum ibv_event_type}: a work queue failed} */
  public static int IBV_EVENT_WQ_FATAL() {
    return 19;
  }
}

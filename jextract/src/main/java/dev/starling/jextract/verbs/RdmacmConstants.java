package dev.starling.jextract.verbs;

/**
 * The constants of {@link Rdmacm}, apart from it as the jextract tool splits a large header class.
 * The values never change, being part of the binary interface; {@code VerbsAbiTest} compares each
 * with the headers.
 */
class RdmacmConstants extends VerbsTypes {
  RdmacmConstants() {}

  /** {@return {@code RDMA_PS_IPOIB} of {@code enum rdma_port_space}: IP over InfiniBand} */
  public static int RDMA_PS_IPOIB() {
    return 0x0002;
  }

  /** {@return {@code RDMA_PS_TCP} of {@code enum rdma_port_space}: reliable connections} */
  public static int RDMA_PS_TCP() {
    return 0x0106;
  }

  /** {@return {@code RDMA_PS_UDP} of {@code enum rdma_port_space}: datagrams} */
  public static int RDMA_PS_UDP() {
    return 0x0111;
  }

  /**
   * {@return {@code RDMA_PS_IB} of {@code enum rdma_port_space}: any, by an InfiniBand service id}
   */
  public static int RDMA_PS_IB() {
    return 0x013f;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_ADDR_RESOLVED} of {@code enum rdma_cm_event_type}: an address is
   * resolved}
   */
  public static int RDMA_CM_EVENT_ADDR_RESOLVED() {
    return 0;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_ADDR_ERROR} of {@code enum rdma_cm_event_type}: an address cannot
   * be resolved}
   */
  public static int RDMA_CM_EVENT_ADDR_ERROR() {
    return 1;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_ROUTE_RESOLVED} of {@code enum rdma_cm_event_type}: a route is
   * resolved}
   */
  public static int RDMA_CM_EVENT_ROUTE_RESOLVED() {
    return 2;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_ROUTE_ERROR} of {@code enum rdma_cm_event_type}: a route cannot
   * be resolved}
   */
  public static int RDMA_CM_EVENT_ROUTE_ERROR() {
    return 3;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_CONNECT_REQUEST} of {@code enum rdma_cm_event_type}: a peer asks
   * for a connection}
   */
  public static int RDMA_CM_EVENT_CONNECT_REQUEST() {
    return 4;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_CONNECT_RESPONSE} of {@code enum rdma_cm_event_type}: a peer
   * accepts; only if the id has no queue pair}
   */
  public static int RDMA_CM_EVENT_CONNECT_RESPONSE() {
    return 5;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_CONNECT_ERROR} of {@code enum rdma_cm_event_type}: a connection
   * failed}
   */
  public static int RDMA_CM_EVENT_CONNECT_ERROR() {
    return 6;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_UNREACHABLE} of {@code enum rdma_cm_event_type}: a peer does not
   * answer}
   */
  public static int RDMA_CM_EVENT_UNREACHABLE() {
    return 7;
  }

  /** {@return {@code RDMA_CM_EVENT_REJECTED} of {@code enum rdma_cm_event_type}: a peer refuses} */
  public static int RDMA_CM_EVENT_REJECTED() {
    return 8;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_ESTABLISHED} of {@code enum rdma_cm_event_type}: a connection
   * stands}
   */
  public static int RDMA_CM_EVENT_ESTABLISHED() {
    return 9;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_DISCONNECTED} of {@code enum rdma_cm_event_type}: a connection
   * ended}
   */
  public static int RDMA_CM_EVENT_DISCONNECTED() {
    return 10;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_DEVICE_REMOVAL} of {@code enum rdma_cm_event_type}: the device is
   * gone}
   */
  public static int RDMA_CM_EVENT_DEVICE_REMOVAL() {
    return 11;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_MULTICAST_JOIN} of {@code enum rdma_cm_event_type}: joined a
   * group}
   */
  public static int RDMA_CM_EVENT_MULTICAST_JOIN() {
    return 12;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_MULTICAST_ERROR} of {@code enum rdma_cm_event_type}: could not
   * join a group}
   */
  public static int RDMA_CM_EVENT_MULTICAST_ERROR() {
    return 13;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_ADDR_CHANGE} of {@code enum rdma_cm_event_type}: the device of an
   * address changed}
   */
  public static int RDMA_CM_EVENT_ADDR_CHANGE() {
    return 14;
  }

  /**
   * {@return {@code RDMA_CM_EVENT_TIMEWAIT_EXIT} of {@code enum rdma_cm_event_type}: the queue pair
   * may be used again}
   */
  public static int RDMA_CM_EVENT_TIMEWAIT_EXIT() {
    return 15;
  }

  /**
   * {@return {@code RDMA_MAX_RESP_RES} of {@code <rdma/rdma_cma.h>}: as responder_resources: what
   * the device can do}
   */
  public static int RDMA_MAX_RESP_RES() {
    return 0xff;
  }

  /**
   * {@return {@code RDMA_MAX_INIT_DEPTH} of {@code <rdma/rdma_cma.h>}: as initiator_depth: what the
   * device can do}
   */
  public static int RDMA_MAX_INIT_DEPTH() {
    return 0xff;
  }

  /** {@return {@code RDMA_OPTION_ID} of {@code <rdma/rdma_cma.h>}: level of options of an id} */
  public static int RDMA_OPTION_ID() {
    return 0;
  }

  /**
   * {@return {@code RDMA_OPTION_IB} of {@code <rdma/rdma_cma.h>}: level of options of InfiniBand}
   */
  public static int RDMA_OPTION_IB() {
    return 1;
  }

  /**
   * {@return {@code RDMA_OPTION_ID_TOS} of {@code <rdma/rdma_cma.h>}: type of service, one byte}
   */
  public static int RDMA_OPTION_ID_TOS() {
    return 0;
  }

  /**
   * {@return {@code RDMA_OPTION_ID_REUSEADDR} of {@code <rdma/rdma_cma.h>}: an address may be bound
   * again, an int}
   */
  public static int RDMA_OPTION_ID_REUSEADDR() {
    return 1;
  }

  /** {@return {@code RDMA_OPTION_ID_AFONLY} of {@code <rdma/rdma_cma.h>}: IPv6 only, an int} */
  public static int RDMA_OPTION_ID_AFONLY() {
    return 2;
  }

  /**
   * {@return {@code RDMA_OPTION_ID_ACK_TIMEOUT} of {@code <rdma/rdma_cma.h>}: time until a packet
   * is sent again: 4.096 us times 2 to this power, one byte}
   */
  public static int RDMA_OPTION_ID_ACK_TIMEOUT() {
    return 3;
  }

  /** {@return {@code RDMA_OPTION_IB_PATH} of {@code <rdma/rdma_cma.h>}: path records} */
  public static int RDMA_OPTION_IB_PATH() {
    return 1;
  }

  /** {@return {@code RAI_PASSIVE} of {@code <rdma/rdma_cma.h>}: the name is for listening} */
  public static int RAI_PASSIVE() {
    return 1;
  }

  /** {@return {@code RAI_NUMERICHOST} of {@code <rdma/rdma_cma.h>}: the name is an address} */
  public static int RAI_NUMERICHOST() {
    return 2;
  }

  /** {@return {@code RAI_NOROUTE} of {@code <rdma/rdma_cma.h>}: no route is looked for} */
  public static int RAI_NOROUTE() {
    return 4;
  }

  /** {@return {@code RAI_FAMILY} of {@code <rdma/rdma_cma.h>}: ai_family is a demand} */
  public static int RAI_FAMILY() {
    return 8;
  }

  /** {@return {@code AF_UNSPEC} of {@code <sys/socket.h>}: any family} */
  public static int AF_UNSPEC() {
    return 0;
  }

  /** {@return {@code AF_INET} of {@code <sys/socket.h>}: IPv4} */
  public static int AF_INET() {
    return 2;
  }

  /** {@return {@code AF_INET6} of {@code <sys/socket.h>}: IPv6} */
  public static int AF_INET6() {
    return 10;
  }

  /** {@return {@code AF_IB} of {@code <sys/socket.h>}: InfiniBand} */
  public static int AF_IB() {
    return 27;
  }
}

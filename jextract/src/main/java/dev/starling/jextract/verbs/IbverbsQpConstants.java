package dev.starling.jextract.verbs;

/**
 * The constants of {@link Ibverbs} about queue pairs and memory regions. The values never change,
 * being part of the binary interface; {@code VerbsAbiTest} compares each with the headers.
 */
class IbverbsQpConstants extends IbverbsWorkConstants {
  IbverbsQpConstants() {}

  /**
   * {@return {@code IBV_ACCESS_LOCAL_WRITE} of {@code enum ibv_access_flags}: this process may
   * write}
   */
  public static int IBV_ACCESS_LOCAL_WRITE() {
    return 1 << 0;
  }

  /**
   * {@return {@code IBV_ACCESS_REMOTE_WRITE} of {@code enum ibv_access_flags}: peers may write;
   * needs IBV_ACCESS_LOCAL_WRITE}
   */
  public static int IBV_ACCESS_REMOTE_WRITE() {
    return 1 << 1;
  }

  /** {@return {@code IBV_ACCESS_REMOTE_READ} of {@code enum ibv_access_flags}: peers may read} */
  public static int IBV_ACCESS_REMOTE_READ() {
    return 1 << 2;
  }

  /**
   * {@return {@code IBV_ACCESS_REMOTE_ATOMIC} of {@code enum ibv_access_flags}: peers may do
   * atomics; needs IBV_ACCESS_LOCAL_WRITE}
   */
  public static int IBV_ACCESS_REMOTE_ATOMIC() {
    return 1 << 3;
  }

  /** {@return {@code IBV_ACCESS_MW_BIND} of {@code enum ibv_access_flags}: windows may be bound} */
  public static int IBV_ACCESS_MW_BIND() {
    return 1 << 4;
  }

  /**
   * {@return {@code IBV_ACCESS_ZERO_BASED} of {@code enum ibv_access_flags}: addresses count from
   * the start of the region}
   */
  public static int IBV_ACCESS_ZERO_BASED() {
    return 1 << 5;
  }

  /**
   * {@return {@code IBV_ACCESS_ON_DEMAND} of {@code enum ibv_access_flags}: pages are not pinned}
   */
  public static int IBV_ACCESS_ON_DEMAND() {
    return 1 << 6;
  }

  /**
   * {@return {@code IBV_ACCESS_HUGETLB} of {@code enum ibv_access_flags}: the memory is in huge
   * pages}
   */
  public static int IBV_ACCESS_HUGETLB() {
    return 1 << 7;
  }

  /**
   * {@return {@code IBV_ACCESS_RELAXED_ORDERING} of {@code enum ibv_access_flags}: writes may pass
   * each other; optional}
   */
  public static int IBV_ACCESS_RELAXED_ORDERING() {
    return 1 << 20;
  }

  /**
   * {@return {@code IBV_ACCESS_OPTIONAL_FIRST} of {@code <infiniband/verbs_api.h>}: lowest of the
   * flags that an older kernel ignores}
   */
  public static int IBV_ACCESS_OPTIONAL_FIRST() {
    return 1 << 20;
  }

  /**
   * {@return {@code IBV_ACCESS_OPTIONAL_RANGE} of {@code <infiniband/verbs_api.h>}: all such flags}
   */
  public static int IBV_ACCESS_OPTIONAL_RANGE() {
    return 0x3ff00000;
  }

  /** {@return {@code IBV_QPT_RC} of {@code enum ibv_qp_type}: reliable connection} */
  public static int IBV_QPT_RC() {
    return 2;
  }

  /** {@return {@code IBV_QPT_UC} of {@code enum ibv_qp_type}: unreliable connection} */
  public static int IBV_QPT_UC() {
    return 3;
  }

  /** {@return {@code IBV_QPT_UD} of {@code enum ibv_qp_type}: unreliable datagrams} */
  public static int IBV_QPT_UD() {
    return 4;
  }

  /** {@return {@code IBV_QPT_RAW_PACKET} of {@code enum ibv_qp_type}: raw packets} */
  public static int IBV_QPT_RAW_PACKET() {
    return 8;
  }

  /** {@return {@code IBV_QPT_XRC_SEND} of {@code enum ibv_qp_type}: sending side of XRC} */
  public static int IBV_QPT_XRC_SEND() {
    return 9;
  }

  /** {@return {@code IBV_QPT_XRC_RECV} of {@code enum ibv_qp_type}: receiving side of XRC} */
  public static int IBV_QPT_XRC_RECV() {
    return 10;
  }

  /** {@return {@code IBV_QPT_DRIVER} of {@code enum ibv_qp_type}: left to the driver} */
  public static int IBV_QPT_DRIVER() {
    return 255;
  }

  /** {@return {@code IBV_QPS_RESET} of {@code enum ibv_qp_state}: just created} */
  public static int IBV_QPS_RESET() {
    return 0;
  }

  /** {@return {@code IBV_QPS_INIT} of {@code enum ibv_qp_state}: receives can be posted} */
  public static int IBV_QPS_INIT() {
    return 1;
  }

  /** {@return {@code IBV_QPS_RTR} of {@code enum ibv_qp_state}: ready to receive} */
  public static int IBV_QPS_RTR() {
    return 2;
  }

  /** {@return {@code IBV_QPS_RTS} of {@code enum ibv_qp_state}: ready to send} */
  public static int IBV_QPS_RTS() {
    return 3;
  }

  /** {@return {@code IBV_QPS_SQD} of {@code enum ibv_qp_state}: send queue drained} */
  public static int IBV_QPS_SQD() {
    return 4;
  }

  /** {@return {@code IBV_QPS_SQE} of {@code enum ibv_qp_state}: error of the send queue} */
  public static int IBV_QPS_SQE() {
    return 5;
  }

  /** {@return {@code IBV_QPS_ERR} of {@code enum ibv_qp_state}: error: all requests are flushed} */
  public static int IBV_QPS_ERR() {
    return 6;
  }

  /** {@return {@code IBV_QPS_UNKNOWN} of {@code enum ibv_qp_state}: not known} */
  public static int IBV_QPS_UNKNOWN() {
    return 7;
  }

  /**
   * {@return {@code IBV_QP_STATE} of {@code enum ibv_qp_attr_mask}: qp_state of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_STATE() {
    return 1 << 0;
  }

  /**
   * {@return {@code IBV_QP_CUR_STATE} of {@code enum ibv_qp_attr_mask}: cur_qp_state of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_CUR_STATE() {
    return 1 << 1;
  }

  /**
   * {@return {@code IBV_QP_EN_SQD_ASYNC_NOTIFY} of {@code enum ibv_qp_attr_mask}:
   * en_sqd_async_notify of {@link ibv_qp_attr}}
   */
  public static int IBV_QP_EN_SQD_ASYNC_NOTIFY() {
    return 1 << 2;
  }

  /**
   * {@return {@code IBV_QP_ACCESS_FLAGS} of {@code enum ibv_qp_attr_mask}: qp_access_flags of
   * {@link ibv_qp_attr}}
   */
  public static int IBV_QP_ACCESS_FLAGS() {
    return 1 << 3;
  }

  /**
   * {@return {@code IBV_QP_PKEY_INDEX} of {@code enum ibv_qp_attr_mask}: pkey_index of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_PKEY_INDEX() {
    return 1 << 4;
  }

  /**
   * {@return {@code IBV_QP_PORT} of {@code enum ibv_qp_attr_mask}: port_num of {@link ibv_qp_attr}}
   */
  public static int IBV_QP_PORT() {
    return 1 << 5;
  }

  /** {@return {@code IBV_QP_QKEY} of {@code enum ibv_qp_attr_mask}: qkey of {@link ibv_qp_attr}} */
  public static int IBV_QP_QKEY() {
    return 1 << 6;
  }

  /**
   * {@return {@code IBV_QP_AV} of {@code enum ibv_qp_attr_mask}: ah_attr of {@link ibv_qp_attr}}
   */
  public static int IBV_QP_AV() {
    return 1 << 7;
  }

  /**
   * {@return {@code IBV_QP_PATH_MTU} of {@code enum ibv_qp_attr_mask}: path_mtu of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_PATH_MTU() {
    return 1 << 8;
  }

  /**
   * {@return {@code IBV_QP_TIMEOUT} of {@code enum ibv_qp_attr_mask}: timeout of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_TIMEOUT() {
    return 1 << 9;
  }

  /**
   * {@return {@code IBV_QP_RETRY_CNT} of {@code enum ibv_qp_attr_mask}: retry_cnt of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_RETRY_CNT() {
    return 1 << 10;
  }

  /**
   * {@return {@code IBV_QP_RNR_RETRY} of {@code enum ibv_qp_attr_mask}: rnr_retry of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_RNR_RETRY() {
    return 1 << 11;
  }

  /**
   * {@return {@code IBV_QP_RQ_PSN} of {@code enum ibv_qp_attr_mask}: rq_psn of {@link ibv_qp_attr}}
   */
  public static int IBV_QP_RQ_PSN() {
    return 1 << 12;
  }

  /**
   * {@return {@code IBV_QP_MAX_QP_RD_ATOMIC} of {@code enum ibv_qp_attr_mask}: max_rd_atomic of
   * {@link ibv_qp_attr}}
   */
  public static int IBV_QP_MAX_QP_RD_ATOMIC() {
    return 1 << 13;
  }

  /**
   * {@return {@code IBV_QP_ALT_PATH} of {@code enum ibv_qp_attr_mask}: alt_ah_attr of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_ALT_PATH() {
    return 1 << 14;
  }

  /**
   * {@return {@code IBV_QP_MIN_RNR_TIMER} of {@code enum ibv_qp_attr_mask}: min_rnr_timer of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_MIN_RNR_TIMER() {
    return 1 << 15;
  }

  /**
   * {@return {@code IBV_QP_SQ_PSN} of {@code enum ibv_qp_attr_mask}: sq_psn of {@link ibv_qp_attr}}
   */
  public static int IBV_QP_SQ_PSN() {
    return 1 << 16;
  }

  /**
   * {@return {@code IBV_QP_MAX_DEST_RD_ATOMIC} of {@code enum ibv_qp_attr_mask}: max_dest_rd_atomic
   * of {@link ibv_qp_attr}}
   */
  public static int IBV_QP_MAX_DEST_RD_ATOMIC() {
    return 1 << 17;
  }

  /**
   * {@return {@code IBV_QP_PATH_MIG_STATE} of {@code enum ibv_qp_attr_mask}: path_mig_state of
   * {@link ibv_qp_attr}}
   */
  public static int IBV_QP_PATH_MIG_STATE() {
    return 1 << 18;
  }

  /** {@return {@code IBV_QP_CAP} of {@code enum ibv_qp_attr_mask}: cap of {@link ibv_qp_attr}} */
  public static int IBV_QP_CAP() {
    return 1 << 19;
  }

  /**
   * {@return {@code IBV_QP_DEST_QPN} of {@code enum ibv_qp_attr_mask}: dest_qp_num of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_DEST_QPN() {
    return 1 << 20;
  }

  /**
   * {@return {@code IBV_QP_RATE_LIMIT} of {@code enum ibv_qp_attr_mask}: rate_limit of {@link
   * ibv_qp_attr}}
   */
  public static int IBV_QP_RATE_LIMIT() {
    return 1 << 25;
  }

  /** {@return {@code IBV_MTU_256} of {@code enum ibv_mtu}: packets carry 256 bytes} */
  public static int IBV_MTU_256() {
    return 1;
  }

  /** {@return {@code IBV_MTU_512} of {@code enum ibv_mtu}: packets carry 512 bytes} */
  public static int IBV_MTU_512() {
    return 2;
  }

  /** {@return {@code IBV_MTU_1024} of {@code enum ibv_mtu}: packets carry 1024 bytes} */
  public static int IBV_MTU_1024() {
    return 3;
  }

  /** {@return {@code IBV_MTU_2048} of {@code enum ibv_mtu}: packets carry 2048 bytes} */
  public static int IBV_MTU_2048() {
    return 4;
  }

  /** {@return {@code IBV_MTU_4096} of {@code enum ibv_mtu}: packets carry 4096 bytes} */
  public static int IBV_MTU_4096() {
    return 5;
  }
}

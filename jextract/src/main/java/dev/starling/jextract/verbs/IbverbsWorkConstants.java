package dev.starling.jextract.verbs;

/**
 * The constants of {@link Ibverbs} about work requests and their completions, apart from it as the
 * jextract tool splits a large header class. The values never change, being part of the binary
 * interface; {@code VerbsAbiTest} compares each with the headers.
 */
class IbverbsWorkConstants extends VerbsTypes {
  IbverbsWorkConstants() {}

  /** {@return {@code IBV_WR_RDMA_WRITE} of {@code enum ibv_wr_opcode}: write to the peer} */
  public static int IBV_WR_RDMA_WRITE() {
    return 0;
  }

  /**
   * {@return {@code IBV_WR_RDMA_WRITE_WITH_IMM} of {@code enum ibv_wr_opcode}: write and complete a
   * receive of the peer}
   */
  public static int IBV_WR_RDMA_WRITE_WITH_IMM() {
    return 1;
  }

  /** {@return {@code IBV_WR_SEND} of {@code enum ibv_wr_opcode}: send to a receive of the peer} */
  public static int IBV_WR_SEND() {
    return 2;
  }

  /**
   * {@return {@code IBV_WR_SEND_WITH_IMM} of {@code enum ibv_wr_opcode}: send with immediate data}
   */
  public static int IBV_WR_SEND_WITH_IMM() {
    return 3;
  }

  /** {@return {@code IBV_WR_RDMA_READ} of {@code enum ibv_wr_opcode}: read from the peer} */
  public static int IBV_WR_RDMA_READ() {
    return 4;
  }

  /**
   * {@return {@code IBV_WR_ATOMIC_CMP_AND_SWP} of {@code enum ibv_wr_opcode}: compare and swap 8
   * bytes of the peer}
   */
  public static int IBV_WR_ATOMIC_CMP_AND_SWP() {
    return 5;
  }

  /**
   * {@return {@code IBV_WR_ATOMIC_FETCH_AND_ADD} of {@code enum ibv_wr_opcode}: add to 8 bytes of
   * the peer}
   */
  public static int IBV_WR_ATOMIC_FETCH_AND_ADD() {
    return 6;
  }

  /** {@return {@code IBV_WR_LOCAL_INV} of {@code enum ibv_wr_opcode}: invalidate a local key} */
  public static int IBV_WR_LOCAL_INV() {
    return 7;
  }

  /** {@return {@code IBV_WR_BIND_MW} of {@code enum ibv_wr_opcode}: bind a memory window} */
  public static int IBV_WR_BIND_MW() {
    return 8;
  }

  /**
   * {@return {@code IBV_WR_SEND_WITH_INV} of {@code enum ibv_wr_opcode}: send and invalidate a key
   * of the peer}
   */
  public static int IBV_WR_SEND_WITH_INV() {
    return 9;
  }

  /** {@return {@code IBV_WR_TSO} of {@code enum ibv_wr_opcode}: segmentation offload} */
  public static int IBV_WR_TSO() {
    return 10;
  }

  /** {@return {@code IBV_WR_DRIVER1} of {@code enum ibv_wr_opcode}: left to the driver} */
  public static int IBV_WR_DRIVER1() {
    return 11;
  }

  /** {@return {@code IBV_WR_ATOMIC_WRITE} of {@code enum ibv_wr_opcode}: write 8 bytes at once} */
  public static int IBV_WR_ATOMIC_WRITE() {
    return 15;
  }

  /**
   * {@return {@code IBV_SEND_FENCE} of {@code enum ibv_send_flags}: wait for earlier READs and
   * atomics}
   */
  public static int IBV_SEND_FENCE() {
    return 1 << 0;
  }

  /**
   * {@return {@code IBV_SEND_SIGNALED} of {@code enum ibv_send_flags}: complete even if sq_sig_all
   * is 0}
   */
  public static int IBV_SEND_SIGNALED() {
    return 1 << 1;
  }

  /**
   * {@return {@code IBV_SEND_SOLICITED} of {@code enum ibv_send_flags}: wake a peer that waits for
   * solicited events}
   */
  public static int IBV_SEND_SOLICITED() {
    return 1 << 2;
  }

  /**
   * {@return {@code IBV_SEND_INLINE} of {@code enum ibv_send_flags}: copy the data while posting}
   */
  public static int IBV_SEND_INLINE() {
    return 1 << 3;
  }

  /** {@return {@code IBV_SEND_IP_CSUM} of {@code enum ibv_send_flags}: compute checksums} */
  public static int IBV_SEND_IP_CSUM() {
    return 1 << 4;
  }

  /** {@return {@code IBV_WC_SUCCESS} of {@code enum ibv_wc_status}: done} */
  public static int IBV_WC_SUCCESS() {
    return 0;
  }

  /**
   * {@return {@code IBV_WC_LOC_LEN_ERR} of {@code enum ibv_wc_status}: a local length does not fit}
   */
  public static int IBV_WC_LOC_LEN_ERR() {
    return 1;
  }

  /**
   * {@return {@code IBV_WC_LOC_QP_OP_ERR} of {@code enum ibv_wc_status}: the local queue pair
   * cannot do this}
   */
  public static int IBV_WC_LOC_QP_OP_ERR() {
    return 2;
  }

  /** {@return {@code IBV_WC_LOC_EEC_OP_ERR} of {@code enum ibv_wc_status}: obsolete} */
  public static int IBV_WC_LOC_EEC_OP_ERR() {
    return 3;
  }

  /**
   * {@return {@code IBV_WC_LOC_PROT_ERR} of {@code enum ibv_wc_status}: a local key or address is
   * wrong}
   */
  public static int IBV_WC_LOC_PROT_ERR() {
    return 4;
  }

  /**
   * {@return {@code IBV_WC_WR_FLUSH_ERR} of {@code enum ibv_wc_status}: flushed because the queue
   * pair is in error}
   */
  public static int IBV_WC_WR_FLUSH_ERR() {
    return 5;
  }

  /**
   * {@return {@code IBV_WC_MW_BIND_ERR} of {@code enum ibv_wc_status}: a window could not be bound}
   */
  public static int IBV_WC_MW_BIND_ERR() {
    return 6;
  }

  /**
   * {@return {@code IBV_WC_BAD_RESP_ERR} of {@code enum ibv_wc_status}: the peer answered nonsense}
   */
  public static int IBV_WC_BAD_RESP_ERR() {
    return 7;
  }

  /**
   * {@return {@code IBV_WC_LOC_ACCESS_ERR} of {@code enum ibv_wc_status}: the local region does not
   * allow it}
   */
  public static int IBV_WC_LOC_ACCESS_ERR() {
    return 8;
  }

  /**
   * {@return {@code IBV_WC_REM_INV_REQ_ERR} of {@code enum ibv_wc_status}: the peer refuses such
   * requests}
   */
  public static int IBV_WC_REM_INV_REQ_ERR() {
    return 9;
  }

  /**
   * {@return {@code IBV_WC_REM_ACCESS_ERR} of {@code enum ibv_wc_status}: the key or range of the
   * peer is wrong}
   */
  public static int IBV_WC_REM_ACCESS_ERR() {
    return 10;
  }

  /**
   * {@return {@code IBV_WC_REM_OP_ERR} of {@code enum ibv_wc_status}: the peer could not complete
   * it}
   */
  public static int IBV_WC_REM_OP_ERR() {
    return 11;
  }

  /**
   * {@return {@code IBV_WC_RETRY_EXC_ERR} of {@code enum ibv_wc_status}: the peer did not answer}
   */
  public static int IBV_WC_RETRY_EXC_ERR() {
    return 12;
  }

  /**
   * {@return {@code IBV_WC_RNR_RETRY_EXC_ERR} of {@code enum ibv_wc_status}: the peer posted no
   * receive}
   */
  public static int IBV_WC_RNR_RETRY_EXC_ERR() {
    return 13;
  }

  /** {@return {@code IBV_WC_LOC_RDD_VIOL_ERR} of {@code enum ibv_wc_status}: obsolete} */
  public static int IBV_WC_LOC_RDD_VIOL_ERR() {
    return 14;
  }

  /** {@return {@code IBV_WC_REM_INV_RD_REQ_ERR} of {@code enum ibv_wc_status}: obsolete} */
  public static int IBV_WC_REM_INV_RD_REQ_ERR() {
    return 15;
  }

  /** {@return {@code IBV_WC_REM_ABORT_ERR} of {@code enum ibv_wc_status}: the peer aborted it} */
  public static int IBV_WC_REM_ABORT_ERR() {
    return 16;
  }

  /** {@return {@code IBV_WC_INV_EECN_ERR} of {@code enum ibv_wc_status}: obsolete} */
  public static int IBV_WC_INV_EECN_ERR() {
    return 17;
  }

  /** {@return {@code IBV_WC_INV_EEC_STATE_ERR} of {@code enum ibv_wc_status}: obsolete} */
  public static int IBV_WC_INV_EEC_STATE_ERR() {
    return 18;
  }

  /** {@return {@code IBV_WC_FATAL_ERR} of {@code enum ibv_wc_status}: the device failed} */
  public static int IBV_WC_FATAL_ERR() {
    return 19;
  }

  /**
   * {@return {@code IBV_WC_RESP_TIMEOUT_ERR} of {@code enum ibv_wc_status}: the answer came too
   * late}
   */
  public static int IBV_WC_RESP_TIMEOUT_ERR() {
    return 20;
  }

  /** {@return {@code IBV_WC_GENERAL_ERR} of {@code enum ibv_wc_status}: any other failure} */
  public static int IBV_WC_GENERAL_ERR() {
    return 21;
  }

  /** {@return {@code IBV_WC_TM_ERR} of {@code enum ibv_wc_status}: tag matching failed} */
  public static int IBV_WC_TM_ERR() {
    return 22;
  }

  /**
   * {@return {@code IBV_WC_TM_RNDV_INCOMPLETE} of {@code enum ibv_wc_status}: a rendezvous is left
   * to software}
   */
  public static int IBV_WC_TM_RNDV_INCOMPLETE() {
    return 23;
  }

  /** {@return {@code IBV_WC_SEND} of {@code enum ibv_wc_opcode}: a send} */
  public static int IBV_WC_SEND() {
    return 0;
  }

  /** {@return {@code IBV_WC_RDMA_WRITE} of {@code enum ibv_wc_opcode}: a write} */
  public static int IBV_WC_RDMA_WRITE() {
    return 1;
  }

  /** {@return {@code IBV_WC_RDMA_READ} of {@code enum ibv_wc_opcode}: a read} */
  public static int IBV_WC_RDMA_READ() {
    return 2;
  }

  /** {@return {@code IBV_WC_COMP_SWAP} of {@code enum ibv_wc_opcode}: a compare and swap} */
  public static int IBV_WC_COMP_SWAP() {
    return 3;
  }

  /** {@return {@code IBV_WC_FETCH_ADD} of {@code enum ibv_wc_opcode}: a fetch and add} */
  public static int IBV_WC_FETCH_ADD() {
    return 4;
  }

  /** {@return {@code IBV_WC_BIND_MW} of {@code enum ibv_wc_opcode}: a bind} */
  public static int IBV_WC_BIND_MW() {
    return 5;
  }

  /** {@return {@code IBV_WC_LOCAL_INV} of {@code enum ibv_wc_opcode}: an invalidation} */
  public static int IBV_WC_LOCAL_INV() {
    return 6;
  }

  /** {@return {@code IBV_WC_TSO} of {@code enum ibv_wc_opcode}: a segmented send} */
  public static int IBV_WC_TSO() {
    return 7;
  }

  /** {@return {@code IBV_WC_ATOMIC_WRITE} of {@code enum ibv_wc_opcode}: an atomic write} */
  public static int IBV_WC_ATOMIC_WRITE() {
    return 9;
  }

  /**
   * {@return {@code IBV_WC_RECV} of {@code enum ibv_wc_opcode}: a receive; a bit that all receives
   * have}
   */
  public static int IBV_WC_RECV() {
    return 128;
  }

  /**
   * {@return {@code IBV_WC_RECV_RDMA_WITH_IMM} of {@code enum ibv_wc_opcode}: a receive by a write
   * with immediate data}
   */
  public static int IBV_WC_RECV_RDMA_WITH_IMM() {
    return 129;
  }

  /** {@return {@code IBV_WC_GRH} of {@code enum ibv_wc_flags}: a route header precedes the data} */
  public static int IBV_WC_GRH() {
    return 1 << 0;
  }

  /** {@return {@code IBV_WC_WITH_IMM} of {@code enum ibv_wc_flags}: imm_data is valid} */
  public static int IBV_WC_WITH_IMM() {
    return 1 << 1;
  }

  /** {@return {@code IBV_WC_IP_CSUM_OK} of {@code enum ibv_wc_flags}: checksums are right} */
  public static int IBV_WC_IP_CSUM_OK() {
    return 1 << 2;
  }

  /** {@return {@code IBV_WC_WITH_INV} of {@code enum ibv_wc_flags}: invalidated_rkey is valid} */
  public static int IBV_WC_WITH_INV() {
    return 1 << 3;
  }
}

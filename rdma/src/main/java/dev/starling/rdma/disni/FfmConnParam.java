package dev.starling.rdma.disni;

import com.ibm.disni.verbs.RdmaConnParam;
import dev.starling.jextract.verbs.rdma_cm_event;
import java.lang.foreign.MemorySegment;

/**
 * Parameters of a connection whose READ depths can be set, which DiSNI's own class refuses: {@code
 * struct rdma_conn_param} of rdma_cma.h.
 *
 * <p>Confined to one thread at a time.
 */
public final class FfmConnParam extends RdmaConnParam {
  /** Makes parameters that are all 0: READ depths as deep as the device can, no retries. */
  public FfmConnParam() {}

  /** Copies those of an event; the private data is where its copy lies. */
  static FfmConnParam of(MemorySegment event, MemorySegment privateData) {
    FfmConnParam param = new FfmConnParam();
    param.private_data_addr = privateData.byteSize() == 0 ? 0 : privateData.address();
    param.private_data_len = (byte) privateData.byteSize();
    param.responder_resources = rdma_cm_event.param_conn_responder_resources(event);
    param.initiator_depth = rdma_cm_event.param_conn_initiator_depth(event);
    param.flow_control = rdma_cm_event.param_conn_flow_control(event);
    param.retry_count = rdma_cm_event.param_conn_retry_count(event);
    param.rnr_retry_count = rdma_cm_event.param_conn_rnr_retry_count(event);
    param.srq = rdma_cm_event.param_conn_srq(event);
    param.qp_num = rdma_cm_event.param_conn_qp_num(event);
    return param;
  }

  /**
   * Sets how many READs and atomics of the peer this side serves at a time.
   *
   * @param resources an unsigned byte; 0 for as many as the device can
   */
  @Override
  public void setResponder_resources(byte resources) {
    responder_resources = resources;
  }

  /**
   * Sets how many READs and atomics this side has in flight.
   *
   * @param depth an unsigned byte; 0 for as many as the device can
   */
  @Override
  public void setInitiator_depth(byte depth) {
    initiator_depth = depth;
  }

  /**
   * Sets whether hardware flow control is used.
   *
   * @param flowControl 1 for yes
   */
  @Override
  public void setFlow_control(byte flowControl) {
    flow_control = flowControl;
  }

  /**
   * Sets whether receives come from a shared queue; ignored when the identifier has a queue pair.
   *
   * @param srq 1 for yes
   */
  @Override
  public void setSrq(byte srq) {
    this.srq = srq;
  }

  /**
   * Sets the queue pair's number; ignored when the identifier has a queue pair.
   *
   * @param number the number
   */
  @Override
  public void setQp_num(int number) {
    qp_num = number;
  }
}

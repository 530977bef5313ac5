package dev.starling.rdma.disni;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaConnParam;
import dev.starling.jextract.verbs.rdma_cm_event;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A copy of a connection event, with its status, the peer's parameters and its private data, which
 * DiSNI's own provider drops. Immutable.
 */
public final class FfmCmEvent extends RdmaCmEvent {
  private final MemorySegment privateData;

  FfmCmEvent(MemorySegment event, FfmCmId listener, FfmCmId id) throws IOException {
    super(rdma_cm_event.event(event), listener, id);
    this.status = rdma_cm_event.status(event);
    this.privateData = copyPrivateData(event);
    RdmaConnParam param = getConn();
    param.setPrivate_data(privateData.byteSize() == 0 ? 0 : privateData.address());
    param.setPrivate_data_len((byte) privateData.byteSize());
    param.setResponder_resources(rdma_cm_event.param_conn_responder_resources(event));
    param.setInitiator_depth(rdma_cm_event.param_conn_initiator_depth(event));
    param.setFlow_control(rdma_cm_event.param_conn_flow_control(event));
    param.setRetry_count(rdma_cm_event.param_conn_retry_count(event));
    param.setRnr_retry_count(rdma_cm_event.param_conn_rnr_retry_count(event));
    param.setSrq(rdma_cm_event.param_conn_srq(event));
    param.setQp_num(rdma_cm_event.param_conn_qp_num(event));
  }

  private static MemorySegment copyPrivateData(MemorySegment event) {
    int length = Byte.toUnsignedInt(rdma_cm_event.param_conn_private_data_len(event));
    MemorySegment data = rdma_cm_event.param_conn_private_data(event);
    if (length == 0 || data.address() == 0) {
      return MemorySegment.NULL;
    }
    return Arena.ofAuto().allocate(length).copyFrom(Pointers.struct(data.address(), length));
  }

  /** {@return a copy of the peer's private data; empty when it sent none} */
  public byte[] privateData() {
    return privateData.toArray(JAVA_BYTE);
  }
}

package dev.starling.rdma.disni;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import com.ibm.disni.verbs.RdmaCmEvent;
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
    this.conn = FfmConnParam.of(event, privateData);
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

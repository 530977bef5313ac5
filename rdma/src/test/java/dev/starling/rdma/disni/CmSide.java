package dev.starling.rdma.disni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * One side of a connection on DiSNI's plain API: its objects, and what is waited for. Closed last
 * first.
 */
final class CmSide implements AutoCloseable {
  static final int WAIT_MS = 10_000;

  final RdmaEventChannel channel;
  RdmaCmId id;
  IbvPd pd;
  IbvCompChannel compChannel;
  IbvCQ cq;
  IbvQP qp;

  CmSide() throws IOException {
    channel = RdmaEventChannel.createEventChannel();
  }

  /** A listener on a free port. */
  InetSocketAddress listen() throws IOException {
    id = channel.createId(RdmaCm.RDMA_PS_TCP);
    id.bindAddr(new InetSocketAddress(VerbsState.address(), 0));
    id.listen(4);
    return (InetSocketAddress) id.getSource();
  }

  /** Finds the device and the route to an address. */
  void resolve(InetSocketAddress address) throws IOException {
    id = channel.createId(RdmaCm.RDMA_PS_TCP);
    id.resolveAddr(null, address, 2000);
    expect(EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
    id.resolveRoute(2000);
    expect(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
  }

  /** Makes domain, queue and queue pair on the device of an identifier. */
  void makeQueuePair(RdmaCmId of) throws IOException {
    IbvContext context = of.getVerbs();
    pd = context.allocPd();
    compChannel = context.createCompChannel();
    cq = context.createCQ(compChannel, 64, 0);
    IbvQPInitAttr attr = new IbvQPInitAttr();
    attr.setQp_type(IbvQP.IBV_QPT_RC);
    attr.setSend_cq(cq);
    attr.setRecv_cq(cq);
    attr.cap().setMax_send_wr(16);
    attr.cap().setMax_recv_wr(16);
    attr.cap().setMax_send_sge(2);
    attr.cap().setMax_recv_sge(2);
    qp = of.createQP(pd, attr);
  }

  static RdmaConnParam parameters() throws IOException {
    RdmaConnParam param = new RdmaConnParam();
    param.setRetry_count((byte) 6);
    param.setRnr_retry_count((byte) 6);
    return param;
  }

  /** Waits for an event of a type. */
  FfmCmEvent expect(EventType type) throws IOException {
    FfmCmEvent event = (FfmCmEvent) channel.getCmEvent(WAIT_MS);
    assertNotNull(event, () -> "no " + type);
    assertEquals(type, EventType.values()[event.getEvent()], () -> "status " + event.getStatus());
    event.ackEvent();
    return event;
  }

  @Override
  public void close() {
    if (qp != null) {
      qp.close();
    }
    if (compChannel != null) {
      compChannel.close();
    }
    if (cq != null) {
      cq.close();
    }
    if (pd != null) {
      pd.close();
    }
    if (id != null) {
      id.close();
    }
    channel.close();
  }
}

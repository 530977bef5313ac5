package dev.starling.rdma.disni;

import com.ibm.disni.RdmaActiveEndpoint;
import com.ibm.disni.RdmaActiveEndpointGroup;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * An endpoint as users of DiSNI write them: it registers its buffers and posts a receive before the
 * connection is made, and queues what the group's thread hands it.
 */
final class Endpoint extends RdmaActiveEndpoint {
  static final int BUFFER_BYTES = 256;
  static final int RECEIVE = 2001;
  static final int SEND = 2000;

  final ByteBuffer data = ByteBuffer.allocateDirect(BUFFER_BYTES);
  final ByteBuffer outgoing = ByteBuffer.allocateDirect(BUFFER_BYTES);
  final ByteBuffer incoming = ByteBuffer.allocateDirect(BUFFER_BYTES);
  IbvMr dataMr;
  IbvMr outgoingMr;
  IbvMr incomingMr;
  private final BlockingQueue<IbvWC> completions = new ArrayBlockingQueue<>(64);

  Endpoint(RdmaActiveEndpointGroup<Endpoint> group, RdmaCmId id, boolean serverSide)
      throws IOException {
    super(group, id, serverSide);
  }

  @Override
  public synchronized void init() throws IOException {
    super.init();
    dataMr = registerMemory(data).execute().free().getMr();
    outgoingMr = registerMemory(outgoing).execute().free().getMr();
    incomingMr = registerMemory(incoming).execute().free().getMr();
    receive();
  }

  /** Posts a receive into {@link #incoming}. */
  void receive() throws IOException {
    IbvRecvWR request = new IbvRecvWR();
    request.setWr_id(RECEIVE);
    request.setSg_list(sgList(incomingMr, BUFFER_BYTES));
    postRecv(List.of(request)).execute().free();
  }

  /** Sends {@link #outgoing}. */
  void send() throws IOException {
    IbvSendWR request = new IbvSendWR();
    request.setWr_id(SEND);
    request.setOpcode(IbvSendWR.IBV_WR_SEND);
    request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
    request.setSg_list(sgList(outgoingMr, BUFFER_BYTES));
    postSend(List.of(request)).execute().free();
  }

  /** A request on {@link #data} and the peer's memory. */
  IbvSendWR request(int opcode, int wrId, long remoteAddress, int rkey) {
    IbvSendWR request = new IbvSendWR();
    request.setWr_id(wrId);
    request.setOpcode(opcode);
    request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
    request.setSg_list(sgList(dataMr, BUFFER_BYTES));
    request.getRdma().setRemote_addr(remoteAddress);
    request.getRdma().setRkey(rkey);
    return request;
  }

  static LinkedList<IbvSge> sgList(IbvMr mr, int lengthBytes) {
    IbvSge sge = new IbvSge();
    sge.setAddr(mr.getAddr());
    sge.setLength(lengthBytes);
    sge.setLkey(mr.getLkey());
    return new LinkedList<>(List.of(sge));
  }

  /** Called by the group's thread, which reuses the object. */
  @Override
  public void dispatchCqEvent(IbvWC completion) {
    completions.add(completion.clone());
  }

  /** Waits for a completion. */
  IbvWC take() throws InterruptedException, IOException {
    IbvWC completion = completions.poll(30, TimeUnit.SECONDS);
    if (completion == null) {
      throw new IOException("no completion within 30 s");
    }
    return completion;
  }

  /** Ends the connection, then gives the memory back. */
  @Override
  public void close() throws IOException, InterruptedException {
    super.close();
    for (IbvMr mr : List.of(dataMr, outgoingMr, incomingMr)) {
      if (mr.isOpen()) {
        deregisterMemory(mr);
      }
    }
  }
}

package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.ibv_post_recv;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.SVCPostRecv;
import dev.starling.jextract.verbs.ibv_recv_wr;
import dev.starling.jextract.verbs.ibv_sge;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A prepared chain of receives, laid out as {@link FfmPostSend} lays out sends. Confined to one
 * thread at a time.
 */
final class PostRecvCall extends SVCPostRecv {
  private static final long REQUESTS_OFFSET = 64;
  private static final long REQUEST_BYTES = ibv_recv_wr.sizeof();
  private static final long SGE_BYTES = ibv_sge.sizeof();

  private final FfmQp qp;
  private final List<IbvRecvWR> requests;
  private final List<IbvRecvWR> badRequests;
  private MemorySegment memory;

  PostRecvCall(FfmQp qp, List<IbvRecvWR> requests, List<IbvRecvWR> badRequests) throws IOException {
    this.qp = qp;
    this.requests = List.copyOf(FfmVerbs.notEmpty(requests));
    this.badRequests = badRequests;
    int sges = 0;
    for (IbvRecvWR request : requests) {
      sges += request.getSg_list().size();
    }
    long sgeOffset = REQUESTS_OFFSET + requests.size() * REQUEST_BYTES;
    memory = CallMemory.take(sgeOffset + sges * SGE_BYTES);
    for (int i = 0; i < requests.size(); i++) {
      long offset = REQUESTS_OFFSET + i * REQUEST_BYTES;
      serialise(requests.get(i), offset, sgeOffset, i + 1 < requests.size());
      sgeOffset += requests.get(i).getSg_list().size() * SGE_BYTES;
    }
  }

  private void serialise(IbvRecvWR request, long offset, long sgeOffset, boolean hasNext) {
    long next = hasNext ? memory.address() + offset + REQUEST_BYTES : 0;
    memory.set(JAVA_LONG, offset + ibv_recv_wr.wr_id$offset(), request.getWr_id());
    memory.set(JAVA_LONG, offset + ibv_recv_wr.next$offset(), next);
    memory.set(JAVA_LONG, offset + ibv_recv_wr.sg_list$offset(), memory.address() + sgeOffset);
    memory.set(JAVA_INT, offset + ibv_recv_wr.num_sge$offset(), request.getSg_list().size());
    long sgeAt = sgeOffset;
    for (IbvSge sge : request.getSg_list()) {
      memory.set(JAVA_LONG, sgeAt + ibv_sge.addr$offset(), sge.getAddr());
      memory.set(JAVA_INT, sgeAt + ibv_sge.length$offset(), sge.getLength());
      memory.set(JAVA_INT, sgeAt + ibv_sge.lkey$offset(), sge.getLkey());
      sgeAt += SGE_BYTES;
    }
  }

  @Override
  public SVCPostRecv execute() throws IOException {
    MemorySegment open = memory;
    if (open == null) {
      throw FfmVerbs.freed("a chain of receives");
    }
    long address = open.address();
    try {
      int errno =
          ibv_post_recv(
              qp.postRecvFunction(), qp.openAddress(), address + REQUESTS_OFFSET, address);
      if (errno != 0) {
        throw failure(errno);
      }
    } catch (VerbsException failure) {
      throw failure.asIoException();
    }
    return this;
  }

  private VerbsException failure(int errno) {
    long bad = memory.get(JAVA_LONG, 0) - memory.address() - REQUESTS_OFFSET;
    int first = (int) (bad / REQUEST_BYTES);
    if (badRequests != null && first >= 0 && first < requests.size()) {
      badRequests.addAll(requests.subList(first, requests.size()));
    }
    return PostFailure.of(errno, "ibv_post_recv", "receive", qp, first, requests.size());
  }

  @Override
  public boolean isValid() {
    return memory != null;
  }

  @Override
  public SVCPostRecv free() {
    CallMemory.give(memory);
    memory = null;
    return this;
  }

  @Override
  public RecvWRMod getWrMod(int index) throws IOException {
    if (index < 0 || index >= requests.size()) {
      throw new IOException(
          "receive %d does not exist in a chain of %d: count from 0"
              .formatted(index, requests.size()));
    }
    return requests.get(index)::getWr_id;
  }
}

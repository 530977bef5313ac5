package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.SVCPostSend;
import dev.starling.jextract.verbs.ibv_send_wr;
import dev.starling.jextract.verbs.ibv_sge;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A prepared chain of send requests: DiSNI's stateful call, with atomics.
 *
 * <pre>
 *   0         64                    64 + 128 n
 *   +---------+--------+--------+---+-------+-------+---
 *   | bad_wr  | wr 0   | wr 1   |   | sge 0 | sge 1 |      (each wr has its own run of sges)
 *   +---------+--------+--------+---+-------+-------+---
 * </pre>
 *
 * <p>Threads: one at a time.
 */
public final class FfmPostSend extends SVCPostSend {
  private static final long REQUESTS_OFFSET = 64;
  private static final long REQUEST_BYTES = ibv_send_wr.sizeof();
  private static final long SGE_BYTES = ibv_sge.sizeof();

  private final FfmQp qp;
  private final List<IbvSendWR> requests;
  private final List<IbvSendWR> badRequests;
  private final List<Request> mods = new ArrayList<>();
  private MemorySegment memory;

  FfmPostSend(FfmQp qp, List<IbvSendWR> requests, List<IbvSendWR> badRequests) throws IOException {
    this.qp = qp;
    this.requests = List.copyOf(FfmVerbs.notEmpty(requests));
    this.badRequests = badRequests;
    int sges = 0;
    for (IbvSendWR request : requests) {
      sges += request.getSg_list().size();
    }
    long sgeOffset = REQUESTS_OFFSET + requests.size() * REQUEST_BYTES;
    memory = CallMemory.take(sgeOffset + sges * SGE_BYTES);
    for (int i = 0; i < requests.size(); i++) {
      Request mod = new Request(REQUESTS_OFFSET + i * REQUEST_BYTES, sgeOffset);
      mod.serialise(requests.get(i), i + 1 < requests.size());
      mods.add(mod);
      sgeOffset += requests.get(i).getSg_list().size() * SGE_BYTES;
    }
  }

  @Override
  public FfmPostSend execute() throws IOException {
    MemorySegment open = memory;
    if (open == null) {
      throw FfmVerbs.freed("a chain of send requests");
    }
    long address = open.address();
    try {
      int errno =
          ibv_post_send(
              qp.postSendFunction(), qp.openAddress(), address + REQUESTS_OFFSET, address);
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
    boolean known = first >= 0 && first < requests.size();
    if (badRequests != null && known) {
      badRequests.addAll(requests.subList(first, requests.size()));
    }
    return PostFailure.of(errno, "ibv_post_send", "send", qp, first, requests.size());
  }

  @Override
  public boolean isValid() {
    return memory != null;
  }

  @Override
  public FfmPostSend free() {
    CallMemory.give(memory);
    memory = null;
    return this;
  }

  /**
   * Gives the part of a request that may be changed between executions.
   *
   * @param index its place in the list
   * @return the request
   * @throws IOException if there is no such request
   */
  @Override
  public FfmSendWRMod getWrMod(int index) throws IOException {
    if (index < 0 || index >= mods.size()) {
      throw new IOException(
          "request %d does not exist in a chain of %d: count from 0".formatted(index, mods.size()));
    }
    return mods.get(index);
  }

  private MemorySegment open() {
    if (memory == null) {
      throw new IllegalStateException(
          "the chain of send requests was freed: change it before that");
    }
    return memory;
  }

  private void set(long offset, long value) {
    open().set(JAVA_LONG, offset, value);
  }

  private void set(long offset, int value) {
    open().set(JAVA_INT, offset, value);
  }

  private long getLong(long offset) {
    return open().get(JAVA_LONG, offset);
  }

  private int getInt(long offset) {
    return open().get(JAVA_INT, offset);
  }

  /** One request of the chain. */
  private final class Request implements FfmSendWRMod {
    private final long offset;
    private final long sgeOffset;
    private final Rdma rdma = new Rdma();
    private final Atomic atomic = new Atomic();
    private final List<Sge> sges = new ArrayList<>();

    Request(long offset, long sgeOffset) {
      this.offset = offset;
      this.sgeOffset = sgeOffset;
    }

    void serialise(IbvSendWR request, boolean hasNext) {
      long address = memory.address();
      int opcode = request.getOpcode();
      set(offset + ibv_send_wr.next$offset(), hasNext ? address + offset + REQUEST_BYTES : 0L);
      set(offset + ibv_send_wr.sg_list$offset(), address + sgeOffset);
      set(offset + ibv_send_wr.num_sge$offset(), request.getSg_list().size());
      set(offset + ibv_send_wr.opcode$offset(), opcode);
      set(offset + ibv_send_wr.imm_data$offset(), request.getImm_data());
      setWr_id(request.getWr_id());
      setSend_flags(request.getSend_flags());
      if (isAtomic(opcode)) {
        atomic.setRemote_addr(request.getAtomic().getRemote_addr());
        atomic.setCompare_add(request.getAtomic().getCompare_add());
        atomic.setSwap(request.getAtomic().getSwap());
        atomic.setRkey(request.getAtomic().getRkey());
      } else {
        rdma.setRemote_addr(request.getRdma().getRemote_addr());
        rdma.setRkey(request.getRdma().getRkey());
      }
      for (IbvSge sge : request.getSg_list()) {
        Sge mod = new Sge(sgeOffset + sges.size() * SGE_BYTES);
        mod.setAddr(sge.getAddr());
        mod.setLength(sge.getLength());
        mod.setLkey(sge.getLkey());
        sges.add(mod);
      }
    }

    private boolean isAtomic(int opcode) {
      return opcode == IBV_WR_ATOMIC_CMP_AND_SWP() || opcode == IBV_WR_ATOMIC_FETCH_AND_ADD();
    }

    @Override
    public void setWr_id(long wrId) {
      set(offset + ibv_send_wr.wr_id$offset(), wrId);
    }

    @Override
    public void setSend_flags(int flags) {
      set(offset + ibv_send_wr.send_flags$offset(), flags);
    }

    @Override
    public long getWr_id() {
      return getLong(offset + ibv_send_wr.wr_id$offset());
    }

    @Override
    public int getNum_sge() {
      return sges.size();
    }

    @Override
    public int getOpcode() {
      return getInt(offset + ibv_send_wr.opcode$offset());
    }

    @Override
    public int getSend_flags() {
      return getInt(offset + ibv_send_wr.send_flags$offset());
    }

    @Override
    public RdmaMod getRdmaMod() {
      if (isAtomic(getOpcode())) {
        throw new IllegalStateException("the request is an atomic: use getAtomicMod()");
      }
      return rdma;
    }

    @Override
    public AtomicMod getAtomicMod() {
      if (!isAtomic(getOpcode())) {
        throw new IllegalStateException("the request is not an atomic: use getRdmaMod()");
      }
      return atomic;
    }

    @Override
    public SgeMod getSgeMod(int index) {
      return sges.get(index);
    }

    /** The part of a READ or WRITE; DiSNI's reserved word is padding in C. */
    private final class Rdma implements RdmaMod {
      private int reserved;

      @Override
      public void setRemote_addr(long address) {
        set(offset + ibv_send_wr.wr_rdma_remote_addr$offset(), address);
      }

      @Override
      public long getRemote_addr() {
        return getLong(offset + ibv_send_wr.wr_rdma_remote_addr$offset());
      }

      @Override
      public void setRkey(int rkey) {
        set(offset + ibv_send_wr.wr_rdma_rkey$offset(), rkey);
      }

      @Override
      public int getRkey() {
        return getInt(offset + ibv_send_wr.wr_rdma_rkey$offset());
      }

      @Override
      public void setReserved(int reserved) {
        this.reserved = reserved;
      }

      @Override
      public int getReserved() {
        return reserved;
      }
    }

    /** The part of an atomic. */
    private final class Atomic implements AtomicMod {
      @Override
      public void setRemote_addr(long address) {
        set(offset + ibv_send_wr.wr_atomic_remote_addr$offset(), address);
      }

      @Override
      public long getRemote_addr() {
        return getLong(offset + ibv_send_wr.wr_atomic_remote_addr$offset());
      }

      @Override
      public void setCompare_add(long value) {
        set(offset + ibv_send_wr.wr_atomic_compare_add$offset(), value);
      }

      @Override
      public long getCompare_add() {
        return getLong(offset + ibv_send_wr.wr_atomic_compare_add$offset());
      }

      @Override
      public void setSwap(long value) {
        set(offset + ibv_send_wr.wr_atomic_swap$offset(), value);
      }

      @Override
      public long getSwap() {
        return getLong(offset + ibv_send_wr.wr_atomic_swap$offset());
      }

      @Override
      public void setRkey(int rkey) {
        set(offset + ibv_send_wr.wr_atomic_rkey$offset(), rkey);
      }

      @Override
      public int getRkey() {
        return getInt(offset + ibv_send_wr.wr_atomic_rkey$offset());
      }
    }
  }

  /** One scatter/gather entry. */
  private final class Sge implements SgeMod {
    private final long offset;

    Sge(long offset) {
      this.offset = offset;
    }

    @Override
    public void setAddr(long address) {
      set(offset + ibv_sge.addr$offset(), address);
    }

    @Override
    public long getAddr() {
      return getLong(offset + ibv_sge.addr$offset());
    }

    @Override
    public void setLength(int lengthBytes) {
      set(offset + ibv_sge.length$offset(), lengthBytes);
    }

    @Override
    public int getLength() {
      return getInt(offset + ibv_sge.length$offset());
    }

    @Override
    public void setLkey(int lkey) {
      set(offset + ibv_sge.lkey$offset(), lkey);
    }

    @Override
    public int getLkey() {
      return getInt(offset + ibv_sge.lkey$offset());
    }
  }
}

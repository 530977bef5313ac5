package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.ibv_poll_cq;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.verbs.ibv_wc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Reads completions into DiSNI's objects when executed; also of failures, with vendor error and
 * queue pair number. Confined to one thread at a time.
 */
final class PollCqCall extends SVCPollCq {
  private static final long BYTES = ibv_wc.sizeof();
  private static final long WR_ID = ibv_wc.wr_id$offset();
  private static final long STATUS = ibv_wc.status$offset();
  private static final long OPCODE = ibv_wc.opcode$offset();
  private static final long VENDOR_ERR = ibv_wc.vendor_err$offset();
  private static final long BYTE_LEN = ibv_wc.byte_len$offset();
  private static final long IMM_DATA = ibv_wc.imm_data$offset();
  private static final long QP_NUM = ibv_wc.qp_num$offset();
  private static final long SRC_QP = ibv_wc.src_qp$offset();
  private static final long WC_FLAGS = ibv_wc.wc_flags$offset();
  private static final long PKEY_INDEX = ibv_wc.pkey_index$offset();
  private static final long SLID = ibv_wc.slid$offset();
  private static final long SL = ibv_wc.sl$offset();
  private static final long DLID_PATH_BITS = ibv_wc.dlid_path_bits$offset();

  private final FfmCq cq;
  private final IbvWC[] completions;
  private final int entries;
  private MemorySegment memory;
  private int polls;

  PollCqCall(FfmCq cq, IbvWC[] completions, int entries) {
    ConfigurationException.requireRange("completions to poll", entries, 1, completions.length);
    this.cq = cq;
    this.completions = completions;
    this.entries = entries;
    this.memory = CallMemory.take(entries * BYTES);
  }

  @Override
  public SVCPollCq execute() throws IOException {
    polls = 0;
    if (memory == null) {
      throw FfmVerbs.freed("a poll of a completion queue");
    }
    try {
      int polled = ibv_poll_cq(cq.pollFunction(), cq.openAddress(), entries, memory.address());
      if (polled < 0) {
        throw Completions.pollFailure(cq, polled);
      }
      for (int i = 0; i < polled; i++) {
        copy(i * BYTES, completions[i]);
      }
      polls = polled;
    } catch (VerbsException failure) {
      throw failure.asIoException();
    }
    return this;
  }

  private void copy(long offset, IbvWC completion) {
    completion.setWr_id(memory.get(JAVA_LONG, offset + WR_ID));
    completion.setStatus(memory.get(JAVA_INT, offset + STATUS));
    completion.setOpcode(memory.get(JAVA_INT, offset + OPCODE));
    completion.setVendor_err(memory.get(JAVA_INT, offset + VENDOR_ERR));
    completion.setByte_len(memory.get(JAVA_INT, offset + BYTE_LEN));
    completion.setImm_data(memory.get(JAVA_INT, offset + IMM_DATA));
    completion.setQp_num(memory.get(JAVA_INT, offset + QP_NUM));
    completion.setSrc_qp(memory.get(JAVA_INT, offset + SRC_QP));
    completion.setWc_flags(memory.get(JAVA_INT, offset + WC_FLAGS));
    completion.setPkey_index(memory.get(JAVA_SHORT, offset + PKEY_INDEX));
    completion.setSlid(memory.get(JAVA_SHORT, offset + SLID));
    completion.setSl(memory.get(JAVA_BYTE, offset + SL));
    completion.setDlid_path_bits(memory.get(JAVA_BYTE, offset + DLID_PATH_BITS));
  }

  @Override
  public int getPolls() {
    return polls;
  }

  @Override
  public boolean isValid() {
    return memory != null;
  }

  @Override
  public SVCPollCq free() {
    CallMemory.give(memory);
    memory = null;
    return this;
  }
}

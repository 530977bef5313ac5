package dev.starling.rdma.disni;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCReqNotify;
import com.sun.management.ThreadMXBean;
import dev.starling.jextract.Lanes;
import dev.starling.rdma.FakeVerbs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** DiSNI's stateful verb calls: what they post, what may be changed, what they refuse. */
@Timeout(60)
@Tag("device")
class StatefulCallTest {
  private static final int SUCCESS = 0;

  private Loopback loop;
  private MemorySegment memory;
  private FfmMr mr;
  private final IbvWC[] completions = {new IbvWC(), new IbvWC()};

  @BeforeEach
  void open() {
    VerbsState.enter();
    loop = new Loopback();
    memory = loop.memory(4096);
    mr = loop.pd.register(memory, Loopback.ALL);
  }

  @AfterEach
  void close() {
    if (mr != null) {
      mr.close();
      loop.close();
      VerbsState.assertNothingLeft();
    }
  }

  private IbvSendWR request(int opcode, int lengthBytes) {
    IbvSendWR request = new IbvSendWR();
    request.setOpcode(opcode);
    request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
    IbvSge sge = new IbvSge();
    sge.setAddr(mr.getAddr());
    sge.setLength(lengthBytes);
    sge.setLkey(mr.getLkey());
    request.setSg_list(new LinkedList<>(List.of(sge)));
    return request;
  }

  private IbvSendWR atomic(int opcode, long word) {
    IbvSendWR request = request(opcode, Long.BYTES);
    request.getAtomic().setRemote_addr(word);
    request.getAtomic().setRkey(mr.getRkey());
    return request;
  }

  private IbvWC await() throws IOException {
    SVCPollCq poll = loop.cq.poll(completions, 1);
    try {
      long deadlineNs = System.nanoTime() + 30_000_000_000L;
      while (poll.execute().getPolls() == 0) {
        assertTrue(System.nanoTime() < deadlineNs, "no completion within 30 s");
        Thread.onSpinWait();
      }
      return completions[0];
    } finally {
      poll.free();
    }
  }

  @Test
  void shouldCompareAndSwapWithValuesChangedBetweenExecutions() throws IOException {
    long word = mr.getAddr() + 64;
    IbvSendWR request = atomic(IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP, word);
    request.getAtomic().setCompare_add(0);
    request.getAtomic().setSwap(7);
    FfmPostSend post = (FfmPostSend) loop.qp.postSend(List.of(request), null);
    post.execute();
    assertEquals(SUCCESS, await().getStatus());
    assertEquals(7, memory.get(JAVA_LONG, 64));
    AtomicMod mod = post.getWrMod(0).getAtomicMod();
    assertEquals(word, mod.getRemote_addr());
    assertEquals(mr.getRkey(), mod.getRkey());
    mod.setCompare_add(7);
    mod.setSwap(Long.MIN_VALUE);
    post.execute().free();
    assertEquals(SUCCESS, await().getStatus());
    assertEquals(Long.MIN_VALUE, memory.get(JAVA_LONG, 64));
    assertEquals(7, memory.get(JAVA_LONG, 0));
    assertThrows(IllegalStateException.class, () -> mod.setSwap(1));
  }

  @Test
  void shouldFetchAndAdd() throws IOException {
    IbvSendWR request = atomic(IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD, mr.getAddr() + 64);
    request.getAtomic().setCompare_add(5);
    FfmPostSend post = (FfmPostSend) loop.qp.postSend(List.of(request), null);
    for (int i = 1; i <= 3; i++) {
      post.execute();
      assertEquals(SUCCESS, await().getStatus());
      assertEquals(5L * i, memory.get(JAVA_LONG, 64));
    }
    assertThrows(IllegalStateException.class, () -> post.getWrMod(0).getRdmaMod());
    post.free();
  }

  @Test
  void shouldPostAChainOfWritesWithItsOwnEntries() throws IOException {
    memory.set(JAVA_LONG, 0, 11);
    IbvSendWR first = request(IbvSendWR.IBV_WR_RDMA_WRITE, Long.BYTES);
    first.setSend_flags(0);
    first.getRdma().setRemote_addr(mr.getAddr() + 128);
    first.getRdma().setRkey(mr.getRkey());
    IbvSendWR second = request(IbvSendWR.IBV_WR_RDMA_WRITE, Long.BYTES);
    second.setWr_id(2);
    second.getRdma().setRemote_addr(mr.getAddr() + 256);
    second.getRdma().setRkey(mr.getRkey());
    FfmPostSend post = (FfmPostSend) loop.qp.postSend(List.of(first, second), null);
    post.getWrMod(1).getSgeMod(0).setAddr(mr.getAddr() + 128);
    post.getWrMod(1).setSend_flags(IbvSendWR.IBV_SEND_SIGNALED | IbvSendWR.IBV_SEND_FENCE);
    assertTrue(post.isValid());
    post.execute().free();
    assertFalse(post.isValid());
    assertEquals(2, await().getWr_id());
    assertEquals(11, memory.get(JAVA_LONG, 128));
    assertEquals(11, memory.get(JAVA_LONG, 256));
    assertThrows(IOException.class, post::execute);
  }

  @Test
  void shouldTellVendorErrorAndQueuePairOfAFailure() throws IOException {
    IbvSendWR request = request(IbvSendWR.IBV_WR_RDMA_READ, Long.BYTES);
    request.setWr_id(99);
    request.getRdma().setRemote_addr(mr.getAddr() + 4096);
    request.getRdma().setRkey(mr.getRkey());
    loop.qp.postSend(List.of(request), null).execute().free();
    IbvWC failed = await();
    assertEquals(IbvWC.IbvWcStatus.IBV_WC_REM_ACCESS_ERR.ordinal(), failed.getStatus());
    assertEquals(99, failed.getWr_id());
    assertEquals(loop.qp.number(), failed.getQp_num());
    if (FakeVerbs.isFake()) {
      assertEquals(FakeVerbs.VENDOR_ERROR, failed.getVendor_err());
    }
  }

  /** Not every device looks at the opcode before it takes a request. */
  @Test
  @Tag("fake")
  void shouldGiveBackWhatAFailingPostDidNotTake() throws IOException {
    List<IbvSendWR> bad = new ArrayList<>();
    List<IbvSendWR> chain = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      IbvSendWR request = request(IbvSendWR.IBV_WR_RDMA_READ, Long.BYTES);
      request.setOpcode(i == 2 ? 77 : IbvSendWR.IBV_WR_RDMA_READ);
      request.getRdma().setRemote_addr(mr.getAddr() + 512);
      request.getRdma().setRkey(mr.getRkey());
      chain.add(request);
    }
    FfmPostSend post = (FfmPostSend) loop.qp.postSend(chain, bad);
    IOException failure = assertThrows(IOException.class, post::execute);
    assertTrue(failure.getMessage().contains("request 2 of 4"), failure::getMessage);
    assertEquals(chain.subList(2, 4), bad);
    post.free();
  }

  @Test
  void shouldRegisterWholeBuffersAndRefuseHeapAndNegativeLengths() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(128);
    buffer.position(64).limit(72);
    IbvMr whole = loop.pd.regMr(buffer, Loopback.ALL).execute().free().getMr();
    assertEquals(128, whole.getLength());
    assertEquals(MemorySegment.ofBuffer(buffer).address() - 64, whole.getAddr());
    whole.deregMr().execute().free();
    assertFalse(whole.isOpen());
    assertThrows(IOException.class, () -> loop.pd.regMr(ByteBuffer.allocate(8), 1));
    assertTrue(
        assertThrows(IOException.class, () -> loop.pd.regMr(mr.getAddr(), -1, 1))
            .getMessage()
            .contains("FfmPd.register"));
    assertEquals(-1, loop.context.queryOdpSupport());
    assertEquals(95, mr.expPrefetchMr(mr.getAddr(), 8));
  }

  @Test
  void shouldNotAllocateWhenExecuted() throws IOException {
    Lanes.enter("verbs-fake", FakeVerbs.isFake(), "a device does not complete at once");
    FakeVerbs.noop(true);
    IbvSendWR request = request(IbvSendWR.IBV_WR_RDMA_READ, Long.BYTES);
    FfmPostSend post = (FfmPostSend) loop.qp.postSend(List.of(request), null);
    SVCPollCq poll = loop.cq.poll(completions, 2);
    loop.requests.read(0, 1, mr.addressLong(), 8, mr.lkey(), mr.addressLong(), mr.rkey(), true);
    executeMany(post, poll, 30_000);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    threads.getCurrentThreadAllocatedBytes();
    long before = threads.getCurrentThreadAllocatedBytes();
    executeMany(post, poll, 10_000);
    long allocatedBytes = threads.getCurrentThreadAllocatedBytes() - before;
    FakeVerbs.noop(false);
    post.free();
    poll.free();
    assertTrue(allocatedBytes < 10_000, allocatedBytes + " bytes in 10000 rounds");
  }

  private void executeMany(FfmPostSend post, SVCPollCq poll, int rounds) throws IOException {
    for (int i = 0; i < rounds; i++) {
      post.execute();
      poll.execute();
      loop.requests.post(loop.qp, 0, 1);
      loop.completions.poll(loop.cq);
    }
  }

  @Test
  void shouldWaitForEventsThatAreAcknowledged() throws IOException {
    try (FfmCompChannel channel = FfmCompChannel.create(loop.context);
        FfmCq cq = FfmCq.create(loop.context, channel, 16, 0);
        FfmQp qp = loop.pd.createQp(cq, cq, 4, 4, 0)) {
      Loopback.connect(qp, qp, Loopback.ALL);
      Loopback.connectTo(qp, qp);
      SVCReqNotify notify = cq.reqNotification(false);
      assertFalse(channel.getCqEvent(cq, 0));
      notify.execute().free();
      assertThrows(IOException.class, notify::execute);
      loop.requests.read(0, 1, mr.addressLong(), 8, mr.lkey(), mr.addressLong(), mr.rkey(), true);
      assertEquals(0, loop.requests.post(qp, 0, 1));
      assertTrue(channel.getCqEvent(cq, 5000));
      assertThrows(IOException.class, () -> cq.ackEvents(2));
      channel.destroyCompChannel();
    }
  }
}

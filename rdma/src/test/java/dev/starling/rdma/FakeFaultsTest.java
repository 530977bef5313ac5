package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.jextract.verbs.ibv_async_event;
import dev.starling.jextract.verbs.ibv_qp;
import dev.starling.jextract.verbs.ibv_send_wr;
import dev.starling.rdma.RawNode.Completion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the controls do to a device. */
@Timeout(60)
class FakeFaultsTest {
  private static final int ENOMEM = 12;
  private static final int EIO = 5;

  private RawNode node;

  @BeforeEach
  void open() {
    FakeVerbs.enterFake();
    assertEquals(0, FakeVerbs.reset(), "objects that an earlier test left");
    node = new RawNode(FakeVerbs.device());
  }

  @AfterEach
  void closeAll() {
    if (node != null) {
      FakeVerbs.noop(false);
      node.close();
      assertEquals(0, FakeVerbs.live("all"));
    }
  }

  @Test
  void shouldCompleteOnlyAfterAsManyPollsAsTheDelaySays() {
    MemorySegment a = node.pair()[0];
    FakeVerbs.setDelay(3);
    node.word(0, 4);
    assertEquals(0, node.post(a, node.write(1, 0, 10)));
    for (int poll = 0; poll < 3; poll++) {
      assertEquals(List.of(), node.poll());
      assertEquals(0, node.word(10), "no effect before its time");
    }
    assertEquals(List.of(0), node.statuses());
    assertEquals(4, node.word(10));
  }

  @Test
  void shouldReorderQueuePairsButNotTheRequestsOfOne() {
    long seed = 20260101;
    System.out.println("seed " + seed);
    MemorySegment a = node.pair()[0];
    MemorySegment b = node.pair()[0];
    FakeVerbs.setJitter(20, seed);
    List<Long> polled = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      assertEquals(0, node.post(i % 2 == 0 ? a : b, node.write(i, 0, 10)));
    }
    for (int poll = 0; poll < 40; poll++) {
      node.poll().forEach(completion -> polled.add(completion.id()));
    }
    assertEquals(6, polled.size());
    assertNotEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L), polled);
    assertEquals(List.of(0L, 2L, 4L), polled.stream().filter(id -> id % 2 == 0).toList());
    assertEquals(List.of(1L, 3L, 5L), polled.stream().filter(id -> id % 2 == 1).toList());

    FakeVerbs.setJitter(0, 0);
    FakeVerbs.setDelay(RawNode.num(a), 10);
    assertEquals(0, node.post(a, node.write(6, 0, 10)));
    assertEquals(0, node.post(b, node.write(7, 0, 10)));
    assertEquals(List.of(7L), node.poll().stream().map(Completion::id).toList());
  }

  @Test
  void shouldNotDelayRequestsOfAQueueThatIsArmedAndSoNotPolled() {
    MemorySegment[] pair = node.pair();
    MemorySegment notify = Ibverbs.ibv_req_notify_cq$pointer(node.context);
    FakeVerbs.setDelay(50);
    node.word(0, 4);
    assertEquals(0, node.post(pair[0], node.write(1, 0, 10)));
    assertEquals(0, Ibverbs.ibv_req_notify_cq(notify, node.cq.address(), 0));
    assertEquals(List.of(4L, 1L), List.of(node.word(10), FakeVerbs.stat("cq_events")));
    assertEquals(0, Ibverbs.ibv_req_notify_cq(notify, node.cq.address(), 0));
    assertEquals(0, node.post(pair[0], node.request(2, Ibverbs.IBV_WR_SEND(), 0, 0, 1)));
    assertEquals(1, FakeVerbs.stat("cq_events"), "there is no receive yet");
    assertEquals(0, node.postReceive(pair[1], 3, 20, 1));
    assertEquals(2, FakeVerbs.stat("cq_events"));
    assertEquals(List.of(0, 0, 0), node.statuses());
  }

  @Test
  void shouldFailTheCallThatIsNamed() {
    FakeVerbs.fail("ibv_reg_mr", 2, ENOMEM);
    MemorySegment first = node.made(node.register(RawNode.ALL_ACCESS));
    assertEquals(0, node.register(RawNode.ALL_ACCESS).address());
    assertEquals(ENOMEM, CallState.errno(node.callState));
    assertEquals(0, Ibverbs.ibv_dereg_mr(first));
    assertEquals(3, FakeVerbs.calls("ibv_reg_mr"));

    MemorySegment a = node.pair()[0];
    FakeVerbs.fail("ibv_post_send", 1, EIO);
    FakeVerbs.fail("ibv_poll_cq", 1, EIO);
    assertEquals(EIO, node.post(a, node.write(1, 0, 10)));
    assertEquals(
        -EIO,
        Ibverbs.ibv_poll_cq(Ibverbs.ibv_poll_cq$pointer(node.context), node.cq.address(), 1, 0));
    assertEquals(0, node.post(a, node.write(1, 0, 10)));
    assertEquals(List.of(0), node.statuses());
  }

  @Test
  void shouldNeverCompleteOnAMutedQueuePairUntilItFails() {
    MemorySegment a = node.pair()[0];
    FakeVerbs.mute(RawNode.num(a));
    node.word(0, 4);
    assertEquals(0, node.post(a, node.write(1, 0, 10)));
    for (int poll = 0; poll < 100; poll++) {
      assertEquals(List.of(), node.poll());
    }
    assertEquals(0, node.word(10));
    FakeVerbs.unmute(RawNode.num(a));
    assertEquals(List.of(0), node.statuses());

    FakeVerbs.mute(RawNode.num(a));
    assertEquals(0, node.post(a, node.write(2, 0, 11)));
    node.modify(a, Ibverbs.IBV_QPS_ERR(), Ibverbs.IBV_QP_STATE(), node.attributes(0, node));
    assertEquals(List.of(Ibverbs.IBV_WC_WR_FLUSH_ERR()), node.statuses());
    assertEquals(0, node.word(11));
  }

  @Test
  void shouldTakeEffectAndFailWhenTheReplyIsLost() {
    MemorySegment a = node.pair()[0];
    FakeVerbs.dropReply(RawNode.num(a));
    assertEquals(0, node.post(a, node.compareAndSwap(1, 0, 10, 0, 5)));
    assertEquals(List.of(Ibverbs.IBV_WC_RETRY_EXC_ERR()), node.statuses());
    assertEquals(5, node.word(10));
    assertEquals(0, node.post(a, node.write(2, 0, 10)));
    assertEquals(List.of(Ibverbs.IBV_WC_WR_FLUSH_ERR()), node.statuses());
  }

  @Test
  void shouldFailOneRequestWithoutEffectAndFlushTheRest() {
    MemorySegment a = node.pair()[0];
    FakeVerbs.setDelay(1);
    FakeVerbs.failRequest(RawNode.num(a), 2, Ibverbs.IBV_WC_FATAL_ERR());
    node.word(0, 4);
    for (int i = 0; i < 3; i++) {
      assertEquals(0, node.post(a, node.write(i, 0, 10 + i)));
    }
    assertEquals(List.of(), node.poll());
    assertEquals(
        List.of(0, Ibverbs.IBV_WC_FATAL_ERR(), Ibverbs.IBV_WC_WR_FLUSH_ERR()), node.statuses());
    assertEquals(List.of(4L, 0L, 0L), List.of(node.word(10), node.word(11), node.word(12)));
  }

  @Test
  void shouldReportAKilledQueuePairByAnEvent() {
    MemorySegment[] pair = node.pair();
    FakeVerbs.killQp(RawNode.num(pair[1]));
    MemorySegment event = ibv_async_event.allocate(node.arena);
    assertEquals(0, Ibverbs.ibv_get_async_event(node.callState, node.context, event));
    assertEquals(Ibverbs.IBV_EVENT_QP_FATAL(), ibv_async_event.event_type(event));
    Ibverbs.ibv_ack_async_event(event);
    assertEquals(0, node.post(pair[0], node.write(1, 0, 10)));
    assertEquals(List.of(Ibverbs.IBV_WC_RETRY_EXC_ERR()), node.statuses());
    FakeVerbs.asyncEvent(0, Ibverbs.IBV_EVENT_PORT_ERR(), 1);
    assertEquals(0, Ibverbs.ibv_get_async_event(node.callState, node.context, event));
    assertEquals(Ibverbs.IBV_EVENT_PORT_ERR(), ibv_async_event.event_type(event));
    assertEquals("", FakeVerbs.misuse());
  }

  @Test
  void shouldUndoAPlainStoreWhenAFailedCompareStoresBack() {
    FakeVerbs.setQuirks(FakeVerbs.QUIRK_CAS_STORES_BACK);
    MemorySegment a = node.pair()[0];
    MemorySegment b = node.pair()[0];
    node.word(10, 77);
    assertEquals(0, node.post(a, node.compareAndSwap(1, 0, 10, 1, 2)));
    node.word(10, 0);
    assertEquals(List.of(0), node.statuses());
    assertEquals(77, node.word(10), "the release by a plain store is lost");

    assertEquals(0, node.post(a, node.compareAndSwap(1, 0, 10, 1, 2)));
    assertEquals(0, node.post(b, node.compareAndSwap(2, 1, 10, 77, 0)));
    assertEquals(List.of(0, 0), node.statuses());
    assertEquals(0, node.word(10), "a release by an atomic is not");
    assertEquals(1, FakeVerbs.stat("undone"));
  }

  @Test
  void shouldCountAnOverflowOfACompletionQueue() {
    MemorySegment qp = null;
    for (int i = 0; i < 65; i++) {
      qp = i % RawNode.MAX_SEND_WR == 0 ? node.pair()[0] : qp;
      assertEquals(0, node.post(qp, node.write(i, 0, 10)));
    }
    assertEquals(1, FakeVerbs.stat("overflows"));
    assertEquals(Ibverbs.IBV_QPS_ERR(), ibv_qp.state(qp));
    assertEquals("a completion queue of 64 entries overflowed", FakeVerbs.misuse());
  }

  @Test
  void shouldOnlyCountWhenNothingIsToBeDone() {
    MemorySegment a = node.pair()[0];
    FakeVerbs.noop(true);
    node.word(0, 4);
    MemorySegment first = node.write(1, 0, 10);
    MemorySegment second = node.write(2, 0, 11);
    ibv_send_wr.send_flags(first, 0);
    ibv_send_wr.next(first, second);
    long before = FakeVerbs.calls("ibv_post_send");
    assertEquals(0, node.post(a, first));
    assertEquals(List.of(2L), node.poll().stream().map(Completion::id).toList());
    assertEquals(List.of(), node.poll());
    assertEquals(0, node.word(10));
    assertEquals(before + 1, FakeVerbs.calls("ibv_post_send"));
  }

  @Test
  void shouldListAsManyDevicesAsItIsTold() {
    FakeVerbs.setDeviceCount(0);
    MemorySegment count = node.arena.allocate(ValueLayout.JAVA_INT);
    MemorySegment list = Ibverbs.ibv_get_device_list(node.callState, count);
    assertEquals(0, count.get(ValueLayout.JAVA_INT, 0));
    assertEquals(1, FakeVerbs.live("device_lists"));
    Ibverbs.ibv_free_device_list(list);
  }
}

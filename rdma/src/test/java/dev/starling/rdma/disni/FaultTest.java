package dev.starling.rdma.disni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import dev.starling.jextract.Lanes;
import dev.starling.rdma.FakeVerbs;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each verb fails at each of its calls: one sentence, and nothing is left. */
@Timeout(60)
class FaultTest {
  private static final int ENOMEM = 12;
  private static final int MAX_CALLS = 20;

  @BeforeEach
  void enter() {
    VerbsState.enter();
    Lanes.enter("verbs-fake", FakeVerbs.isFake(), "a device cannot be told to fail");
  }

  @AfterEach
  void checkLeaks() {
    VerbsState.assertNothingLeft();
  }

  /** What is done while a verb fails. */
  private interface Scenario {
    void run() throws Exception;
  }

  private static void failAtEveryCall(String verb, Scenario scenario) throws Exception {
    for (int nth = 1; nth <= MAX_CALLS; nth++) {
      FakeVerbs.reset();
      FakeVerbs.fail(verb, nth, ENOMEM);
      try {
        scenario.run();
        assertTrue(nth > 1, () -> "the scenario never calls " + verb);
        return;
      } catch (VerbsException | IOException failure) {
        String message = failure.getMessage();
        assertTrue(message.contains(verb) && message.contains("ENOMEM"), message);
        assertTrue(message.contains(": ") && !message.contains("\n"), message);
      }
      VerbsState.assertNothingLeft();
    }
    fail("%s was called more than %d times".formatted(verb, MAX_CALLS));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ibv_get_device_list",
        "ibv_open_device",
        "ibv_query_device",
        "ibv_query_port",
        "ibv_query_gid",
        "ibv_alloc_pd",
        "ibv_create_cq",
        "ibv_create_qp",
        "ibv_modify_qp",
        "ibv_query_qp",
        "ibv_reg_mr",
        "ibv_reg_mr_iova2"
      })
  void shouldLeaveNothingWhenADirectBringUpFails(String verb) throws Exception {
    failAtEveryCall(
        verb,
        () -> {
          try (Loopback loop = new Loopback();
              FfmMr mr = loop.pd.register(loop.memory(64), Loopback.ALL);
              FfmMr relaxed = loop.pd.register(loop.memory(64), Loopback.ALL | 1 << 20)) {
            assertEquals(QpState.RTS, loop.qp.state());
            assertTrue(mr.lkey() != relaxed.lkey());
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rdma_create_event_channel",
        "rdma_create_id",
        "rdma_bind_addr",
        "rdma_listen",
        "rdma_resolve_addr",
        "rdma_resolve_route",
        "rdma_get_cm_event",
        "rdma_create_qp",
        "rdma_connect",
        "rdma_accept",
        "rdma_disconnect",
        "ibv_create_comp_channel",
        "ibv_query_device"
      })
  void shouldLeaveNothingWhenAConnectionFails(String verb) throws Exception {
    failAtEveryCall(verb, FaultTest::connection);
  }

  private static void connection() throws IOException {
    try (CmSide listener = new CmSide();
        CmSide server = new CmSide();
        CmSide client = new CmSide()) {
      client.resolve(listener.listen());
      client.makeQueuePair(client.id);
      client.id.connect(CmSide.parameters());
      RdmaCmId accepted = listener.expect(EventType.RDMA_CM_EVENT_CONNECT_REQUEST).getConnIdPriv();
      server.makeQueuePair(accepted);
      accepted.accept(CmSide.parameters());
      client.expect(EventType.RDMA_CM_EVENT_ESTABLISHED);
      client.id.disconnect();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ibv_dereg_mr",
        "ibv_destroy_qp",
        "ibv_destroy_cq",
        "ibv_dealloc_pd",
        "ibv_close_device"
      })
  void shouldCloseWhenAClosingVerbFailedBefore(String verb) throws Exception {
    FakeVerbs.fail(verb, 1, ENOMEM);
    Loopback loop = new Loopback();
    FfmMr mr = loop.pd.register(loop.memory(64), Loopback.ALL);
    int failures = 0;
    for (int attempt = 0; attempt < 2; attempt++) {
      try {
        mr.close();
        loop.close();
      } catch (VerbsException failure) {
        assertTrue(failure.getMessage().contains(verb), failure::getMessage);
        failures++;
      }
    }
    assertEquals(1, failures);
  }
}

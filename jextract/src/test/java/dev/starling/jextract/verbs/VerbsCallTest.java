package dev.starling.jextract.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.ChildJvm;
import dev.starling.jextract.CompiledHeaders;
import dev.starling.jextract.Lanes;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls the bindings without a device: against no library, against a stub that stands for an old
 * one, and against the library of this machine.
 */
@Timeout(120)
class VerbsCallTest {
  /** A library that has few functions, and a context whose table has those of a driver. */
  private static final String STUB =
      """
      #include <errno.h>
      #include <infiniband/verbs.h>
      struct ibv_device **(ibv_get_device_list)(int *n) { errno = ENOSYS; return 0; }
      struct ibv_mr *(ibv_reg_mr)(struct ibv_pd *pd, void *addr, size_t length, int access) {
        return (struct ibv_mr *) 1;
      }
      struct ibv_mr *(ibv_reg_mr_iova2)(struct ibv_pd *pd, void *addr, size_t length,
                                        uint64_t iova, unsigned int access) {
        return (struct ibv_mr *) ((uintptr_t) addr == iova ? (uintptr_t) access : 0);
      }
      #define IS(pointer, value) ((uintptr_t) (pointer) == 0x7f0000000000ull + value)
      static int poll_cq(struct ibv_cq *cq, int n, struct ibv_wc *wc) {
        return IS(cq, 1) && n == 2 && IS(wc, 3) ? 11 : -1;
      }
      static int req_notify_cq(struct ibv_cq *cq, int solicited) {
        return IS(cq, 1) && solicited == 1 ? 12 : -1;
      }
      static int post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad) {
        return IS(qp, 1) && IS(wr, 2) && IS(bad, 3) ? 13 : -1;
      }
      static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad) {
        return IS(qp, 1) && IS(wr, 2) && IS(bad, 3) ? 14 : -1;
      }
      struct ibv_context stub_context = {
        .ops = { .poll_cq = poll_cq, .req_notify_cq = req_notify_cq,
                 .post_send = post_send, .post_recv = post_recv } };
      """;

  private static final long BASE = 0x7f0000000000L;

  @TempDir Path folder;

  @Test
  void shouldSayInOneSentenceWhatIsMissingWhenThereIsNoLibrary() throws Exception {
    List<String> lines =
        ChildJvm.run(
            VerbsProbe.class,
            "--enable-native-access=ALL-UNNAMED",
            "-Dstarling.ibverbs.library=/none/ibverbs.so",
            "-Dstarling.rdmacm.library=/none/rdmacm.so");
    String ofVerbs = missing("/none/ibverbs.so", "starling.ibverbs.library");
    String ofRdmacm = missing("/none/rdmacm.so", "starling.rdmacm.library");
    assertEquals("false T" + ofVerbs, lines.get(0));
    assertEquals("false T" + ofRdmacm, lines.get(1));
    assertEquals(refused("ibv_get_device_list", "t" + ofVerbs), lines.get(2));
    assertEquals(refused("ibv_reg_mr", "t" + ofVerbs), lines.get(3));
    assertEquals(refused("ibv_reg_mr_iova2", "t" + ofVerbs), lines.get(4));
    assertEquals(refused("ibv_reg_dmabuf_mr", "t" + ofVerbs), lines.get(5));
    assertEquals(refused("rdma_create_event_channel", "t" + ofRdmacm), lines.get(7));
    assertEquals("128", lines.get(8), "structs need no library");
  }

  @Test
  void shouldNameTheFlagWhenNativeAccessIsDenied() throws Exception {
    List<String> lines = ChildJvm.run(VerbsProbe.class, "--illegal-native-access=deny");
    String denied = "because this JVM denies native access: start java with";
    for (String line : lines.subList(0, 8)) {
      assertTrue(line.contains(denied), line);
    }
    assertTrue(lines.get(6).startsWith("The function 'ibv_poll_cq' of libibverbs "), lines.get(6));
    assertEquals("128", lines.get(8), "structs need no native access");
  }

  @Test
  void shouldCallWhatAnOldLibraryHasAndNameTheVersionForTheRest() throws Exception {
    Path library = stub();
    List<String> lines =
        ChildJvm.run(
            VerbsProbe.class,
            "--enable-native-access=ALL-UNNAMED",
            "-Dstarling.ibverbs.library=" + library,
            "-Dstarling.rdmacm.library=" + library);
    assertEquals("true ", lines.get(0));
    assertEquals("0 errno 38", lines.get(2));
    assertEquals("1", lines.get(3), "flags that every kernel knows go to ibv_reg_mr");
    assertEquals(
        String.valueOf(7 | Ibverbs.IBV_ACCESS_RELAXED_ORDERING()),
        lines.get(4),
        "optional flags go to ibv_reg_mr_iova2");
    assertEquals(
        refused(
            "ibv_reg_dmabuf_mr",
            "the library '%s' on this machine does not have it: install rdma-core 34 or newer."
                .formatted(library)),
        lines.get(5));
  }

  @Test
  @SuppressWarnings("restricted")
  void shouldCallTheDriverThroughTheTableOfTheContext() throws Exception {
    Path library = stub();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment context =
          SymbolLookup.libraryLookup(library, arena).findOrThrow("stub_context");
      MemorySegment pollCq = Ibverbs.ibv_poll_cq$pointer(context);
      MemorySegment notifyCq = Ibverbs.ibv_req_notify_cq$pointer(context);
      MemorySegment postSend = Ibverbs.ibv_post_send$pointer(context);
      MemorySegment postRecv = Ibverbs.ibv_post_recv$pointer(context);
      assertEquals(11, Ibverbs.ibv_poll_cq(pollCq, BASE + 1, 2, BASE + 3));
      assertEquals(12, Ibverbs.ibv_req_notify_cq(notifyCq, BASE + 1, 1));
      assertEquals(13, Ibverbs.ibv_post_send(postSend, BASE + 1, BASE + 2, BASE + 3));
      assertEquals(14, Ibverbs.ibv_post_recv(postRecv, BASE + 1, BASE + 2, BASE + 3));
    }
  }

  @Test
  @SuppressWarnings("restricted")
  void shouldFindEveryFunctionInTheLibrariesOfThisMachine() {
    enterLibraries();
    Set<String> missing = new TreeSet<>();
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup ibverbs = SymbolLookup.libraryLookup("libibverbs.so.1", arena);
      SymbolLookup rdmacm = SymbolLookup.libraryLookup("librdmacm.so.1", arena);
      missing.addAll(VerbsBindings.functions(Ibverbs.class).keySet());
      missing.removeIf(name -> ibverbs.find(name).isPresent());
      assertEquals(
          Set.of("ibv_poll_cq", "ibv_post_recv", "ibv_post_send", "ibv_req_notify_cq"),
          missing,
          "only inline functions are no symbols");
      missing.clear();
      missing.addAll(VerbsBindings.functions(Rdmacm.class).keySet());
      missing.removeIf(name -> rdmacm.find(name).isPresent());
      assertEquals(Set.of(), missing);
    }
  }

  @Test
  void shouldDescribeConstantsAsTheLibraryDoes() {
    enterLibraries();
    assertEquals(
        "transport retry counter exceeded",
        Ibverbs.string(Ibverbs.ibv_wc_status_str(Ibverbs.IBV_WC_RETRY_EXC_ERR())));
    assertEquals(
        "port active", Ibverbs.string(Ibverbs.ibv_event_type_str(Ibverbs.IBV_EVENT_PORT_ACTIVE())));
    assertEquals(
        "InfiniBand channel adapter",
        Ibverbs.string(Ibverbs.ibv_node_type_str(Ibverbs.IBV_NODE_CA())));
    assertEquals("active", Ibverbs.string(Ibverbs.ibv_port_state_str(Ibverbs.IBV_PORT_ACTIVE())));
    assertEquals(
        "RDMA_CM_EVENT_ESTABLISHED",
        Ibverbs.string(Rdmacm.rdma_event_str(Rdmacm.RDMA_CM_EVENT_ESTABLISHED())));
    assertEquals("", Ibverbs.string(MemorySegment.NULL));
  }

  @Test
  void shouldListTheDevicesOfThisMachineOrLeaveErrno() {
    enterLibraries();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cs = CallState.allocate(arena);
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment list = Ibverbs.ibv_get_device_list(cs, count);
      if (list.equals(MemorySegment.NULL)) {
        assertNotEquals(0, CallState.errno(cs), "no list and no reason");
      } else {
        assertTrue(count.get(ValueLayout.JAVA_INT, 0) >= 0);
        Ibverbs.ibv_free_device_list(list);
      }
    }
  }

  private Path stub() throws Exception {
    Lanes.enter(
        "verbs-headers",
        CompiledHeaders.haveCompiler() && CompiledHeaders.have(folder, "infiniband/verbs.h"),
        "there is no 'cc' or no header <infiniband/verbs.h>; install gcc and libibverbs-dev");
    return CompiledHeaders.library(folder, STUB);
  }

  private static void enterLibraries() {
    for (String reason : List.of(Ibverbs.unavailableReason(), Rdmacm.unavailableReason())) {
      Lanes.enter(
          "verbs-headers", reason.isEmpty(), "a library is not loaded (%s)".formatted(reason));
    }
  }

  /** The sentence about a missing file without its first letter. */
  private static String missing(String file, String property) {
    return ("he library '%s' cannot be loaded on this machine: -D%s names it,"
            + " so correct or remove that property.")
        .formatted(file, property);
  }

  private static String refused(String function, String reason) {
    assertFalse(reason.isEmpty());
    return "The function '%s' cannot be called because %s".formatted(function, reason);
  }
}

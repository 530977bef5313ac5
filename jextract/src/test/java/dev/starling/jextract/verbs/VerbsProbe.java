package dev.starling.jextract.verbs;

import dev.starling.jextract.NativeAccessException;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/** Main class of the child JVM in {@link VerbsCallTest}: prints what calls give or say. */
final class VerbsProbe {
  private static final MemorySegment NULL = MemorySegment.NULL;

  private VerbsProbe() {}

  public static void main(String[] args) {
    System.out.println(Ibverbs.isAvailable() + " " + Ibverbs.unavailableReason());
    System.out.println(Rdmacm.isAvailable() + " " + Rdmacm.unavailableReason());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cs = CallState.allocate(arena);
      MemorySegment memory = MemorySegment.ofAddress(4096);
      int relaxed = Ibverbs.IBV_ACCESS_RELAXED_ORDERING();
      attempt(
          () -> Ibverbs.ibv_get_device_list(cs, NULL).address() + " errno " + CallState.errno(cs));
      attempt(() -> Ibverbs.__ibv_reg_mr(cs, NULL, memory, 1, 7).address());
      attempt(() -> Ibverbs.__ibv_reg_mr(cs, NULL, memory, 1, 7 | relaxed).address());
      attempt(() -> Ibverbs.ibv_reg_dmabuf_mr(cs, NULL, 0, 0, 0, 0, 0));
      attempt(() -> Ibverbs.ibv_poll_cq(NULL, 0, 0, 0));
      attempt(() -> Rdmacm.rdma_create_event_channel(cs));
      attempt(() -> ibv_send_wr.allocate(arena).byteSize());
    }
  }

  private static void attempt(Supplier<Object> call) {
    try {
      System.out.println(call.get());
    } catch (NativeAccessException | IllegalArgumentException e) {
      System.out.println(e.getMessage());
    }
  }
}

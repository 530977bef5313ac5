package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class CpuKernelsTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  @Test
  void shouldComputeWithTheDocumentedFormulasAndRisingTickets() {
    try (Arena arena = Arena.ofConfined();
        Kernels kernels = new CpuKernels()) {
      MemorySegment x = arena.allocateFrom(FLOAT, 8f);
      MemorySegment y = arena.allocateFrom(FLOAT, 1f);
      MemorySegment u = arena.allocateFrom(FLOAT, 4f);
      MemorySegment out = arena.allocate(FLOAT);
      MemorySegment other = arena.allocate(FLOAT);
      long[] tickets = new long[10];

      tickets[0] = kernels.average(x, 0, y, 0, out, 0, 1);
      assertEquals(4.5f, out.get(FLOAT, 0));
      tickets[1] = kernels.averageBoth(x, 0, u, 0, out, 0, other, 0, 1);
      assertEquals(6f, out.get(FLOAT, 0));
      assertEquals(6f, other.get(FLOAT, 0));
      tickets[2] = kernels.step(x, 0, u, 0, out, 0, 0.5f, 0.5f, 1);
      assertEquals(2f, out.get(FLOAT, 0));
      tickets[3] = kernels.stepAverage(x, 0, u, 0, y, 0, out, 0, 0.5f, 0.5f, 1);
      assertEquals(1.5f, out.get(FLOAT, 0));
      tickets[4] = kernels.stepAverageBoth(x, 0, u, 0, y, 0, out, 0, other, 0, 0.5f, 1f, 1);
      assertEquals(3.5f, out.get(FLOAT, 0));
      assertEquals(3.5f, other.get(FLOAT, 0));
      tickets[5] = kernels.momentum(out, 0, u, 0, 2f, 1);
      assertEquals(11f, out.get(FLOAT, 0));
      tickets[6] = kernels.scale(out, 0, 2f, 1);
      assertEquals(22f, out.get(FLOAT, 0));
      tickets[7] = kernels.nesterov(out, 0, u, 0, 0.5f, 1);
      assertEquals(15f, out.get(FLOAT, 0), "0.5 * 22 + 4");
      assertEquals(11.5f, u.get(FLOAT, 0), "0.5 * 15 + 4");
      MemorySegment second = arena.allocateFrom(FLOAT, 12f);
      tickets[8] = kernels.adam(x, 0, second, 0, y, 0, 0.5f, 0.75f, 8f, 4f, 3f, 1);
      assertEquals(4.5f, x.get(FLOAT, 0), "0.5 * 8 + 1 * 0.5");
      assertEquals(9.25f, second.get(FLOAT, 0), "0.75 * 12 + 1 * 0.25");
      assertEquals(36f / ((float) Math.sqrt(37) + 3f), y.get(FLOAT, 0), "4.5 * 8 / (.. + 3)");

      tickets[9] = kernels.accumulate(out, 0, u, 0, 1);
      assertEquals(26.5f, out.get(FLOAT, 0), "15 + 11.5");

      assertTrue(tickets[0] > 0);
      for (int i = 0; i < tickets.length; i++) {
        assertTrue(kernels.isComplete(tickets[i]));
        assertTrue(i == 0 || tickets[i] > tickets[i - 1]);
      }
    }
  }

  @Test
  void shouldRefuseWhenTicketWasNeverIssued() {
    try (Kernels kernels = new CpuKernels()) {
      IllegalArgumentException thrown =
          assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(1));
      assertTrue(thrown.getMessage().contains("Ticket 1"), thrown.getMessage());
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(0));
    }
  }

  @Test
  void shouldIssueNoTicketWhenArgumentsAreRefused() {
    try (Arena arena = Arena.ofConfined();
        Kernels kernels = new CpuKernels()) {
      MemorySegment x = arena.allocateFrom(FLOAT, 8f);
      assertThrows(IndexOutOfBoundsException.class, () -> kernels.average(x, 0, x, 0, x, 0, 2));
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(1));
    }
  }

  @Test
  void shouldNameTheVectorWidthWhenDescribed() {
    try (Kernels kernels = new CpuKernels()) {
      assertTrue(
          kernels.description().matches("CPU, (128|256|512)-bit vectors"), kernels::description);
    }
  }
}

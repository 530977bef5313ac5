package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class GradientMailboxTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private static void write(GradientMailbox mailbox, int count, float value) {
    for (int i = 0; i < count; i++) {
      mailbox.writing().setAtIndex(FLOAT, i, value);
    }
  }

  @Test
  void shouldHandOverWhatWasSubmittedOnce() {
    try (GradientMailbox mailbox = new GradientMailbox(8)) {
      assertFalse(mailbox.take());
      MemorySegment first = mailbox.writing();
      write(mailbox, 8, 3f);
      assertFalse(mailbox.submit(17));
      assertNotEquals(first.address(), mailbox.writing().address());
      assertFalse(mailbox.isEmpty());
      assertTrue(mailbox.take());
      assertTrue(mailbox.isEmpty());
      assertFalse(mailbox.take());
      assertEquals(first.address(), mailbox.applying().address());
      assertEquals(1, mailbox.count());
      assertEquals(17, mailbox.readVersion(0));
      assertEquals(3f, mailbox.applying().getAtIndex(FLOAT, 7));
    }
  }

  @Test
  void shouldAddToTheWaitingGradientWhenTheAgentIsBehind() {
    try (GradientMailbox mailbox = new GradientMailbox(8)) {
      for (int i = 1; i <= 5; i++) {
        write(mailbox, 8, i);
        assertEquals(i > 1, mailbox.submit(i));
      }
      assertTrue(mailbox.take());
      assertEquals(5, mailbox.count());
      assertEquals(15f, mailbox.applying().getAtIndex(FLOAT, 0));
      for (int i = 0; i < 5; i++) {
        assertEquals(i + 1, mailbox.readVersion(i));
      }
    }
  }

  @Test
  void shouldKeepTheTakenBufferApartFromLaterSubmits() {
    try (GradientMailbox mailbox = new GradientMailbox(4)) {
      write(mailbox, 4, 1f);
      mailbox.submit(0);
      assertTrue(mailbox.take());
      MemorySegment taken = mailbox.applying();
      for (int i = 0; i < 10; i++) {
        write(mailbox, 4, 100f);
        mailbox.submit(1);
        assertNotEquals(taken.address(), mailbox.writing().address());
      }
      assertEquals(1f, taken.getAtIndex(FLOAT, 0));
    }
  }

  @Test
  void shouldShareTheLastVersionPlaceWhenMoreAreMergedThanItKeeps() {
    try (GradientMailbox mailbox = new GradientMailbox(1)) {
      int merged = GradientMailbox.MAX_VERSIONS + 10;
      for (int i = 0; i < merged; i++) {
        write(mailbox, 1, 1f);
        mailbox.submit(i);
      }
      assertTrue(mailbox.take());
      assertEquals(merged, mailbox.count());
      assertEquals(merged, mailbox.applying().getAtIndex(FLOAT, 0));
      assertEquals(merged - 1, mailbox.readVersion(merged - 1));
    }
  }

  /**
   * Two real threads: everything submitted arrives once, whole, and neither side ever repeats
   * without bound.
   */
  @Test
  void shouldLoseAndDuplicateNothingUnderStress_I7() throws Exception {
    int count = 33;
    int submits = 300_000;
    try (GradientMailbox mailbox = new GradientMailbox(count)) {
      AtomicLong gradients = new AtomicLong();
      AtomicLong sum = new AtomicLong();
      AtomicLong torn = new AtomicLong();
      Thread agent =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (gradients.get() < submits) {
                      if (!mailbox.take()) {
                        Thread.onSpinWait();
                        continue;
                      }
                      float value = mailbox.applying().getAtIndex(FLOAT, 0);
                      for (int i = 1; i < count; i++) {
                        if (mailbox.applying().getAtIndex(FLOAT, i) != value) {
                          torn.incrementAndGet();
                        }
                      }
                      sum.addAndGet((long) value);
                      gradients.addAndGet(mailbox.count());
                    }
                  });
      long merged = 0;
      for (int i = 0; i < submits; i++) {
        write(mailbox, count, 1f);
        merged += mailbox.submit(i) ? 1 : 0;
      }
      agent.join();
      assertEquals(submits, gradients.get());
      assertEquals(submits, sum.get());
      assertEquals(0, torn.get());
      System.out.println("GradientMailbox: " + submits + " submits, " + merged + " merged");
    }
  }
}

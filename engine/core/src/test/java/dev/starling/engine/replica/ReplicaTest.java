package dev.starling.engine.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReplicaTest {
  private static final ReplicaLayout LAYOUT = ReplicaLayout.of(2, 100, 1 << 20);

  @Test
  void shouldLayOutNothingTwiceWhenShapesAreRandom() {
    long seed = System.nanoTime();
    System.out.println("ReplicaTest seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      long[] stripes = random.longs(1 + random.nextInt(40), 1, 1_000_000).toArray();
      int workers = 1 + random.nextInt(300);
      ReplicaLayout layout = ReplicaLayout.ofStripes(workers, stripes);
      long end = ReplicaLayout.ATTACHMENTS_OFFSET + (long) workers * AttachmentTable.RECORD_BYTES;
      for (int stripe = 0; stripe < stripes.length; stripe++) {
        assertTrue(layout.lineOffset(stripe) >= end);
        assertEquals(0, layout.lineOffset(stripe) % ControlLine.LENGTH_BYTES);
        end = layout.lineOffset(stripe) + ControlLine.LENGTH_BYTES;
      }
      for (int stripe = 0; stripe < stripes.length; stripe++) {
        for (int plane = 0; plane < 3; plane++) {
          assertTrue(layout.planeOffset(stripe, plane) >= end);
          boolean huge = layout.stripeLengthBytes(stripe) >= ReplicaLayout.HUGE_ALIGNMENT;
          long alignment = huge ? ReplicaLayout.HUGE_ALIGNMENT : ReplicaLayout.PLANE_ALIGNMENT;
          assertEquals(0, layout.planeOffset(stripe, plane) % alignment);
          assertEquals(0, layout.planeOffset(stripe, 3) % alignment);
          end = layout.planeOffset(stripe, plane) + layout.stripeLengthBytes(stripe);
        }
      }
      assertTrue(layout.reservedBytes() >= end);
      end = layout.reservedBytes();
      for (int stripe = 0; stripe < stripes.length; stripe++) {
        assertTrue(layout.planeOffset(stripe, 3) >= end);
        end = layout.planeOffset(stripe, 3) + layout.stripeLengthBytes(stripe);
      }
      assertTrue(layout.lengthBytes() >= end);
    }
  }

  @Test
  void shouldAddressModelsOverTwoToThe31Bytes() {
    ReplicaLayout layout = ReplicaLayout.of(4, 3_000_000_000L, 64 << 20);
    assertEquals(179, layout.stripes());
    assertTrue(layout.planeOffset(178, 2) > 1L << 35);
    assertEquals(3_000_000_000L, layout.stripeStart(178) + layout.stripeParameters(178));
  }

  @Test
  void shouldNameTheNumberWhenAShapeIsAbsurd() {
    assertThrows(ConfigurationException.class, () -> ReplicaLayout.of(0, 1, 64));
    assertThrows(ConfigurationException.class, () -> ReplicaLayout.of(1, Long.MAX_VALUE, 64));
    assertThrows(ConfigurationException.class, () -> ReplicaLayout.of(1, 1L << 39, 64));
    assertThrows(ConfigurationException.class, () -> ReplicaLayout.ofStripes(1));
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> ReplicaLayout.ofStripes(1, 5, 0));
    assertTrue(failure.getMessage().startsWith("parameters of stripe 1=0"), failure.getMessage());
  }

  @Test
  void shouldPublishTheInitialModelInPlaneZero() {
    try (Arena arena = Arena.ofConfined();
        Replica replica = Replica.createPrivate(LAYOUT, 7, 1)) {
      MemorySegment model = arena.allocate(400);
      model.setAtIndex(ValueLayout.JAVA_FLOAT, 99, 5f);
      replica.initialise(model);
      long word = replica.pin(0);
      assertEquals(0, LockWord.current(word));
      assertEquals(0, LockWord.version(word));
      assertEquals(
          5f, replica.segment().get(ValueLayout.JAVA_FLOAT, LAYOUT.planeOffset(0, 0) + 396));
      assertEquals(0, ControlLine.pinned(replica.guardWord(0)));
      replica.unpin(0);
      assertEquals(-1, ControlLine.pinned(replica.guardWord(0)));
    }
  }

  @Test
  void shouldKeepThePinWhenAPlaneIsQuarantinedAndLifted() {
    try (Replica replica = Replica.createPrivate(LAYOUT, 7, 1)) {
      replica.pin(0);
      replica.quarantine(0, 2);
      replica.quarantine(0, 1);
      assertEquals(0b110, ControlLine.quarantined(replica.guardWord(0)));
      assertEquals(0, ControlLine.pinned(replica.guardWord(0)));
      replica.liftQuarantine(0, 2);
      assertEquals(0b010, ControlLine.quarantined(replica.guardWord(0)));
      replica.unpin(0);
      assertEquals(0b010, ControlLine.quarantined(replica.guardWord(0)));
    }
  }

  @Test
  void shouldNameTheFieldWhenAPeersRegionDiffers() {
    try (Replica replica = Replica.createPrivate(LAYOUT, 7, 1)) {
      MemorySegment region = replica.segment();
      RegionHeader.requireMatch("peer", region, LAYOUT, 7, 1);
      assertDiffers("job id 7 but this worker has 8", region, LAYOUT, 8, 1);
      assertDiffers("rank 1 but this worker has 0", region, LAYOUT, 7, 0);
      assertDiffers("workers 2 but", region, ReplicaLayout.of(3, 100, 1 << 20), 7, 1);
      assertDiffers("parameters 100 but", region, ReplicaLayout.of(2, 101, 1 << 20), 7, 1);
      assertDiffers("stripes 1 but", region, ReplicaLayout.of(2, 100, 64), 7, 1);
      assertDiffers("not a Starling region", region.asSlice(64), LAYOUT, 7, 1);
      assertNotEquals(
          ReplicaLayout.ofStripes(2, 40, 60).shapeHash(),
          ReplicaLayout.ofStripes(2, 60, 40).shapeHash());
    }
  }

  private static void assertDiffers(
      String part, MemorySegment region, ReplicaLayout layout, long jobId, int rank) {
    StarlingException failure =
        assertThrows(
            StarlingException.class,
            () -> RegionHeader.requireMatch("peer", region, layout, jobId, rank));
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }

  @Test
  void shouldIssueRisingEpochsAndRememberAcknowledgements() {
    try (Replica replica = Replica.createPrivate(LAYOUT, 7, 1)) {
      MemorySegment region = replica.segment();
      assertEquals(1, AttachmentTable.issueEpoch(region, 0, 0));
      assertEquals(2, AttachmentTable.issueEpoch(region, 0, 0));
      assertEquals(1, AttachmentTable.issueEpoch(region, 1, 0));
      assertEquals(2, AttachmentTable.epoch(AttachmentTable.attachment(region, 0)));
      assertEquals(1, replica.countFence(0));
      assertEquals(2, replica.countFence(0));
      AttachmentTable.acknowledge(region, 0, 2);
      assertEquals(2, AttachmentTable.acknowledged(region, 0));
      assertEquals(0, AttachmentTable.acknowledged(region, 1));
    }
  }
}

package dev.starling.engine.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.memory.SharedFile;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.RegionHeader;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Regions of the living, the dead and their successors. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShmFabricTest {
  private static final ReplicaLayout LAYOUT = ReplicaLayout.of(3, 100, 1 << 20);

  private final long job = ThreadLocalRandom.current().nextLong() >>> 1;
  private Path directory;
  private ShmFabric fabric;

  @BeforeEach
  void open() throws IOException {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "fabric-test-");
    fabric = new ShmFabric(directory);
  }

  @AfterEach
  void close() throws IOException {
    Files.delete(directory);
  }

  private Replica replica(int rank, int incarnation) {
    return Replica.createShared(
        fabric.regionPath(job, rank, incarnation), LAYOUT, job, rank, incarnation);
  }

  /** What a kill leaves: the file with its header, and nobody's lock on it. */
  private RegionDescriptor leftBehind(int rank, int incarnation) throws IOException {
    RegionDescriptor region = fabric.describe(job, rank, incarnation);
    Path path = Path.of(region.address());
    Path copy = directory.resolve("copy");
    try (Replica replica = replica(rank, incarnation)) {
      assertEquals(incarnation, replica.incarnation());
      Files.copy(path, copy);
    }
    Files.move(copy, path);
    return region;
  }

  @Test
  void shouldRemoveAndPoisonTheRegionOfADeadWorker() throws IOException {
    RegionDescriptor dead = leftBehind(1, 0);
    assertTrue(fabric.isDead(dead));
    try (Remote connected = fabric.connect(dead, LAYOUT, 0, 0)) {
      assertEquals(PeerState.DEAD, connected.state());
      fabric.removeDead(dead);
      assertFalse(Files.exists(Path.of(dead.address())));
      assertEquals(RegionHeader.STATE_POISONED, RegionHeader.state(connected.direct()));
      assertEquals(PeerState.DEAD, connected.state());
    }
    fabric.removeDead(dead);
    assertTrue(fabric.isDead(dead), "and stays dead");
  }

  @Test
  void shouldRemoveAnEmptyFileWhenItsOwnerWasKilledWhileItCreatedTheRegion() throws IOException {
    RegionDescriptor unborn = fabric.describe(job, 1, 0);
    Path path = Files.createFile(Path.of(unborn.address()));
    StarlingException refused =
        assertThrows(StarlingException.class, () -> fabric.connect(unborn, LAYOUT, 0, 0));
    assertTrue(refused.getMessage().startsWith(path + " is empty"), refused.getMessage());
    fabric.removeDead(unborn);
    assertFalse(Files.exists(path));
  }

  @Test
  void shouldLeaveTheRegionOfALivingWorkerAlone() {
    try (Replica living = replica(1, 0)) {
      RegionDescriptor region = fabric.expose(living);
      fabric.removeDead(region);
      assertFalse(fabric.isDead(region));
      assertEquals(RegionHeader.STATE_OPEN, RegionHeader.state(living.segment()));
      try (Remote remote = fabric.connect(region, LAYOUT, 0, 0)) {
        assertEquals(PeerState.ALIVE, remote.state());
      }
    }
  }

  @Test
  void shouldTellWhoLeftFromWhoDied() {
    Remote remote;
    try (Replica living = replica(1, 0)) {
      remote = fabric.connect(fabric.expose(living), LAYOUT, 0, 0);
    }
    try (remote) {
      assertEquals(PeerState.CLOSED, remote.state());
    }
  }

  @Test
  void shouldNotTouchTheSuccessorWhenThePredecessorIsRemoved() throws IOException {
    RegionDescriptor dead = leftBehind(1, 0);
    try (Replica successor = replica(1, 1)) {
      fabric.removeDead(dead);
      RegionDescriptor region = fabric.expose(successor);
      assertTrue(Files.exists(Path.of(region.address())));
      assertFalse(fabric.isDead(region));
    }
  }

  @Test
  void shouldRemoveADeadRegionOnceWhenSeveralNoticeAtOnce() throws Exception {
    for (int round = 0; round < 20; round++) {
      RegionDescriptor dead = leftBehind(1, round);
      CountDownLatch start = new CountDownLatch(1);
      AtomicReference<Throwable> failed = new AtomicReference<>();
      Thread[] threads = new Thread[4];
      for (int i = 0; i < threads.length; i++) {
        threads[i] =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        start.await();
                        fabric.removeDead(dead);
                      } catch (Throwable thrown) {
                        failed.set(thrown);
                      }
                    });
      }
      start.countDown();
      for (Thread thread : threads) {
        thread.join(TimeUnit.SECONDS.toMillis(20));
      }
      assertEquals(null, failed.get());
      assertFalse(Files.exists(Path.of(dead.address())));
    }
  }

  @Test
  void shouldSweepTheDeadAndLeaveTheLiving() throws IOException {
    leftBehind(0, 0);
    leftBehind(1, 4);
    try (Replica living = replica(2, 0);
        JobBoard board = JobBoard.create(fabric, job, 3, 1)) {
      assertEquals(2, fabric.removeDeadRegions());
      assertTrue(Files.exists(fabric.regionPath(job, living.rank(), 0)));
      assertTrue(Files.exists(board.path()));
      assertEquals(0, fabric.removeDeadRegions());
    }
  }

  @Test
  void shouldLeaveAFileAloneThatIsBeingCreated() throws IOException {
    Path young = fabric.regionPath(job, 1, 0);
    Files.createFile(young);
    try {
      assertEquals(0, fabric.removeDeadRegions());
    } finally {
      Files.delete(young);
    }
  }

  @Test
  void shouldIssueANewEpochForEveryConnectionAndRememberTheIncarnation() {
    try (Replica home = replica(1, 0)) {
      for (int incarnation = 0; incarnation < 3; incarnation++) {
        try (Remote remote = fabric.connect(fabric.expose(home), LAYOUT, 2, incarnation)) {
          long attachment = AttachmentTable.attachment(home.segment(), 2);
          assertEquals(incarnation + 1, remote.epoch());
          assertEquals(remote.epoch(), AttachmentTable.epoch(attachment));
          assertEquals(incarnation, AttachmentTable.incarnation(attachment));
        }
      }
    }
  }

  @Test
  void shouldSayWhatDiffersWhenARegionIsNotWhatItShouldBe() throws IOException {
    try (Replica home = replica(1, 0)) {
      RegionDescriptor region = fabric.expose(home);
      ReplicaLayout longer = ReplicaLayout.of(3, 101, 1 << 20);
      refuses("parameters 100 but this worker has 101", region, longer);
      refuses("workers 3 but this worker has 4", region, ReplicaLayout.of(4, 100, 1 << 20));
      RegionDescriptor otherJob =
          new RegionDescriptor(ShmFabric.NAME, 1, 0, job + 1, region.address());
      refuses("job id", otherJob, LAYOUT);
    }
    Path foreign = directory.resolve("foreign");
    Files.write(foreign, new byte[8192]);
    try {
      refuses(
          "is not a Starling region",
          new RegionDescriptor(ShmFabric.NAME, 1, 0, job, foreign.toString()),
          LAYOUT);
      assertFalse(SharedFile.isOwned(foreign));
    } finally {
      Files.delete(foreign);
    }
    assertThrows(ConfigurationException.class, () -> new ShmFabric(directory.resolve("missing")));
  }

  private void refuses(String part, RegionDescriptor region, ReplicaLayout layout) {
    StarlingException failure =
        assertThrows(StarlingException.class, () -> fabric.connect(region, layout, 0, 0).close());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}

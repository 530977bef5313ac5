package dev.starling.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemFilesTest {
  private static final String LIMITS =
      """
      Limit                     Soft Limit           Hard Limit           Units
      Max open files            1024                 524288               files
      Max locked memory         8388608              unlimited            bytes
      """;

  /** What the alignment to huge pages may add to a plane. */
  private static final long PLANE_PADDING = 2 << 20;

  @TempDir Path root;
  private SystemFiles files;

  @BeforeEach
  void createFiles() {
    files = new SystemFiles(root);
  }

  private void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Test
  void shouldReadTextWithoutTheLineBreak() throws IOException {
    write(files.sys("class/x/state"), "4: ACTIVE\n");
    assertEquals("4: ACTIVE", SystemFiles.text(files.sys("class/x/state")));
    assertEquals("", SystemFiles.text(files.sys("class/x/missing")));
  }

  @Test
  void shouldReadANumberOrTakeTheOther() throws IOException {
    write(files.sys("numa_node"), "-1\n");
    write(files.sys("text"), "3 nodes\n");
    assertEquals(-1, SystemFiles.number(files.sys("numa_node"), 7));
    assertEquals(7, SystemFiles.number(files.sys("text"), 7));
    assertEquals(7, SystemFiles.number(files.sys("missing"), 7));
  }

  @Test
  void shouldListEntriesByNameAndNumber() throws IOException {
    for (String name : List.of("mlx5_10", "mlx5_9", "irdma0", "10", "9")) {
      write(files.dev(name), "");
    }
    assertEquals(
        List.of("9", "10", "irdma0", "mlx5_9", "mlx5_10"),
        SystemFiles.entries(files.dev("")).stream().map(e -> e.getFileName().toString()).toList());
    assertEquals(List.of(), SystemFiles.entries(files.dev("missing")));
  }

  @Test
  void shouldReadSoftLimitsWhenTheProcessIsOrdinary() throws IOException {
    write(files.proc("self/limits"), LIMITS);
    write(files.proc("self/status"), "Name:\tjava\nCapEff:\t0000000000000000\n");
    assertEquals(new ProcessLimits(1024, 8_388_608), ProcessLimits.read(files));
  }

  @Test
  void shouldCountAnyAmountOfLockedMemoryWhenTheProcessMayLockAll() throws IOException {
    write(files.proc("self/limits"), LIMITS);
    write(files.proc("self/status"), "CapEff:\t000001ffffffffff\n");
    assertEquals(new ProcessLimits(1024, Long.MAX_VALUE), ProcessLimits.read(files));
  }

  @Test
  void shouldTakeLimitsThatAreNotShownForUnlimited() throws IOException {
    assertEquals(new ProcessLimits(Long.MAX_VALUE, Long.MAX_VALUE), ProcessLimits.read(files));
    write(files.proc("self/limits"), LIMITS.replace("8388608  ", "unlimited"));
    assertEquals(new ProcessLimits(1024, Long.MAX_VALUE), ProcessLimits.read(files));
  }

  @Test
  void shouldWriteSizesInTheUnitThatFits() {
    assertEquals("1023 bytes", Sizes.text(1023));
    assertEquals("1.0 KiB", Sizes.text(1024));
    assertEquals("8.0 MiB", Sizes.text(8 << 20));
    assertEquals("1.5 GiB", Sizes.text(3L << 29));
    assertEquals("unlimited", Sizes.text(Long.MAX_VALUE));
  }

  @Test
  void shouldFindTheCureBehindTheLastColonOfASentence() {
    assertEquals(
        Finding.note("rdma", "none can be used: a (b: c)", "bring one up"),
        Finding.noteOf("rdma", "none can be used: a (b: c): bring one up."));
    assertEquals(Finding.note("rdma", "no", ""), Finding.noteOf("rdma", "no."));
  }

  @Test
  void shouldCountThreePlanesOfEachReplica() {
    Workload workload = new Workload(4, 1_000_000);
    long planes = 3L * 4 * 1_000_000;
    assertEquals(planes, workload.replicaBytes(), 100_000 + 3L * PLANE_PADDING);
    assertEquals(4 * workload.replicaBytes(), workload.sharedBytes());
    assertEquals(workload.sharedBytes() + 4 * planes, workload.trainingBytes());
  }
}

package dev.starling.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.Finding.Level;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checks of the command line, on machines made of files. */
class HealthChecksTest {
  private static final Workload WORKLOAD = new Workload(4, 1_000_000);
  private static final String X86 = "amd64";

  @TempDir Path root;
  private SystemFiles files;

  @BeforeEach
  void createMachine() throws IOException {
    files = new SystemFiles(root);
    Files.createDirectories(files.dev("shm"));
    write("proc/sys/kernel/osrelease", "6.1.0-56-amd64");
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemAvailable:    8388608 kB");
    write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Fast One\n");
    limits("1024", "unlimited");
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
  }

  private void limits(String openFiles, String lockedBytes) throws IOException {
    write(
        "proc/self/limits",
        "%-26s%-21s%-21s%s%n%-26s%-21s%-21s%s"
            .formatted(
                "Max open files",
                openFiles,
                openFiles,
                "files",
                "Max locked memory",
                lockedBytes,
                lockedBytes,
                "bytes"));
  }

  private static Map<String, Finding> examine(HealthCheck check) {
    return examine(check, WORKLOAD);
  }

  private static Map<String, Finding> examine(HealthCheck check, Workload workload) {
    return check.examine(workload).stream()
        .collect(Collectors.toMap(Finding::subject, finding -> finding));
  }

  private Finding machine(String subject, int processors) {
    return examine(new MachineCheck(files, X86, processors)).get(subject);
  }

  private SharedMemoryCheck sharedMemory(long usableBytes) {
    return new SharedMemoryCheck(
        files, directory -> new SharedMemoryCheck.FreeSpace.Bytes(1L << 30, usableBytes));
  }

  private static JvmFacts jvm(boolean access, boolean vectors, String... missing) {
    return new JvmFacts(
        Runtime.Version.parse("25.0.3"), "VM", "/jdk", access, vectors, List.of(missing));
  }

  private static void assertCured(Level level, String what, String cure, Finding finding) {
    assertEquals(level, finding.level(), finding::toString);
    assertTrue(finding.what().contains(what), finding::toString);
    assertTrue(finding.cure().contains(cure), finding::toString);
  }

  @Test
  void shouldFindNothingWrongWhenTheJvmHasAllFlags() {
    assertTrue(
        new JavaCheck(jvm(true, true))
            .examine(WORKLOAD).stream().allMatch(f -> f.level() == Level.OK));
  }

  @Test
  void shouldNameTheFlagWhenOneIsMissing() {
    Map<String, Finding> findings = examine(new JavaCheck(jvm(false, false, "--x=y", "--z")));
    assertCured(Level.NOTE, "not granted", JvmFacts.NATIVE_ACCESS, findings.get("native access"));
    assertCured(Level.PROBLEM, "is missing", JvmFacts.VECTOR_MODULE, findings.get("vector module"));
    assertCured(Level.NOTE, "--log", "start java with --x=y --z", findings.get("log flags"));
  }

  @Test
  void shouldSayWhichReleaseIsMeantWhenJavaIsAnother() {
    JvmFacts newer = new JvmFacts(Runtime.Version.parse("26"), "VM", "/jdk", true, true, List.of());
    assertCured(
        Level.NOTE, "Java 26, VM, /jdk", "JDK 25", examine(new JavaCheck(newer)).get("version"));
  }

  @Test
  void shouldSeeTheFlagsOfThisJvm() {
    JvmFacts facts = JvmFacts.ofProcess();
    assertTrue(facts.nativeAccess());
    assertTrue(facts.vectorModule());
    assertEquals(List.of(), facts.missingFlags(), "tests run with starling.jvm.flags");
  }

  @Test
  void shouldDescribeKernelProcessorsAndMemory() {
    assertEquals(Finding.ok("kernel", "Linux 6.1.0-56-amd64 on amd64"), machine("kernel", 4));
    assertEquals(
        Finding.ok("processors", "4 for this process, Fast One"), machine("processors", 4));
    assertEquals(Finding.ok("memory", "8.0 GiB available of 16.0 GiB"), machine("memory", 4));
  }

  @Test
  void shouldNoteThatWorkersTakeTurnsWhenProcessorsAreFew() throws IOException {
    write("sys/devices/system/node/node0/cpulist", "0");
    write("sys/devices/system/node/node1/cpulist", "1");
    assertCured(Level.NOTE, "Fast One, 2 NUMA nodes; 4 workers", "fewer", machine("processors", 2));
  }

  @Test
  void shouldRefuseAnotherArchitecture() {
    Finding kernel = examine(new MachineCheck(files, "aarch64", 4)).get("kernel");
    assertCured(Level.PROBLEM, "on aarch64", "x86-64", kernel);
  }

  @Test
  void shouldCountWhatTheContainerHasLeftWhenItIsLess() throws IOException {
    write("sys/fs/cgroup/memory.max", "67108864");
    write("sys/fs/cgroup/memory.current", "33554432");
    assertCured(Level.PROBLEM, "32.0 MiB available", "limit", machine("memory", 4));
    write("sys/fs/cgroup/memory.max", "max");
    assertEquals(Level.OK, machine("memory", 4).level());
  }

  @Test
  void shouldSayHowLargeAModelFitsInSharedMemory() {
    Finding room = examine(sharedMemory(480_000_000)).get("/dev/shm");
    assertEquals(Level.OK, room.level());
    assertTrue(
        room.what().endsWith("room for 4 workers with 10,000,000 parameters each"), room::what);
  }

  @Test
  void shouldNameTheNeedWhenSharedMemoryIsTooSmall() {
    assertCured(
        Level.PROBLEM,
        "4 workers with 1,000,000 parameters need",
        "--shm-size",
        examine(sharedMemory(1 << 20)).get("/dev/shm"));
  }

  @Test
  void shouldAskForAMountWhenThereIsNoSharedMemory() throws IOException {
    Files.delete(files.dev("shm"));
    assertCured(
        Level.PROBLEM,
        "does not exist",
        "mount -t tmpfs",
        examine(sharedMemory(1 << 30)).get("/dev/shm"));
  }

  @Test
  void shouldSayWhyWhenTheSizeCannotBeRead() {
    SharedMemoryCheck check =
        new SharedMemoryCheck(
            files,
            directory -> {
              throw new IOException("stale");
            });
    assertCured(Level.PROBLEM, "(stale)", "mounted", examine(check).get("/dev/shm"));
  }

  private Finding hugePages(String shmemEnabled, String mountOptions) throws IOException {
    write("sys/kernel/mm/transparent_hugepage/shmem_enabled", shmemEnabled);
    write(
        "proc/self/mounts",
        "proc /proc proc rw 0 0\ntmpfs /dev/shm tmpfs " + mountOptions + " 0 0");
    return examine(sharedMemory(1 << 30)).get("huge pages");
  }

  @Test
  void shouldReadThePolicyOfTheMountAndWhatOverrulesIt() throws IOException {
    String never = "always within_size advise [never] deny force";
    assertCured(Level.OK, "advise on this mount", "", hugePages(never, "rw,huge=advise,inode64"));
    assertCured(Level.NOTE, "4 KiB", "remount,huge=advise", hugePages(never, "rw,nosuid"));
    String denied = "always within_size advise never [deny] force";
    assertCured(Level.NOTE, "denies", "write advise to", hugePages(denied, "rw,huge=always"));
    String forced = "always within_size advise never deny [force]";
    assertCured(Level.OK, "forces", "", hugePages(forced, "rw"));
  }

  @Test
  void shouldNotePagesThatAreSetAsideForOthers() throws IOException {
    assertEquals(Level.OK, examine(sharedMemory(1 << 30)).get("hugetlb").level());
    write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "512");
    assertCured(
        Level.NOTE, "1.0 GiB", "nr_hugepages", examine(sharedMemory(1 << 30)).get("hugetlb"));
  }

  @Test
  void shouldCompareTheLimitsWithWhatWorkersNeed() throws IOException {
    Map<String, Finding> enough = examine(new LimitsCheck(files));
    assertEquals(Finding.ok("open files", "1,024"), enough.get("open files"));
    assertEquals(Finding.ok("locked memory", "unlimited"), enough.get("locked memory"));
    limits("256", "8388608");
    Map<String, Finding> little = examine(new LimitsCheck(files));
    assertCured(Level.PROBLEM, "need up to 272", "ulimit -n 272", little.get("open files"));
    assertCured(
        Level.NOTE, "8.0 MiB; a replica of 1,000,000", "ulimit -l", little.get("locked memory"));
  }
}

package dev.starling.engine.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SharedFileTest {
  private static Path fresh() {
    return Path.of(
        "/dev/shm/starling-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
  }

  @Test
  void shouldShareBytesBetweenOwnerAndAttached() {
    Path path = fresh();
    try (SharedFile owner = SharedFile.create(path, 1 << 20, 1 << 19)) {
      try (SharedFile attached = SharedFile.open(path)) {
        owner.segment().set(ValueLayout.JAVA_LONG, 1000 * 8, 42L);
        assertEquals(42L, attached.segment().get(ValueLayout.JAVA_LONG, 1000 * 8));
        assertEquals(1 << 20, attached.segment().byteSize());
        assertTrue(attached.isOwnerAlive());
        assertTrue(owner.isOwnerAlive());
        assertTrue(SharedFile.isOwned(path));
      }
      assertTrue(Files.exists(path), "closing the attached one leaves the owner's file");
    }
    assertFalse(Files.exists(path));
    assertFalse(SharedFile.isOwned(path));
  }

  /** In a process of its own, which can spend its files. */
  @Test
  void shouldNameTheLimitOnOpenFilesWhenItIsReached() throws Exception {
    Path path = fresh();
    try (SharedFile owner = SharedFile.create(path, 4096, 4096)) {
      List<String> command =
          new ArrayList<>(List.of("bash", "-c", "ulimit -n 64; exec \"$@\"", "-"));
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of(
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              OpenManyMain.class.getName(),
              owner.path().toString()));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try {
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertTrue(told.contains("EMFILE") && told.contains("(ulimit -n)"), told);
      } finally {
        process.destroyForcibly();
      }
    }
  }

  @Test
  void shouldBePrivateToItsUser() throws Exception {
    Path path = fresh();
    try (SharedFile owner = SharedFile.create(path, 4096, 4096)) {
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(owner.path())));
    }
  }

  @Test
  void shouldReserveItsSpaceBeforeAnyoneTouchesIt() throws Exception {
    Path path = fresh();
    long reserved = 8 << 20;
    try (SharedFile owner = SharedFile.create(path, 4 * reserved, reserved)) {
      assertTrue(allocatedBytes(path) >= reserved);
      assertTrue(allocatedBytes(path) < 2 * reserved, "only what was asked for");
      owner.reserve(3 * reserved, reserved);
      assertTrue(allocatedBytes(path) >= 2 * reserved);
    }
  }

  @Test
  void shouldTellAFullFileSystemFromOtherFailuresWhenItTriesToReserve() throws Exception {
    long absurd = 1L << 44;
    try (SharedFile owner = SharedFile.create(fresh(), absurd, 4096)) {
      assertTrue(owner.tryReserve(4096, 4096));
      assertTrue(allocatedBytes(owner.path()) >= 8192);
      assertFalse(owner.tryReserve(0, absurd), "more than there is");
      StarlingException failure =
          assertThrows(StarlingException.class, () -> owner.tryReserve(-1, 4096));
      assertTrue(failure.getMessage().contains("EINVAL"), failure.getMessage());
      assertTrue(failure.getMessage().contains(owner.path().toString()), failure.getMessage());
    }
  }

  private static long allocatedBytes(Path path) throws Exception {
    Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
    String blocks =
        new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
    assertTrue(stat.waitFor(10, TimeUnit.SECONDS));
    return Long.parseLong(blocks) * 512;
  }

  @Test
  void shouldSayHowMuchIsFreeWhenMemoryIsFull() {
    Path path = fresh();
    long absurd = 1L << 44;
    StarlingException failure =
        assertThrows(StarlingException.class, () -> SharedFile.create(path, absurd, absurd));
    assertTrue(
        failure.getMessage().contains("reserving " + absurd + " bytes for " + path),
        failure.getMessage());
    assertTrue(failure.getMessage().contains("bytes are free in /dev/shm"), failure.getMessage());
    assertFalse(Files.exists(path), "nothing is left behind");
  }

  @Test
  void shouldRefuseLengthsThatAreAbsurd() {
    assertThrows(ConfigurationException.class, () -> SharedFile.create(fresh(), 0, 0));
    assertThrows(ConfigurationException.class, () -> SharedFile.create(fresh(), Long.MAX_VALUE, 1));
    assertThrows(ConfigurationException.class, () -> PrivateMemory.allocate("x", -1));
  }

  @Test
  void shouldNameThePathWhenItExistsOrIsMissing() {
    Path path = fresh();
    try (SharedFile owner = SharedFile.create(path, 4096, 4096)) {
      StarlingException exists =
          assertThrows(StarlingException.class, () -> SharedFile.create(owner.path(), 4096, 4096));
      assertTrue(
          exists.getMessage().contains("creating " + path + " failed with EEXIST"),
          exists.getMessage());
    }
    StarlingException missing = assertThrows(StarlingException.class, () -> SharedFile.open(path));
    assertTrue(
        missing.getMessage().contains("opening " + path + " failed with ENOENT"),
        missing.getMessage());
  }

  @Test
  void shouldFailInsteadOfCrashWhenUsedAfterClose() {
    SharedFile owner = SharedFile.create(fresh(), 4096, 4096);
    owner.close();
    owner.close();
    assertThrows(IllegalStateException.class, () -> owner.segment().get(ValueLayout.JAVA_LONG, 0));
    PrivateMemory memory = PrivateMemory.allocate("test", 100);
    memory.close();
    memory.close();
    assertThrows(IllegalStateException.class, () -> memory.segment().get(ValueLayout.JAVA_LONG, 0));
  }

  @Test
  void shouldNoticeAnOwnerThatWasKilled() throws Exception {
    Path path = fresh();
    Process owner =
        new ProcessBuilder(java(OwnerMain.class, path.toString()))
            .redirectErrorStream(true)
            .start();
    try {
      assertEquals('!', owner.getInputStream().read(), "the child owns the file");
      try (SharedFile attached = SharedFile.open(path)) {
        assertTrue(attached.isOwnerAlive());
        owner.destroyForcibly();
        assertTrue(owner.waitFor(10, TimeUnit.SECONDS));
        assertFalse(attached.isOwnerAlive());
        assertFalse(SharedFile.isOwned(path));
      }
    } finally {
      owner.destroyForcibly();
      Files.deleteIfExists(path);
    }
  }

  /** Root may lock anything, so the child gives that right up where it has it. */
  @Test
  void shouldNameLimitAndNeedWhenLockingIsRefused() throws Exception {
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(List.of("setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"));
    }
    command.addAll(List.of("prlimit", "--memlock=65536:65536"));
    command.addAll(java(LockMain.class));
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(child.waitFor(20, TimeUnit.SECONDS));
    assertTrue(
        output.contains("locking 1048576 bytes of the child's memory into memory failed"), output);
    assertTrue(output.contains("(ulimit -l) is 65536 bytes here"), output);
  }

  private static List<String> java(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return command;
  }
}

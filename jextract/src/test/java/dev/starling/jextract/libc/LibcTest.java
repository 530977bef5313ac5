package dev.starling.jextract.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls every binding against the C library of this machine. */
@SuppressWarnings("restricted")
class LibcTest {
  private static final long SIZE_BYTES = 3 * 4096;

  @TempDir Path folder;
  private Arena arena;
  private MemorySegment cs;

  @BeforeEach
  void allocate() {
    arena = Arena.ofConfined();
    cs = CallState.allocate(arena);
  }

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void shouldShareMemoryThroughAFileWhenItIsMappedTwice() {
    MemorySegment path = path("region");
    int fd = create(path);
    succeed("ftruncate", Libc.ftruncate(cs, fd, SIZE_BYTES));
    succeed("fallocate", Libc.fallocate(cs, fd, 0, 0, SIZE_BYTES));
    MemorySegment first = map(fd, Libc.MAP_SHARED() | Libc.MAP_POPULATE());
    MemorySegment second = map(fd, Libc.MAP_SHARED());
    succeed("close", Libc.close(cs, fd));
    succeed("unlink", Libc.unlink(cs, path));
    assertFalse(Files.exists(folder.resolve("region")));

    first.set(ValueLayout.JAVA_LONG, SIZE_BYTES - 8, 0x0123456789abcdefL);

    assertEquals(0x0123456789abcdefL, second.get(ValueLayout.JAVA_LONG, SIZE_BYTES - 8));
    assertNotEquals(first.address(), second.address());
    succeed("munmap", Libc.munmap(cs, first, SIZE_BYTES));
    succeed("munmap", Libc.munmap(cs, second, SIZE_BYTES));
  }

  @Test
  void shouldGiveFreshPagesWhenAnonymousMemoryIsDropped() {
    MemorySegment memory =
        map(-1, Libc.MAP_PRIVATE() | Libc.MAP_ANONYMOUS() | Libc.MAP_NORESERVE());
    memory.fill((byte) 7);
    succeed("mlock", Libc.mlock(cs, memory, 4096));
    succeed("munlock", Libc.munlock(cs, memory, 4096));
    succeed("madvise", Libc.madvise(cs, memory, SIZE_BYTES, Libc.MADV_DONTNEED()));
    assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 0));
    succeed("munmap", Libc.munmap(cs, memory, SIZE_BYTES));
  }

  @Test
  void shouldKeepTheSizeWhenAHoleIsPunched() throws Exception {
    int fd = create(path("holes"));
    succeed("fallocate", Libc.fallocate(cs, fd, 0, 0, SIZE_BYTES));
    int punch = Libc.FALLOC_FL_PUNCH_HOLE() | Libc.FALLOC_FL_KEEP_SIZE();
    succeed("fallocate", Libc.fallocate(cs, fd, punch, 0, SIZE_BYTES));
    succeed("close", Libc.close(cs, fd));
    assertEquals(SIZE_BYTES, Files.size(folder.resolve("holes")));
  }

  @Test
  void shouldCreateWithTheModeThatIsPassed() throws Exception {
    succeed("close", Libc.close(cs, create(path("private"))));
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("private"))));
  }

  @Test
  void shouldRefuseALockWhenAnotherDescriptionHoldsIt() {
    MemorySegment path = path("lock");
    int holder = create(path);
    int other = Libc.open(cs, path, Libc.O_RDWR() | Libc.O_CLOEXEC(), 0);
    assertTrue(other >= 0, this::failure);

    succeed("fcntl", Libc.fcntl(cs, holder, Libc.F_OFD_SETLK(), lock(Libc.F_WRLCK())));
    assertEquals(-1, Libc.fcntl(cs, other, Libc.F_OFD_SETLK(), lock(Libc.F_WRLCK())));
    int refused = CallState.errno(cs);
    assertTrue(refused == Libc.EAGAIN() || refused == Libc.EACCES(), () -> Errno.name(refused));
    MemorySegment asked = lock(Libc.F_RDLCK());
    succeed("fcntl", Libc.fcntl(cs, other, Libc.F_OFD_GETLK(), asked));
    assertEquals(Libc.F_WRLCK(), flock.l_type(asked));
    assertEquals(-1, flock.l_pid(asked));

    succeed("close", Libc.close(cs, holder));
    succeed("fcntl", Libc.fcntl(cs, other, Libc.F_OFD_SETLK(), lock(Libc.F_WRLCK())));
    succeed("fcntl", Libc.fcntl(cs, other, Libc.F_OFD_SETLK(), lock(Libc.F_UNLCK())));
    succeed("close", Libc.close(cs, other));
  }

  @Test
  void shouldBindTheThreadToOneCpuAndBack() {
    MemorySegment before = arena.allocate(1024);
    int length = Libc.sched_getaffinity(cs, 0, 1024, before);
    assertEquals(0, length, this::failure);
    int cpu = 0;
    while ((before.get(ValueLayout.JAVA_BYTE, cpu / 8) & (1 << (cpu % 8))) == 0) {
      cpu++;
    }
    MemorySegment one = arena.allocate(1024);
    one.set(ValueLayout.JAVA_BYTE, cpu / 8, (byte) (1 << (cpu % 8)));
    try {
      succeed("sched_setaffinity", Libc.sched_setaffinity(cs, 0, 1024, one));
      MemorySegment now = arena.allocate(1024);
      succeed("sched_getaffinity", Libc.sched_getaffinity(cs, 0, 1024, now));
      assertEquals(-1, one.mismatch(now));
    } finally {
      succeed("sched_setaffinity", Libc.sched_setaffinity(cs, 0, 1024, before));
    }
  }

  @Test
  void shouldTellALivingProcessFromNone() {
    assertEquals(ProcessHandle.current().pid(), Libc.getpid());
    succeed("kill", Libc.kill(cs, Libc.getpid(), 0));
    assertEquals(-1, Libc.kill(cs, Integer.MAX_VALUE, 0));
    assertEquals("ESRCH", Errno.name(CallState.errno(cs)));
  }

  @Test
  void shouldReadAResourceLimit() {
    MemorySegment limit = rlimit.allocate(arena);
    rlimit.rlim_cur(limit, 4711);
    rlimit.rlim_max(limit, 4712);
    succeed("getrlimit", Libc.getrlimit(cs, Libc.RLIMIT_MEMLOCK(), limit));
    assertNotEquals(4712, rlimit.rlim_max(limit));
    assertTrue(
        Long.compareUnsigned(rlimit.rlim_cur(limit), rlimit.rlim_max(limit)) <= 0,
        "the limit in force is at most the one it may be raised to");
  }

  @Test
  void shouldCaptureErrnoWhenACallFails() {
    assertEquals(-1, Libc.open(cs, path("none"), Libc.O_RDONLY(), 0));
    assertEquals(Libc.ENOENT(), CallState.errno(cs));
    int created = create(path("twice"));
    int flags = Libc.O_RDWR() | Libc.O_CREAT() | Libc.O_EXCL();
    assertEquals(-1, Libc.open(cs, path("twice"), flags, 0600));
    assertEquals(Libc.EEXIST(), CallState.errno(cs));
    succeed("close", Libc.close(cs, created));
    MemorySegment failed =
        Libc.mmap(cs, MemorySegment.NULL, 0, Libc.PROT_READ(), Libc.MAP_PRIVATE(), -1, 0);
    assertEquals(Libc.MAP_FAILED(), failed);
    assertEquals(-1, Libc.madvise(cs, MemorySegment.ofAddress(1), 4096, Libc.MADV_DONTNEED()));
    assertEquals(Libc.EINVAL(), CallState.errno(cs));
  }

  @Test
  void shouldGiveNameAndTextOfAnErrno() {
    assertEquals("ENOSPC", Errno.name(Libc.ENOSPC()));
    assertEquals("EPERM", Errno.name(Libc.EPERM()));
    assertEquals("errno 0", Errno.name(0));
    assertEquals("errno -5", Errno.name(-5));
    assertEquals("errno 41", Errno.name(41));
    assertEquals("errno 4711", Errno.name(4711));
    assertFalse(Errno.describe(Libc.ENOSPC()).isBlank());
    assertNotEquals(Errno.describe(Libc.ENOMEM()), Errno.describe(Libc.EINTR()));
  }

  private MemorySegment path(String name) {
    return arena.allocateFrom(folder.resolve(name).toString());
  }

  private int create(MemorySegment path) {
    int flags = Libc.O_RDWR() | Libc.O_CREAT() | Libc.O_EXCL() | Libc.O_CLOEXEC();
    int fd = Libc.open(cs, path, flags, 0600);
    assertTrue(fd >= 0, this::failure);
    return fd;
  }

  private MemorySegment map(int fd, int flags) {
    int readWrite = Libc.PROT_READ() | Libc.PROT_WRITE();
    MemorySegment mapped = Libc.mmap(cs, MemorySegment.NULL, SIZE_BYTES, readWrite, flags, fd, 0);
    assertNotEquals(Libc.MAP_FAILED(), mapped, this::failure);
    return mapped.reinterpret(SIZE_BYTES);
  }

  private MemorySegment lock(int type) {
    MemorySegment lock = flock.allocate(arena);
    flock.l_type(lock, (short) type);
    flock.l_whence(lock, (short) Libc.SEEK_SET());
    flock.l_start(lock, 0);
    flock.l_len(lock, 1);
    return lock;
  }

  private void succeed(String call, int result) {
    assertEquals(0, result, () -> call + ": " + failure());
  }

  private String failure() {
    int errno = CallState.errno(cs);
    return Errno.name(errno) + ", " + Errno.describe(errno);
  }
}

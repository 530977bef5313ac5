package dev.starling.jextract.libc;

import java.lang.foreign.MemorySegment;

/**
 * The constants of {@link Libc}, apart from it as the jextract tool splits a large header class.
 * Values are those of Linux on x86-64; {@code LibcAbiTest} compares each with the system headers.
 */
class LibcConstants {
  LibcConstants() {}

  private static final MemorySegment MAP_FAILED = MemorySegment.ofAddress(-1L);

  /**
   * {@return {@code MAP_FAILED} of {@code <sys/mman.h>}: what mmap gives on failure; equal to the
   * zero-length segment that {@link Libc#mmap} returns then}
   */
  public static MemorySegment MAP_FAILED() {
    return MAP_FAILED;
  }

  private static final long RLIM_INFINITY = -1L;

  /** {@return {@code RLIM_INFINITY} of {@code <sys/resource.h>}: no limit; unsigned} */
  public static long RLIM_INFINITY() {
    return RLIM_INFINITY;
  }

  private static final int O_RDONLY = (int) 0L;

  /** {@return {@code O_RDONLY} of {@code <fcntl.h>}: open for reading only} */
  public static int O_RDONLY() {
    return O_RDONLY;
  }

  private static final int O_RDWR = (int) 2L;

  /** {@return {@code O_RDWR} of {@code <fcntl.h>}: open for reading and writing} */
  public static int O_RDWR() {
    return O_RDWR;
  }

  private static final int O_CREAT = (int) 64L;

  /** {@return {@code O_CREAT} of {@code <fcntl.h>}: create the file if it does not exist} */
  public static int O_CREAT() {
    return O_CREAT;
  }

  private static final int O_EXCL = (int) 128L;

  /**
   * {@return {@code O_EXCL} of {@code <fcntl.h>}: with O_CREAT: fail with EEXIST if the file
   * exists}
   */
  public static int O_EXCL() {
    return O_EXCL;
  }

  private static final int O_CLOEXEC = (int) 524288L;

  /**
   * {@return {@code O_CLOEXEC} of {@code <fcntl.h>}: close the descriptor in a process started by
   * exec}
   */
  public static int O_CLOEXEC() {
    return O_CLOEXEC;
  }

  private static final int F_OFD_GETLK = (int) 36L;

  /**
   * {@return {@code F_OFD_GETLK} of {@code <fcntl.h>}: ask which lock stands in the way of this
   * one}
   */
  public static int F_OFD_GETLK() {
    return F_OFD_GETLK;
  }

  private static final int F_OFD_SETLK = (int) 37L;

  /**
   * {@return {@code F_OFD_SETLK} of {@code <fcntl.h>}: take or release a lock of the open file
   * description, without waiting}
   */
  public static int F_OFD_SETLK() {
    return F_OFD_SETLK;
  }

  private static final int F_RDLCK = (int) 0L;

  /** {@return {@code F_RDLCK} of {@code <fcntl.h>}: l_type of a shared lock} */
  public static int F_RDLCK() {
    return F_RDLCK;
  }

  private static final int F_WRLCK = (int) 1L;

  /** {@return {@code F_WRLCK} of {@code <fcntl.h>}: l_type of an exclusive lock} */
  public static int F_WRLCK() {
    return F_WRLCK;
  }

  private static final int F_UNLCK = (int) 2L;

  /** {@return {@code F_UNLCK} of {@code <fcntl.h>}: l_type that releases a lock} */
  public static int F_UNLCK() {
    return F_UNLCK;
  }

  private static final int SEEK_SET = (int) 0L;

  /**
   * {@return {@code SEEK_SET} of {@code <unistd.h>}: l_whence of an offset from the start of the
   * file}
   */
  public static int SEEK_SET() {
    return SEEK_SET;
  }

  private static final int FALLOC_FL_KEEP_SIZE = (int) 1L;

  /**
   * {@return {@code FALLOC_FL_KEEP_SIZE} of {@code <linux/falloc.h>}: reserve blocks without
   * changing the file size}
   */
  public static int FALLOC_FL_KEEP_SIZE() {
    return FALLOC_FL_KEEP_SIZE;
  }

  private static final int FALLOC_FL_PUNCH_HOLE = (int) 2L;

  /**
   * {@return {@code FALLOC_FL_PUNCH_HOLE} of {@code <linux/falloc.h>}: give blocks back; only with
   * FALLOC_FL_KEEP_SIZE}
   */
  public static int FALLOC_FL_PUNCH_HOLE() {
    return FALLOC_FL_PUNCH_HOLE;
  }

  private static final int PROT_READ = (int) 1L;

  /** {@return {@code PROT_READ} of {@code <sys/mman.h>}: pages may be read} */
  public static int PROT_READ() {
    return PROT_READ;
  }

  private static final int PROT_WRITE = (int) 2L;

  /** {@return {@code PROT_WRITE} of {@code <sys/mman.h>}: pages may be written} */
  public static int PROT_WRITE() {
    return PROT_WRITE;
  }

  private static final int MAP_SHARED = (int) 1L;

  /**
   * {@return {@code MAP_SHARED} of {@code <sys/mman.h>}: stores reach the file and everyone who
   * maps it}
   */
  public static int MAP_SHARED() {
    return MAP_SHARED;
  }

  private static final int MAP_PRIVATE = (int) 2L;

  /**
   * {@return {@code MAP_PRIVATE} of {@code <sys/mman.h>}: stores go to a private copy of the page}
   */
  public static int MAP_PRIVATE() {
    return MAP_PRIVATE;
  }

  private static final int MAP_ANONYMOUS = (int) 32L;

  /**
   * {@return {@code MAP_ANONYMOUS} of {@code <sys/mman.h>}: zero-filled memory that belongs to no
   * file}
   */
  public static int MAP_ANONYMOUS() {
    return MAP_ANONYMOUS;
  }

  private static final int MAP_NORESERVE = (int) 16384L;

  /** {@return {@code MAP_NORESERVE} of {@code <sys/mman.h>}: reserve no swap space} */
  public static int MAP_NORESERVE() {
    return MAP_NORESERVE;
  }

  private static final int MAP_POPULATE = (int) 32768L;

  /**
   * {@return {@code MAP_POPULATE} of {@code <sys/mman.h>}: fault all pages in before mmap returns}
   */
  public static int MAP_POPULATE() {
    return MAP_POPULATE;
  }

  private static final int MADV_DONTNEED = (int) 4L;

  /**
   * {@return {@code MADV_DONTNEED} of {@code <sys/mman.h>}: drop the pages; the next access reads
   * them anew}
   */
  public static int MADV_DONTNEED() {
    return MADV_DONTNEED;
  }

  private static final int MADV_HUGEPAGE = (int) 14L;

  /**
   * {@return {@code MADV_HUGEPAGE} of {@code <sys/mman.h>}: use transparent huge pages where
   * possible}
   */
  public static int MADV_HUGEPAGE() {
    return MADV_HUGEPAGE;
  }

  private static final int MADV_POPULATE_WRITE = (int) 23L;

  /**
   * {@return {@code MADV_POPULATE_WRITE} of {@code <sys/mman.h>}: fault all pages in for writing
   * and report failure as errno; Linux 5.14}
   */
  public static int MADV_POPULATE_WRITE() {
    return MADV_POPULATE_WRITE;
  }

  private static final int RLIMIT_MEMLOCK = (int) 8L;

  /**
   * {@return {@code RLIMIT_MEMLOCK} of {@code <sys/resource.h>}: limit of bytes that may be locked
   * in memory}
   */
  public static int RLIMIT_MEMLOCK() {
    return RLIMIT_MEMLOCK;
  }

  private static final int FIONBIO = (int) 21537L;

  /**
   * {@return {@code FIONBIO} of {@code <sys/ioctl.h>}: request that makes reads non-blocking, or
   * blocking again}
   */
  public static int FIONBIO() {
    return FIONBIO;
  }

  private static final int POLLIN = (int) 1L;

  /** {@return {@code POLLIN} of {@code <poll.h>}: there is something to read} */
  public static int POLLIN() {
    return POLLIN;
  }

  private static final int SYS_sched_setattr = (int) 314L;

  /**
   * {@return {@code SYS_sched_setattr} of {@code <sys/syscall.h>}: number of the system call on
   * x86-64}
   */
  public static int SYS_sched_setattr() {
    return SYS_sched_setattr;
  }

  private static final int EPERM = (int) 1L;

  /** {@return {@code EPERM} of {@code <errno.h>}: operation not permitted} */
  public static int EPERM() {
    return EPERM;
  }

  private static final int ENOENT = (int) 2L;

  /** {@return {@code ENOENT} of {@code <errno.h>}: no such file or directory} */
  public static int ENOENT() {
    return ENOENT;
  }

  private static final int ESRCH = (int) 3L;

  /** {@return {@code ESRCH} of {@code <errno.h>}: no such process} */
  public static int ESRCH() {
    return ESRCH;
  }

  private static final int EINTR = (int) 4L;

  /** {@return {@code EINTR} of {@code <errno.h>}: interrupted by a signal} */
  public static int EINTR() {
    return EINTR;
  }

  private static final int EAGAIN = (int) 11L;

  /** {@return {@code EAGAIN} of {@code <errno.h>}: try again; of a lock: another owner holds it} */
  public static int EAGAIN() {
    return EAGAIN;
  }

  private static final int ENOMEM = (int) 12L;

  /**
   * {@return {@code ENOMEM} of {@code <errno.h>}: not enough memory, or a limit on it is reached}
   */
  public static int ENOMEM() {
    return ENOMEM;
  }

  private static final int EACCES = (int) 13L;

  /**
   * {@return {@code EACCES} of {@code <errno.h>}: permission denied; of a lock: another owner holds
   * it}
   */
  public static int EACCES() {
    return EACCES;
  }

  private static final int EEXIST = (int) 17L;

  /** {@return {@code EEXIST} of {@code <errno.h>}: the file exists} */
  public static int EEXIST() {
    return EEXIST;
  }

  private static final int EINVAL = (int) 22L;

  /** {@return {@code EINVAL} of {@code <errno.h>}: invalid argument} */
  public static int EINVAL() {
    return EINVAL;
  }

  private static final int ENOSPC = (int) 28L;

  /** {@return {@code ENOSPC} of {@code <errno.h>}: no space left on the device} */
  public static int ENOSPC() {
    return ENOSPC;
  }
}

package dev.starling.jextract.libc;

import java.nio.charset.StandardCharsets;

/**
 * Names and texts of errno values for messages. The names are those of Linux on x86-64 ({@code
 * asm-generic/errno.h}). Stateless; safe from any thread; allocates, so not for hot paths.
 */
public final class Errno {
  /** Names by value from 1; a dash where Linux defines none. */
  private static final String[] NAMES =
      ("EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT"
           + " ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY"
           + " EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK"
           + " ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH"
           + " ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA"
           + " ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT"
           + " EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC"
           + " EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE"
           + " ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT"
           + " EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET"
           + " ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN"
           + " EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO"
           + " EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED"
           + " EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON")
          .split(" ");

  private Errno() {}

  /**
   * Gives the C name of an errno value.
   *
   * @param errno the value
   * @return for example {@code ENOSPC}, or {@code errno 4711} for a value without a name
   */
  public static String name(int errno) {
    if (errno < 1 || errno > NAMES.length || NAMES[errno - 1].equals("-")) {
      return "errno " + errno;
    }
    return NAMES[errno - 1];
  }

  /**
   * Gives the text of an errno value in the language of the C library.
   *
   * @param errno the value
   * @return for example {@code No space left on device}
   * @throws dev.starling.jextract.NativeAccessException if native access is denied to this JVM
   */
  @SuppressWarnings("restricted")
  public static String describe(int errno) {
    return Libc.strerror(errno).reinterpret(Long.MAX_VALUE).getString(0, StandardCharsets.UTF_8);
  }
}

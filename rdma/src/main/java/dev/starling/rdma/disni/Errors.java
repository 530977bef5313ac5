package dev.starling.rdma.disni;

import dev.starling.engine.StarlingException;
import dev.starling.jextract.NativeAccessException;
import java.io.IOException;

/** Failures that are told in the same words by several classes. */
final class Errors {
  /** asm-generic/errno-base.h. */
  static final int ENODEV = 19;

  private static final int EBADF = 9;

  private Errors() {}

  /** What a method of DiSNI does. */
  interface Verb<T> {
    T call() throws IOException;
  }

  /** What a method of DiSNI that gives nothing does. */
  interface Action {
    void run() throws IOException;
  }

  /** Runs a verb for a method of DiSNI: failures leave as IOExceptions with the same sentence. */
  static <T> T io(Verb<T> verb) throws IOException {
    try {
      return verb.call();
    } catch (VerbsException failure) {
      throw failure.asIoException();
    } catch (StarlingException | NativeAccessException failure) {
      throw new IOException(failure.getMessage(), failure);
    }
  }

  /** Runs an action for a method of DiSNI; as {@link #io}. */
  static void run(Action action) throws IOException {
    io(
        () -> {
          action.run();
          return null;
        });
  }

  /** A thing was used after it was closed. */
  static VerbsException closed(String device, String what) {
    return new VerbsException(
        device,
        "",
        EBADF,
        what + " of RDMA device " + device + " is closed: do not use it after that");
  }

  /** A thing of librdmacm was used after it was closed. */
  static VerbsException closedCm(String what) {
    return new VerbsException("", "", EBADF, what + " is closed: do not use it after that");
  }

  /** DiSNI's constructors declare an IOException, which only its own provider throws. */
  static RuntimeException unchecked(String device, String verb, Throwable failure) {
    if (failure instanceof RuntimeException unchecked) {
      return unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    return new VerbsException(
        device,
        verb,
        0,
        "DiSNI refused an object of RDMA device %s (%s): use version 2.1 of com.ibm.disni:disni"
            .formatted(device, failure.getMessage()));
  }

  /** An object of DiSNI's API comes from another provider. */
  static <T> T own(Class<T> type, Object object) throws IOException {
    if (type.isInstance(object)) {
      return type.cast(object);
    }
    throw new IOException(
        "the object %s is not of this provider: call FfmProvider.install() before any other use of"
                .formatted(object == null ? "null" : object.getClass().getName())
            + " DiSNI, and make all objects through it");
  }
}

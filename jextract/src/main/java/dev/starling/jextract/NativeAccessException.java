package dev.starling.jextract;

/**
 * A native function cannot be called on this machine or from this JVM.
 *
 * <p>The message is one sentence that names the function, the reason and the cure. It is thrown by
 * the first call of the binding, and by every later one; loading a binding class never throws it.
 */
public final class NativeAccessException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception with the sentence to show.
   *
   * @param message what cannot be called, why, and what to do about it
   */
  public NativeAccessException(String message) {
    super(message);
  }
}

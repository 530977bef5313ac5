package dev.starling.engine;

/**
 * A failure of the engine, told in one sentence: what failed, where, with which value, and what
 * cures it.
 *
 * <p>{@link ConfigurationException} is the subclass for what the caller asked for; everything else
 * is a failure of the machine or of a peer.
 */
public class StarlingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates a failure.
   *
   * @param message one sentence: what, where, the value, the cure
   */
  public StarlingException(String message) {
    super(message);
  }

  /**
   * Creates a failure that another one caused.
   *
   * @param message one sentence: what, where, the value, the cure
   * @param cause the failure underneath
   */
  public StarlingException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.starling.engine.log;

import dev.starling.engine.StarlingException;

/** A log has no room for another record: its budget or the disk under it is used up. */
public final class LogFullException extends StarlingException {
  private static final long serialVersionUID = 1;

  /**
   * Creates the exception.
   *
   * @param message what is full, how large it is, and the cure
   */
  public LogFullException(String message) {
    super(message);
  }

  /**
   * Creates the exception.
   *
   * @param message what is full, how large it is, and the cure
   * @param cause what the system said
   */
  public LogFullException(String message, Throwable cause) {
    super(message, cause);
  }
}

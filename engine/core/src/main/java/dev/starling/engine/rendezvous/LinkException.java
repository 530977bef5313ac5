package dev.starling.engine.rendezvous;

import dev.starling.engine.StarlingException;

/** What ends one connection; the message is the sentence that a person reads. */
final class LinkException extends StarlingException {
  private static final long serialVersionUID = 1L;

  private final boolean lasting;

  LinkException(String message) {
    this(message, false);
  }

  /** With whether trying again is of no use. */
  LinkException(String message, boolean lasting) {
    super(message);
    this.lasting = lasting;
  }

  boolean isLasting() {
    return lasting;
  }
}

package dev.starling.engine.rendezvous;

import dev.starling.engine.StarlingException;

/** What ends one connection; the message is the sentence that a person reads. */
final class LinkException extends StarlingException {
  private static final long serialVersionUID = 1L;

  LinkException(String message) {
    super(message);
  }
}

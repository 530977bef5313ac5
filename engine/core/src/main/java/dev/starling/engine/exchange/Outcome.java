package dev.starling.engine.exchange;

/** How an exchange or a step ended. */
public enum Outcome {
  /** Both replicas published the average; the update, if any, is part of it. */
  EXCHANGED,
  /** The update was published alone. */
  STEPPED,
  /** The partner's side is uncertain or was refused; the update, if any, was published alone. */
  TORN,
  /** The partner was busy or gone; nothing was published and no lock is held. */
  NO_PARTNER,
  /** The own stripe is held by a peer; nothing was published and no lock is held. */
  OWN_BUSY
}

package dev.starling.engine.exchange;

/** What becomes of the two sides of an exchange, {@code x} here, {@code y} the partner's. */
public enum Combine {
  /** Both become {@code (x keep - learningRate u + y) / 2}. */
  AVERAGE,
  /**
   * Both become {@code y keep - learningRate u}: the partner is the home of the stripe. When that
   * does not come off, nothing changes on either side: {@link Outcome#NO_PARTNER}.
   */
  SERVE
}

package dev.starling.engine.log;

/** The kinds of records in an update log; {@link LogRecord} has the layouts. */
public enum RecordKind {
  /** What the log belongs to; first in every segment. */
  RUN(1),
  /** A chain of versions opens: where the parameters came from. */
  RESTORE(2),
  /** The agent took gradients; {@link #FRAGMENT} records with their values follow. */
  GRADIENT(3),
  /** A piece of a payload. */
  FRAGMENT(4),
  /** An update is about to be published alone. */
  STEP(5),
  /** An exchange is about to be published. */
  INTENT(6),
  /** The exchange of the last intent on the stripe was published on both sides. */
  COMMIT(7),
  /** The exchange of the last intent on the stripe was not published on the own side. */
  TORN(8),
  /** A peer's lock is about to be broken. */
  FENCE(9),
  /** What became of the last fence on the stripe. */
  FENCED(10),
  /** A checkpoint begins: the stripes are copied one after the other. */
  CUT(11),
  /** A checkpoint was taken: the versions in it. */
  CHECKPOINT(12),
  /** Gradients were refused. */
  REJECT(13),
  /** A stripe's content, for chains whose earlier records may be lost. */
  BASE(14),
  /** The log ends here, by intent. */
  END(15);

  private static final RecordKind[] BY_CODE = new RecordKind[16];

  static {
    for (RecordKind kind : values()) {
      BY_CODE[kind.code] = kind;
    }
  }

  private final int code;

  RecordKind(int code) {
    this.code = code;
  }

  /**
   * Returns the code in a record.
   *
   * @return 1 to 15; a code never changes its meaning
   */
  public int code() {
    return code;
  }

  /**
   * Returns the kind of a code.
   *
   * @param code the code
   * @return the kind, or null when there is none
   */
  public static RecordKind of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
  }
}

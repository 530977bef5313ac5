package dev.starling.engine.metrics;

/** The counters of a worker. Identifiers are stable: tools of other versions read them. */
public enum Counter {
  /** Exchanges that both replicas published, begun by this worker. */
  EXCHANGES(0, Writer.AGENT, "exchanges published on both replicas"),
  /** Updates applied without a partner. */
  STEPS(1, Writer.AGENT, "updates applied without a partner"),
  /** Exchanges of which only the own side is certain. */
  EXCHANGES_TORN(2, Writer.AGENT, "exchanges torn: finished alone"),
  /** Attempts that found the chosen partner busy. */
  PARTNER_BUSY(3, Writer.AGENT, "attempts that found the partner busy"),
  /** Attempts that found the own stripe held by a peer. */
  OWN_BUSY(4, Writer.AGENT, "attempts that found the own stripe held"),
  /** Targets changed under the lock because a snapshot pinned them. */
  RETARGETS(5, Writer.AGENT, "target planes changed under the lock"),
  /** Gradients applied, each addend of a merged buffer counted. */
  GRADIENTS_APPLIED(6, Writer.AGENT, "gradients applied"),
  /** Buffers of one or more gradients applied. */
  UPDATES(7, Writer.AGENT, "optimizer steps"),
  /** Locks broken by this home. */
  FENCES(8, Writer.AGENT, "locks of peers broken"),
  /** Sum of staleness over applied gradients. */
  STALENESS_SUM(9, Writer.AGENT, "sum of staleness, versions"),
  /** Largest staleness seen. */
  STALENESS_MAX(10, Writer.AGENT, "largest staleness, versions"),
  /** Bytes of parameters averaged with peers, both directions. */
  BYTES_EXCHANGED(11, Writer.AGENT, "bytes read from and written to peers"),
  /** Connections to neighbours made. */
  PEERS_JOINED(12, Writer.AGENT, "neighbours connected"),
  /** Neighbours that left or died. */
  PEERS_LOST(13, Writer.AGENT, "neighbours lost"),
  /** Gradients that the agent dropped because they were too stale. */
  GRADIENTS_LATE(14, Writer.AGENT, "gradients dropped by the agent: too stale"),
  /** Gradients that the agent scaled down because they were too stale, or too many at once. */
  GRADIENTS_SCALED(15, Writer.AGENT, "gradients scaled down: too stale or too many at once"),
  /** Exchanges put off because one side was in a checkpoint set and the other not yet. */
  CUTS_APART(16, Writer.AGENT, "exchanges put off for a checkpoint"),
  /** Checkpoint copies taken. */
  CHECKPOINTS(17, Writer.AGENT, "checkpoint copies"),
  /** Connections that were in error while the peer lived. */
  CONNECTIONS_BROKEN(18, Writer.AGENT, "connections broken"),
  /** Locks held too long and not broken yet, as there was no memory for a fourth plane. */
  FENCES_PUT_OFF(19, Writer.AGENT, "locks not broken yet: no memory for a fourth plane"),
  /** Gradients handed in. */
  GRADIENTS_SUBMITTED(64, Writer.COMPUTE, "gradients submitted"),
  /** Gradients refused because they were not finite. */
  GRADIENTS_REFUSED(65, Writer.COMPUTE, "gradients refused: not finite"),
  /** Gradients added to one that the agent had not taken yet. */
  GRADIENTS_MERGED(66, Writer.COMPUTE, "gradients added to a waiting one"),
  /**
   * All that the compute thread waits: time in snapshots whose pin had to be repeated, and for
   * rounds where the algorithm has them.
   */
  STALL_NS(67, Writer.COMPUTE, "compute thread waiting in the engine, ns"),
  /** Time the compute thread worked inside the engine: pin, check, decay, add. */
  SUBMIT_WORK_NS(68, Writer.COMPUTE, "compute thread working in the engine, ns"),
  /** Snapshots opened. */
  SNAPSHOTS(69, Writer.COMPUTE, "snapshots"),
  /** The submission that was refused last, counted from 1. */
  LAST_REFUSED_SUBMISSION(70, Writer.COMPUTE, "last refused submission"),
  /** The first bad index of the gradient that was refused last. */
  LAST_REFUSED_INDEX(71, Writer.COMPUTE, "its first non-finite index"),
  /** Gradients dropped at submission because they were too stale already. */
  GRADIENTS_LATE_AT_SUBMIT(72, Writer.COMPUTE, "gradients dropped at submission: too stale"),
  /** Gradients shortened to the largest norm allowed. */
  GRADIENTS_CLIPPED(73, Writer.COMPUTE, "gradients clipped");

  /** Which thread writes a counter. */
  public enum Writer {
    /** The communication agent. */
    AGENT,
    /** The user's compute thread. */
    COMPUTE
  }

  private final int id;
  private final Writer writer;
  private final String label;

  Counter(int id, Writer writer, String label) {
    this.id = id;
    this.writer = writer;
    this.label = label;
  }

  /**
   * Returns the stable identifier, which is also the slot in the file.
   *
   * @return 0 to 127
   */
  public int id() {
    return id;
  }

  /**
   * Returns the only thread that writes it.
   *
   * @return the writer
   */
  public Writer writer() {
    return writer;
  }

  /**
   * Adds what a later incarnation of the same worker counted to what earlier ones had.
   *
   * @param earlier the value over the earlier incarnations
   * @param later the value of the later one
   * @return the value over both: a sum, or the larger, or the last one that was set
   */
  public long merge(long earlier, long later) {
    return switch (this) {
      case STALENESS_MAX -> Math.max(earlier, later);
      case LAST_REFUSED_SUBMISSION, LAST_REFUSED_INDEX -> later == 0 ? earlier : later;
      default -> earlier + later;
    };
  }

  /**
   * Returns what it counts, with its unit.
   *
   * @return a few words
   */
  public String label() {
    return label;
  }
}

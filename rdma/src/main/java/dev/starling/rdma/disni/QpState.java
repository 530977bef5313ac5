package dev.starling.rdma.disni;

/** State of a queue pair: {@code enum ibv_qp_state} of verbs.h. */
public enum QpState {
  /** New, or reset. */
  RESET,
  /** Receives may be posted. */
  INIT,
  /** Ready to receive. */
  RTR,
  /** Ready to send: the working state. */
  RTS,
  /** Send queue drained. */
  SQD,
  /** Send queue error (unreliable transports). */
  SQE,
  /** Error: everything posted is flushed, nothing of the peer lands. */
  ERR,
  /** A code that this version does not know. */
  UNKNOWN;

  static QpState of(int code) {
    return code >= 0 && code < values().length ? values()[code] : UNKNOWN;
  }
}

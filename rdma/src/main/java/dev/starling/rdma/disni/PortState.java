package dev.starling.rdma.disni;

/** State of a port: {@code enum ibv_port_state} of verbs.h. Only an active port carries data. */
public enum PortState {
  /** No change, or a code that this version does not know. */
  NOP,
  /** The link is down. */
  DOWN,
  /** The link is up; the subnet manager has not configured it. */
  INIT,
  /** Configured, not yet active. */
  ARMED,
  /** Carries data. */
  ACTIVE,
  /** Active while the link recovers. */
  ACTIVE_DEFER;

  static PortState of(int code) {
    return code >= 0 && code < values().length ? values()[code] : NOP;
  }
}

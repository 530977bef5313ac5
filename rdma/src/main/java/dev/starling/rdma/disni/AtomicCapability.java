package dev.starling.rdma.disni;

/** With what the atomics of a device are atomic: {@code enum ibv_atomic_cap} of verbs.h. */
public enum AtomicCapability {
  /** The device has no atomics. */
  NONE,
  /** Only with atomics of the same device: never mix them with the CPU's on one word. */
  HCA,
  /** Also with other devices and the CPU. */
  GLOB;

  static AtomicCapability of(int code) {
    return code >= 0 && code < values().length ? values()[code] : NONE;
  }
}

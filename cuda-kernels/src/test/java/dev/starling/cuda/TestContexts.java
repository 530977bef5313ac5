package dev.starling.cuda;

/** Opens contexts that do not wait long. */
public final class TestContexts {
  private TestContexts() {}

  /** As {@link CudaContext#open}, but closing waits no longer than this for work in flight. */
  public static CudaContext open(int ordinal, long drainTimeoutNs) {
    return CudaContext.open(ordinal, drainTimeoutNs);
  }
}

package dev.starling.cuda;

/**
 * Something of the driver that a {@link CudaContext} owns until one of the two is closed. The
 * context has been made current when {@link #release} runs, and its streams are drained.
 */
abstract class CudaResource implements AutoCloseable {
  private final CudaContext context;
  private boolean released;

  CudaResource(CudaContext context) {
    this.context = context;
  }

  final CudaContext context() {
    return context;
  }

  /** Calls the driver; whatever it answers, the resource is gone. */
  abstract void release();

  /** Releases it if that has not been done. */
  final void releaseOnce() {
    if (!released) {
      released = true;
      context.bind();
      release();
    }
  }

  /**
   * Gives it back to the driver; the work that uses it must be complete. Closing twice does
   * nothing.
   *
   * @throws CudaException if the driver refuses
   */
  @Override
  public void close() {
    context.release(this);
  }
}

package dev.starling.cuda;

import java.lang.ref.Reference;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * A mark in a stream: complete when all that was submitted to the stream before it is done. One
 * that has never been recorded is complete. Belongs to the thread of its context; allocates nothing
 * once made.
 */
public final class CudaEvent extends CudaResource {
  private final CUevent event = new CUevent();
  private final float[] elapsedMs = new float[1];

  CudaEvent(CudaContext context, boolean timed) {
    super(context);
    context.bind();
    context.require(
        JCudaDriver.cuEventCreate(
            event, timed ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING),
        "creating an event");
  }

  CUevent handle() {
    return event;
  }

  /**
   * Asks, without waiting.
   *
   * @return whether all before the mark is done, and its results can be read
   * @throws CudaException if the device failed
   */
  public boolean isComplete() {
    context().bind();
    int result = JCudaDriver.cuEventQuery(event);
    Reference.reachabilityFence(this);
    if (result == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    context().require(result, "a kernel or a copy");
    return true;
  }

  /**
   * Tells how long the device took from another mark to this one. Both are complete and were made
   * by {@link CudaContext#newTimingEvent}.
   *
   * @param start the earlier mark
   * @return nanoseconds, with the resolution of the device, about half a microsecond
   * @throws CudaException if one of them was not recorded or does not measure time
   */
  public double elapsedNs(CudaEvent start) {
    context().bind();
    context()
        .require(
            JCudaDriver.cuEventElapsedTime(elapsedMs, start.event, event),
            "measuring the time between two events");
    return elapsedMs[0] * 1e6;
  }

  @Override
  void release() {
    context().require(JCudaDriver.cuEventDestroy(event), "destroying an event");
  }
}

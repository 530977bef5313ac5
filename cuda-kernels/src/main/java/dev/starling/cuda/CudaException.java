package dev.starling.cuda;

import dev.starling.engine.StarlingException;
import jcuda.driver.CUresult;

/**
 * A call of the CUDA driver failed. The message says what was being done, on which device, the
 * driver's name of the error and its number, and what cures it.
 */
public final class CudaException extends StarlingException {
  private static final long serialVersionUID = 1L;

  private final int error;

  /**
   * Creates the failure.
   *
   * @param error the driver's number of the error, not zero
   * @param doing what was being done, a clause such as {@code "allocating 4096 bytes"}
   * @param where the device
   */
  CudaException(int error, String doing, String where) {
    this(error, doing, where, cureOf(error));
  }

  /**
   * Creates the failure where the cure depends on what was being done.
   *
   * @param error the driver's number of the error, not zero
   * @param doing what was being done, a clause
   * @param where the device
   * @param cure what to do about it, an imperative clause
   */
  CudaException(int error, String doing, String where, String cure) {
    super(
        "%s failed on %s with %s (error %d): %s"
            .formatted(doing, where, CUresult.stringFor(error), error, cure));
    this.error = error;
  }

  /**
   * Tells the driver's number of the error.
   *
   * @return for example 2
   */
  public int error() {
    return error;
  }

  /**
   * Tells the driver's name of the error.
   *
   * @return for example {@code "CUDA_ERROR_OUT_OF_MEMORY"}
   */
  public String errorName() {
    return CUresult.stringFor(error);
  }

  private static String cureOf(int error) {
    return switch (error) {
      case CUresult.CUDA_ERROR_OUT_OF_MEMORY ->
          "free memory of the device ('nvidia-smi' shows who holds it), or use a smaller model";
      case CUresult.CUDA_ERROR_NO_DEVICE ->
          "check that 'nvidia-smi' lists a GPU and that CUDA_VISIBLE_DEVICES names one";
      case CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE ->
          "another process has the device for itself: end it, or let processes share the device"
              + " ('nvidia-smi -c DEFAULT')";
      case CUresult.CUDA_ERROR_STUB_LIBRARY ->
          "take the stub libcuda.so.1 of the CUDA toolkit out of the library path";
      case CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION, CUresult.CUDA_ERROR_INVALID_PTX ->
          "install an NVIDIA driver of CUDA 12.0 or later (525 or later)";
      case CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU -> "use a GPU of compute capability 7.5 or later";
      case CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND ->
          "install libnvidia-ptxjitcompiler.so.1 of the same driver";
      case CUresult.CUDA_ERROR_JIT_COMPILATION_DISABLED ->
          "unset CUDA_DISABLE_PTX_JIT in the environment";
      case CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH ->
          "install a libcuda.so.1 of the same version as the loaded NVIDIA driver, or reboot";
      case CUresult.CUDA_ERROR_SYSTEM_NOT_READY -> "start nvidia-fabricmanager";
      case CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_FAILED,
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE ->
          "the device gives no more results to this process, so restart it; "
              + "if it happens again, look for an Xid in 'dmesg'";
      default -> "look the error up in the CUDA driver API, and look for an Xid in 'dmesg'";
    };
  }
}

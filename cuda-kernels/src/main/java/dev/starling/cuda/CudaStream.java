package dev.starling.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;
import jcuda.driver.CUfunction;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * A queue of kernels and copies that the device works through in order. Nothing here waits for the
 * device; an {@link CudaEvent event} tells when something is done. Streams do not wait for one
 * another, nor for the driver's default stream, except where {@link #waitFor} says so.
 *
 * <p>Belongs to the thread of its context. Allocates nothing once made.
 */
public final class CudaStream extends CudaResource {
  /** Threads of a block; the kernels' launch bound. */
  static final int BLOCK_THREADS = 256;

  /** Floats that a thread takes in one round: a vector of four. */
  private static final int FLOATS_PER_THREAD = 4;

  /** Blocks of a grid-stride kernel for each multiprocessor: what fits on one of them at once. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

  private final CUstream stream = new CUstream();
  private final AddressPointer target = new AddressPointer();
  private final AddressPointer source = new AddressPointer();
  private final long mostBlocks;

  CudaStream(CudaContext context) {
    super(context);
    mostBlocks = (long) context.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR;
    context.bind();
    context.require(
        JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "creating a stream");
  }

  /**
   * Launches a kernel that walks over its vectors with the grid as its stride.
   *
   * @param kernel from {@link CudaContext#function}
   * @param arguments as many as the kernel has parameters; free again when this returns
   * @param elements of a vector; zero launches nothing
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void launch(CUfunction kernel, KernelArguments arguments, long elements) {
    if (elements == 0) {
      return;
    }
    long perBlock = (long) BLOCK_THREADS * FLOATS_PER_THREAD;
    long blocks = elements / perBlock + (elements % perBlock == 0 ? 0 : 1);
    launch(kernel, arguments, (int) Math.min(blocks, mostBlocks), 1, BLOCK_THREADS, 0);
  }

  /**
   * Launches a kernel on a grid of blocks of one dimension.
   *
   * @param kernel from {@link CudaContext#function}
   * @param arguments as many as the kernel has parameters; free again when this returns
   * @param gridX blocks, at least one
   * @param gridY blocks in the second dimension, at least one
   * @param blockX threads of a block
   * @param sharedBytes shared memory of a block beside what the kernel declares
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void launch(
      CUfunction kernel,
      KernelArguments arguments,
      int gridX,
      int gridY,
      int blockX,
      int sharedBytes) {
    context().bind();
    int result =
        JCudaDriver.cuLaunchKernel(
            kernel, gridX, gridY, 1, blockX, 1, 1, sharedBytes, stream, arguments.pointers(), null);
    Reference.reachabilityFence(arguments);
    context().require(result, "launching a kernel");
  }

  /**
   * Copies from the host. The memory is registered (else the driver copies it by itself, and waits)
   * and does not change until the copy is complete.
   *
   * @param device where to, an address of the device
   * @param from where from
   * @param offsetBytes where the bytes start in {@code from}
   * @param lengthBytes how many; zero copies nothing
   * @throws IndexOutOfBoundsException if the range is not inside {@code from}
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void copyToDevice(long device, MemorySegment from, long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, from.byteSize());
    copyToDevice(device, from.address() + offsetBytes, lengthBytes);
  }

  /**
   * Copies from the host, as the other method of this name, without its check.
   *
   * @param device where to, an address of the device
   * @param host where from, an address in registered memory
   * @param lengthBytes how many; zero copies nothing
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void copyToDevice(long device, long host, long lengthBytes) {
    if (lengthBytes != 0) {
      context().bind();
      context()
          .require(
              JCudaDriver.cuMemcpyHtoDAsync(
                  target.at(device), source.at(host), lengthBytes, stream),
              "copying to the device");
    }
  }

  /**
   * Copies to the host. The memory is registered and is not touched until the copy is complete.
   *
   * @param to where to
   * @param offsetBytes where the bytes start in {@code to}
   * @param device where from, an address of the device
   * @param lengthBytes how many; zero copies nothing
   * @throws IndexOutOfBoundsException if the range is not inside {@code to}
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void copyToHost(MemorySegment to, long offsetBytes, long device, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, to.byteSize());
    copyToHost(to.address() + offsetBytes, device, lengthBytes);
  }

  /**
   * Copies to the host, as the other method of this name, without its check.
   *
   * @param host where to, an address in registered memory
   * @param device where from, an address of the device
   * @param lengthBytes how many; zero copies nothing
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void copyToHost(long host, long device, long lengthBytes) {
    if (lengthBytes != 0) {
      context().bind();
      context()
          .require(
              JCudaDriver.cuMemcpyDtoHAsync(
                  target.at(host), source.at(device), lengthBytes, stream),
              "copying to the host");
    }
  }

  /**
   * Copies within the device.
   *
   * @param to an address of the device
   * @param from another
   * @param lengthBytes how many; zero copies nothing
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void copyOnDevice(long to, long from, long lengthBytes) {
    if (lengthBytes != 0) {
      context().bind();
      context()
          .require(
              JCudaDriver.cuMemcpyDtoDAsync(target.at(to), source.at(from), lengthBytes, stream),
              "copying on the device");
    }
  }

  /**
   * Sets every 32-bit word of memory of the device.
   *
   * @param device an address of the device, a multiple of four
   * @param value what to write
   * @param words how many; zero writes nothing
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void fill32(long device, int value, long words) {
    if (words != 0) {
      context().bind();
      context()
          .require(
              JCudaDriver.cuMemsetD32Async(target.at(device), value, words, stream),
              "filling memory of the device");
    }
  }

  /**
   * Puts a mark behind all that has been submitted; what the mark stood for before is forgotten.
   *
   * @param event the mark
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void record(CudaEvent event) {
    context().bind();
    context().require(JCudaDriver.cuEventRecord(event.handle(), stream), "recording an event");
  }

  /**
   * Lets what is submitted from now on begin only when a mark is complete, without waiting here.
   *
   * @param event a mark in another stream, as it was recorded last
   * @throws CudaException if the driver refuses, or an earlier operation failed
   */
  public void waitFor(CudaEvent event) {
    context().bind();
    context()
        .require(
            JCudaDriver.cuStreamWaitEvent(stream, event.handle(), 0),
            "letting a stream wait for an event");
  }

  /**
   * Asks, without waiting.
   *
   * @return whether all that has been submitted is done
   * @throws CudaException if the device failed
   */
  public boolean isIdle() {
    context().bind();
    int result = JCudaDriver.cuStreamQuery(stream);
    if (result == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    context().require(result, "a kernel or a copy");
    return true;
  }

  /**
   * Returns the driver's stream, for a library that submits work of its own to it.
   *
   * @return valid until this is closed
   */
  public CUstream handle() {
    return stream;
  }

  @Override
  void release() {
    context().require(JCudaDriver.cuStreamDestroy(stream), "destroying a stream");
  }
}

package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.DeviceMemory;

/**
 * One of the two ways a piece can take: a stream and a buffer of the device for each vector. A
 * piece is copied in, computed and copied out in the order of the stream, so the next piece on the
 * lane finds its buffers free.
 */
final class Lane {
  /** A staged vector starts up to three floats into its buffer, and ends as much later. */
  private static final long PADDING_BYTES = 256;

  private final CudaStream stream;
  private final DeviceMemory buffers;
  private final long bufferBytes;
  private final CudaEvent[] marks;

  Lane(CudaContext context, String what, long pieceBytes, int slots) {
    stream = context.newStream();
    bufferBytes = pieceBytes + PADDING_BYTES;
    buffers = context.allocate(what, Operation.MOST_VECTORS * bufferBytes);
    marks = new CudaEvent[slots];
    for (int i = 0; i < slots; i++) {
      marks[i] = context.newEvent();
    }
  }

  CudaStream stream() {
    return stream;
  }

  /** Where a vector is staged, an address of the device that 256 divides. */
  long buffer(int vector) {
    return buffers.address() + vector * bufferBytes;
  }

  CudaEvent mark(int slot) {
    return marks[slot];
  }
}

package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaStream;

/**
 * Vectors of the host are copied to the device in pieces, computed there and copied back, piece
 * after piece on two lanes in turn, so that one copies while the other computes. Vectors in memory
 * of the device are used where they are.
 *
 * <p>An operation begins on a lane when all earlier ones are done on both.
 */
final class StagedPlacement implements Placement {
  /**
   * Bytes of a piece of a vector of floats: half of the engine's chunk, so that one can be copied
   * in while the other is computed or copied out, and still ten times what the calls for it cost on
   * a bus of 50 GB/s. Not tuned on a device yet.
   */
  static final long PIECE_BYTES = 512 << 10;

  /** Floats of a vector access: buffers have the alignment of the vectors on the device. */
  private static final int QUAD = 4;

  private final Launcher launcher;
  private final Lane[] lanes;
  private final long pieceElements;

  /** For the piece at hand: where each vector is for the kernel. */
  private final long[] pointers = new long[Operation.MOST_VECTORS];

  private int nextLane;
  private int lastMark = -1;

  StagedPlacement(CudaContext context, int slots, long pieceBytes) {
    launcher = new Launcher(context);
    pieceElements = pieceBytes / Float.BYTES;
    lanes =
        new Lane[] {
          new Lane(context, "buffers of lane 0", pieceBytes, slots),
          new Lane(context, "buffers of lane 1", pieceBytes, slots)
        };
  }

  @Override
  public void submit(Call call) {
    join();
    if (isOnDevice(call)) {
      launcher.launch(lanes[0].stream(), call);
      return;
    }
    if (call.operation() == Operation.COPY
        && call.isInDeviceMemory(0) != call.isInDeviceMemory(1)) {
      copyDirectly(call, lanes[0].stream());
      return;
    }
    long shift = shift(call);
    for (long from = 0; from < call.count(); from += pieceElements) {
      submit(call, from, Math.min(pieceElements, call.count() - from), shift, lanes[nextLane]);
      nextLane ^= 1;
    }
  }

  @Override
  public CudaStream serial() {
    join();
    return lanes[0].stream();
  }

  @Override
  public void mark(int slot) {
    for (Lane lane : lanes) {
      lane.stream().record(lane.mark(slot));
    }
    lastMark = slot;
  }

  @Override
  public boolean isComplete(int slot) {
    return lanes[0].mark(slot).isComplete() && lanes[1].mark(slot).isComplete();
  }

  /** Lets both lanes wait for what has been marked on the other one. */
  private void join() {
    if (lastMark >= 0) {
      lanes[0].stream().waitFor(lanes[1].mark(lastMark));
      lanes[1].stream().waitFor(lanes[0].mark(lastMark));
    }
  }

  /** Between the host and the device a copy needs no kernel. */
  private static void copyDirectly(Call call, CudaStream stream) {
    if (call.isInDeviceMemory(1)) {
      stream.copyToDevice(call.deviceAddress(1), call.address(0), call.bytes(0));
    } else {
      stream.copyToHost(call.address(1), call.deviceAddress(0), call.bytes(0));
    }
  }

  private static boolean isOnDevice(Call call) {
    for (int i = 0; i < call.vectors(); i++) {
      if (!call.isInDeviceMemory(i)) {
        return false;
      }
    }
    return true;
  }

  /** Elements from a quad's boundary to the start of the vectors that stay where they are. */
  private static long shift(Call call) {
    for (int i = 0; i < call.vectors(); i++) {
      if (call.isInDeviceMemory(i)) {
        return call.deviceAddress(i) / call.operation().operand(i).elementBytes() % QUAD;
      }
    }
    return 0;
  }

  private void submit(Call call, long from, long elements, long shift, Lane lane) {
    for (int i = 0; i < call.vectors(); i++) {
      int elementBytes = call.operation().operand(i).elementBytes();
      if (call.isInDeviceMemory(i)) {
        pointers[i] = call.deviceAddress(i) + from * elementBytes;
      } else {
        pointers[i] = lane.buffer(firstAlike(call, i)) + shift * elementBytes;
      }
    }
    copyIn(call, from, elements, lane);
    launcher.launch(lane.stream(), call, pointers, elements);
    copyOut(call, from, elements, lane);
  }

  /** Vectors that are the same range share a buffer. */
  private static int firstAlike(Call call, int vector) {
    int first = 0;
    while (call.address(first) != call.address(vector)) {
      first++;
    }
    return first;
  }

  private void copyIn(Call call, long from, long elements, Lane lane) {
    for (int i = 0; i < call.vectors(); i++) {
      Operand operand = call.operation().operand(i);
      boolean there = call.isInDeviceMemory(i) || isAlikeBefore(call, i, true);
      if (operand.read() && !there) {
        int bytes = operand.elementBytes();
        lane.stream().copyToDevice(pointers[i], call.address(i) + from * bytes, elements * bytes);
      }
    }
  }

  private void copyOut(Call call, long from, long elements, Lane lane) {
    for (int i = 0; i < call.vectors(); i++) {
      Operand operand = call.operation().operand(i);
      boolean there = call.isInDeviceMemory(i) || isAlikeBefore(call, i, false);
      if (operand.written() && !there) {
        int bytes = operand.elementBytes();
        lane.stream().copyToHost(call.address(i) + from * bytes, pointers[i], elements * bytes);
      }
    }
  }

  /** Whether a vector before this one is the same range and has been copied already. */
  private static boolean isAlikeBefore(Call call, int vector, boolean in) {
    for (int i = 0; i < vector; i++) {
      Operand operand = call.operation().operand(i);
      if (call.address(i) == call.address(vector) && (in ? operand.read() : operand.written())) {
        return true;
      }
    }
    return false;
  }
}

package dev.starling.cuda.kernel;

import dev.starling.cuda.AddressRange;
import dev.starling.cuda.CudaContext;
import dev.starling.engine.kernel.Operands;
import java.lang.foreign.MemorySegment;

/**
 * One call of an operation: its vectors and numbers, checked. Filled anew for every call, so that
 * none allocates. Belongs to one thread.
 */
final class Call {
  private final CudaContext context;
  private final long[] addresses = new long[Operation.MOST_VECTORS];
  private final AddressRange[] ranges = new AddressRange[Operation.MOST_VECTORS];
  private final boolean[] onHeap = new boolean[Operation.MOST_VECTORS];
  private final float[] numbers = new float[Operation.MOST_NUMBERS];
  private Operation operation = Operation.COPY;
  private long count;
  private int vectorsSet;
  private int numbersSet;

  Call(CudaContext context) {
    this.context = context;
  }

  /** Starts a call. */
  Call begin(Operation next, long elements) {
    operation = next;
    count = elements;
    vectorsSet = 0;
    numbersSet = 0;
    return this;
  }

  /** Sets the next vector; throws what the CPU's kernels throw. */
  Call vector(MemorySegment segment, long offsetBytes) {
    Operand operand = operation.operand(vectorsSet);
    addresses[vectorsSet] =
        operand.elementBytes() == Float.BYTES
            ? floats(operand, segment, offsetBytes)
            : bf16(operand, segment, offsetBytes);
    onHeap[vectorsSet] = !segment.isNative();
    vectorsSet++;
    return this;
  }

  private long floats(Operand operand, MemorySegment segment, long offsetBytes) {
    return operand.written()
        ? Operands.writableAddress(operand.name(), segment, offsetBytes, count)
        : Operands.address(operand.name(), segment, offsetBytes, count);
  }

  private long bf16(Operand operand, MemorySegment segment, long offsetBytes) {
    return operand.written()
        ? Operands.writableBf16Address(operand.name(), segment, offsetBytes, count)
        : Operands.bf16Address(operand.name(), segment, offsetBytes, count);
  }

  /** Sets the next float. */
  Call number(float value) {
    numbers[numbersSet++] = value;
    return this;
  }

  /**
   * Ends the checks and finds where the vectors lie for the device.
   *
   * @throws IllegalArgumentException if two overlap that may not, or the device does not know one
   */
  Call complete() {
    for (int p = 0; p < operation.pairs(); p++) {
      requireNoOverlap(operation.written(p), operation.other(p));
    }
    for (int i = 0; count > 0 && i < vectorsSet; i++) {
      ranges[i] = onHeap[i] ? null : context.find(addresses[i], bytes(i));
      if (ranges[i] == null) {
        throw unknown(i);
      }
    }
    return this;
  }

  private void requireNoOverlap(int written, int other) {
    if (operation.isInPlace()) {
      Operands.requireSameOrApart(addresses[written], addresses[other], count);
    } else {
      Operands.requireApart(addresses[written], bytes(written), addresses[other], bytes(other));
    }
  }

  private IllegalArgumentException unknown(int index) {
    return new IllegalArgumentException(
        ("Kernel argument '%s' (%d bytes at 0x%x%s) lies in memory that %s does not know:"
                + " register it before the first operation on it (known are: %s).")
            .formatted(
                operation.operand(index).name(),
                bytes(index),
                addresses[index],
                onHeap[index] ? " of a heap segment" : "",
                context,
                context.knownMemory()));
  }

  Operation operation() {
    return operation;
  }

  /** Elements of each vector. */
  long count() {
    return count;
  }

  int vectors() {
    return vectorsSet;
  }

  /** The address of a vector as the program knows it. */
  long address(int index) {
    return addresses[index];
  }

  /** The address of a vector as the device knows it. */
  long deviceAddress(int index) {
    return ranges[index].deviceAddress(addresses[index]);
  }

  boolean isInDeviceMemory(int index) {
    return ranges[index].isDeviceMemory();
  }

  long bytes(int index) {
    return count * operation.operand(index).elementBytes();
  }

  int numbers() {
    return numbersSet;
  }

  float number(int index) {
    return numbers[index];
  }
}

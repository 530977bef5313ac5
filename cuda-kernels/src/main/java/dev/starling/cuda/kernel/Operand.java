package dev.starling.cuda.kernel;

/**
 * A vector in the signature of an operation.
 *
 * @param name in the signature, for messages
 * @param read whether the kernel reads it
 * @param written whether the kernel writes it
 * @param elementBytes 4 for floats, 2 for bfloat16
 */
record Operand(String name, boolean read, boolean written, int elementBytes) {
  static Operand in(String name) {
    return new Operand(name, true, false, Float.BYTES);
  }

  static Operand out(String name) {
    return new Operand(name, false, true, Float.BYTES);
  }

  static Operand inOut(String name) {
    return new Operand(name, true, true, Float.BYTES);
  }

  static Operand inBf16(String name) {
    return new Operand(name, true, false, Short.BYTES);
  }

  static Operand outBf16(String name) {
    return new Operand(name, false, true, Short.BYTES);
  }
}

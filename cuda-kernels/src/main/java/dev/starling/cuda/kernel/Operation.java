package dev.starling.cuda.kernel;

import static dev.starling.cuda.kernel.Operand.in;
import static dev.starling.cuda.kernel.Operand.inBf16;
import static dev.starling.cuda.kernel.Operand.inOut;
import static dev.starling.cuda.kernel.Operand.out;
import static dev.starling.cuda.kernel.Operand.outBf16;

import java.util.ArrayList;
import java.util.List;

/**
 * The operations, with their vectors in the order of the kernel's parameters. The other parameters
 * are floats and the count, except those of {@link #FIRST_NON_FINITE}.
 */
enum Operation {
  AVERAGE("average", in("x"), in("y"), out("out")),
  AVERAGE_BOTH("averageBoth", in("x"), in("y"), out("outX"), out("outY")),
  STEP("step", in("x"), in("u"), out("out")),
  STEP_AVERAGE("stepAverage", in("x"), in("u"), in("y"), out("out")),
  STEP_AVERAGE_BOTH("stepAverageBoth", in("x"), in("u"), in("y"), out("outX"), out("outY")),
  MOMENTUM("momentum", inOut("v"), in("g")),
  SCALE("scale", inOut("x")),
  NESTEROV("nesterov", inOut("v"), inOut("g")),
  ADAM("adam", inOut("m"), inOut("v"), inOut("g")),
  ACCUMULATE("accumulate", inOut("acc"), in("g")),
  ADD_DECAY("addDecay", inOut("g"), in("x")),
  PACK_BF16(
      "packBf16",
      List.of(new Pair(0, 1), new Pair(2, 0), new Pair(2, 1)),
      inOut("gradient"),
      inOut("residual"),
      outBf16("packed")),
  UNPACK_BF16("unpackBf16", List.of(new Pair(1, 0)), inBf16("packed"), out("out")),
  COPY("copy", in("x"), out("out")),
  FIRST_NON_FINITE("firstNonFinite", in("x"));

  /** The most vectors of an operation. */
  static final int MOST_VECTORS = 5;

  /** The most floats among the parameters of an operation. */
  static final int MOST_NUMBERS = 5;

  private final String kernel;
  private final Operand[] operands;
  private final Pair[] pairs;

  /** Whether a range that is written may be the same as another one. */
  private final boolean inPlace;

  /** Two vectors of which the first is written. */
  private record Pair(int written, int other) {}

  Operation(String name, Operand... operands) {
    this(name, pairsOf(operands), true, operands);
  }

  Operation(String name, List<Pair> apart, Operand... operands) {
    this(name, apart, false, operands);
  }

  Operation(String name, List<Pair> pairs, boolean inPlace, Operand... operands) {
    kernel = "starling_" + name;
    this.pairs = pairs.toArray(new Pair[0]);
    this.inPlace = inPlace;
    this.operands = operands;
  }

  /** What is written with everything else, each two once; in the order of the CPU's checks. */
  private static List<Pair> pairsOf(Operand[] operands) {
    List<Pair> pairs = new ArrayList<>();
    for (int w = 0; w < operands.length; w++) {
      for (int i = 0; operands[w].written() && i < operands.length; i++) {
        if (i > w || !operands[i].written()) {
          pairs.add(new Pair(w, i));
        }
      }
    }
    return pairs;
  }

  /** The kernel's name in the module. */
  String kernel() {
    return kernel;
  }

  int vectors() {
    return operands.length;
  }

  Operand operand(int index) {
    return operands[index];
  }

  boolean isInPlace() {
    return inPlace;
  }

  int pairs() {
    return pairs.length;
  }

  int written(int pair) {
    return pairs[pair].written;
  }

  int other(int pair) {
    return pairs[pair].other;
  }
}

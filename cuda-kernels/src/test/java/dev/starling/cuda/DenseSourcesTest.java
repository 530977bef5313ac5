package dev.starling.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The kernels of fully connected layers, on the CPU, against plain loops: bit for bit, for shapes
 * around the tiles and any number of blocks.
 */
class DenseSourcesTest {
  private static final int[] SIZES = {1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97, 130};
  private static final float[] SPECIAL = {
    -0f, 0f, Float.MIN_VALUE, -1e-40f, 1e-30f, -1e-25f, 1e18f, -1e18f
  };
  private static final int ROUNDS = 60;
  private static final int BLOCK = 256;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private Arena arena;
  private String what;

  /** A side of the tile for each round; both must give the same bits. */
  private int side;

  private int batch;
  private int in;
  private int out;
  private float[] x;
  private float[] w;
  private float[] dz;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    System.out.println("DenseSourcesTest: seed " + seed);
  }

  private interface Round {
    void run();
  }

  private void rounds(Round round) {
    for (int i = 0; i < ROUNDS; i++) {
      batch = size();
      in = size();
      out = size();
      side = random.nextBoolean() ? 32 : 64;
      x = vector(batch * in);
      w = vector(out * in);
      dz = vector(batch * out);
      what =
          "batch %d, in %d, out %d, tile %d, round %d, seed %d"
              .formatted(batch, in, out, side, i, seed);
      try (Arena own = Arena.ofConfined()) {
        arena = own;
        round.run();
      }
    }
  }

  private int size() {
    return SIZES[random.nextInt(SIZES.length)];
  }

  private float[] vector(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] =
          random.nextInt(5) == 0
              ? SPECIAL[random.nextInt(SPECIAL.length)]
              : (float) random.nextGaussian();
    }
    return values;
  }

  private MemorySegment of(float[] values) {
    return arena.allocateFrom(JAVA_FLOAT, values);
  }

  /** Room for floats with something behind that must not change. */
  private MemorySegment room(int count) {
    MemorySegment room = arena.allocate(JAVA_FLOAT, count + 1);
    room.fill((byte) 0x5a);
    return room;
  }

  private void launch(String kernel, Object... arguments) {
    int[] shape = {1 + random.nextInt(4), 1, 1, BLOCK, 1, 1};
    CompiledKernels.launch(kernel, shape, List.of(arguments), random.nextLong());
  }

  private void requireSame(float[] expected, MemorySegment room) {
    for (int i = 0; i < expected.length; i++) {
      float actual = room.getAtIndex(JAVA_FLOAT, i);
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual)) {
        fail("%s: element %d is %s instead of %s".formatted(what, i, actual, expected[i]));
      }
    }
    assertEquals(0x5a5a5a5a, room.getAtIndex(JAVA_INT, expected.length), what);
  }

  @Test
  void shouldGiveTheBitsOfAPlainLoopForward() {
    rounds(
        () -> {
          float[] bias = vector(out);
          boolean hidden = random.nextBoolean();
          float[] expected = new float[batch * out];
          for (int b = 0; b < batch; b++) {
            for (int o = 0; o < out; o++) {
              float sum = bias[o];
              for (int i = 0; i < in; i++) {
                sum = Math.fma(w[o * in + i], x[b * in + i], sum);
              }
              expected[b * out + o] = hidden ? Math.max(0f, sum) : sum;
            }
          }
          MemorySegment z = room(batch * out);
          MemorySegment poisoned = arena.allocate(JAVA_INT);
          launch(
              "forward" + side,
              of(x),
              of(w),
              of(bias),
              z,
              poisoned,
              (long) batch,
              (long) in,
              (long) out,
              hidden ? 1L : 0L);
          requireSame(expected, z);
          assertEquals(0, poisoned.get(JAVA_INT, 0), what);
        });
  }

  @Test
  void shouldMarkEverySumThatIsNotFinite() {
    rounds(
        () -> {
          float[] bias = vector(out);
          float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
          w[random.nextInt(w.length)] = bad[random.nextInt(3)];
          MemorySegment poisoned = arena.allocate(JAVA_INT);
          launch(
              "forward" + side,
              of(x),
              of(w),
              of(bias),
              room(batch * out),
              poisoned,
              (long) batch,
              (long) in,
              (long) out,
              1L);
          assertEquals(1, poisoned.get(JAVA_INT, 0), what);
        });
  }

  @Test
  void shouldGiveTheBitsOfAPlainLoopBackward() {
    rounds(
        () -> {
          float[] dw = new float[out * in];
          float[] db = new float[out];
          for (int o = 0; o < out; o++) {
            for (int b = 0; b < batch; b++) {
              db[o] += dz[b * out + o];
              for (int i = 0; i < in; i++) {
                dw[o * in + i] = Math.fma(dz[b * out + o], x[b * in + i], dw[o * in + i]);
              }
            }
          }
          MemorySegment actual = room(out * in);
          launch(
              "weightGradient" + side, of(dz), of(x), actual, (long) batch, (long) in, (long) out);
          requireSame(dw, actual);
          MemorySegment bias = room(out);
          launch("biasGradient", of(dz), bias, (long) batch, (long) out);
          requireSame(db, bias);
        });
  }

  @Test
  void shouldGiveTheBitsOfAPlainLoopToTheInputs() {
    rounds(
        () -> {
          float[] dx = new float[batch * in];
          for (int b = 0; b < batch; b++) {
            for (int i = 0; i < in; i++) {
              float sum = 0;
              for (int o = 0; o < out; o++) {
                sum = Math.fma(dz[b * out + o], w[o * in + i], sum);
              }
              dx[b * in + i] = x[b * in + i] > 0 ? sum : 0;
            }
          }
          MemorySegment actual = room(batch * in);
          launch(
              "inputGradient" + side,
              of(dz),
              of(w),
              of(x),
              actual,
              (long) batch,
              (long) in,
              (long) out);
          requireSame(dx, actual);
        });
  }

  @Test
  void shouldFinishWhatALibraryMultiplied() {
    rounds(
        () -> {
          float[] bias = vector(out);
          float[] z = new float[batch * out];
          float[] dx = dz.clone();
          for (int k = 0; k < z.length; k++) {
            z[k] = Math.max(0f, dz[k] + bias[k % out]);
            dx[k] = z[k] > 0 ? dx[k] : 0;
          }
          MemorySegment actual = room(batch * out).copyFrom(MemorySegment.ofArray(dz));
          MemorySegment poisoned = arena.allocate(JAVA_INT);
          launch("activate", actual, of(bias), poisoned, (long) batch, (long) out, 1L);
          requireSame(z, actual);
          assertEquals(0, poisoned.get(JAVA_INT, 0), what);
          MemorySegment masked = room(batch * out).copyFrom(MemorySegment.ofArray(dz));
          launch("clearIdle", of(z), masked, (long) batch * out);
          requireSame(dx, masked);
        });
  }

  @Test
  void shouldGatherRowsAndPoisonOnlyWhenMarked() {
    rounds(
        () -> {
          int[] offsets = new int[out];
          float[] expected = new float[out * in];
          for (int b = 0; b < out; b++) {
            offsets[b] = random.nextInt(batch) * in;
            System.arraycopy(x, offsets[b], expected, b * in, in);
          }
          MemorySegment rows = room(out * in);
          MemorySegment at = arena.allocateFrom(JAVA_INT, offsets);
          launch("gather", of(x), at, rows, (long) out, (long) in);
          requireSame(expected, rows);
          MemorySegment mark = arena.allocate(JAVA_INT);
          launch("poison", mark, rows, (long) out * in);
          requireSame(expected, rows);
          mark.set(JAVA_INT, 0, 1);
          launch("poison", mark, rows, (long) out * in);
          Arrays.fill(expected, Float.NaN);
          requireSame(expected, rows);
        });
  }

  @Test
  void shouldComputeTheSoftmaxInDoublePrecision() {
    rounds(
        () -> {
          // More classes than threads now and then.
          int classes = random.nextInt(8) == 0 ? 300 + out : out;
          float[] z = vector(batch * classes);
          int[] labels = random.ints(batch, 0, classes).toArray();
          MemorySegment terms = arena.allocate(JAVA_DOUBLE, 3L * batch);
          MemorySegment delta = room(batch * classes);
          MemorySegment label = arena.allocateFrom(JAVA_INT, labels);
          launch("softmaxGradient", of(z), label, delta, terms, (long) batch, (long) classes);
          for (int b = 0; b < batch; b++) {
            requireSoftmax(
                Arrays.copyOfRange(z, b * classes, (b + 1) * classes), labels[b], b, terms, delta);
          }
          MemorySegment again = arena.allocate(JAVA_DOUBLE, 3L * batch);
          MemorySegment hits = arena.allocate(JAVA_INT, batch);
          launch("softmaxEvaluate", of(z), label, again, hits, (long) batch, (long) classes);
          assertEquals(-1, terms.mismatch(again), what);
          for (int b = 0; b < batch; b++) {
            int first = 0;
            for (int c = 1; c < classes; c++) {
              first = z[b * classes + c] > z[b * classes + first] ? c : first;
            }
            assertEquals(first == labels[b] ? 1 : 0, hits.getAtIndex(JAVA_INT, b), what);
          }
        });
  }

  private void requireSoftmax(
      float[] logits, int label, int b, MemorySegment terms, MemorySegment delta) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - largest);
    }
    // The kernel adds more classes than it has threads in another order.
    assertEquals(sum, terms.getAtIndex(JAVA_DOUBLE, 3L * b), sum * logits.length * 0x1p-52, what);
    // Of 0 and -0 either is the largest: what follows from it is the same.
    assertEquals(largest + 0.0, terms.getAtIndex(JAVA_DOUBLE, 3L * b + 1) + 0.0, what);
    assertEquals(logits[label], terms.getAtIndex(JAVA_DOUBLE, 3L * b + 2), what);
    for (int c = 0; c < logits.length; c++) {
      double share = Math.exp(logits[c] - largest) / sum - (c == label ? 1 : 0);
      float actual = delta.getAtIndex(JAVA_FLOAT, (long) b * logits.length + c);
      assertEquals(share / batch, actual, 3e-7 / batch, () -> what + ", sample " + b);
    }
  }
}

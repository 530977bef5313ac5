package dev.starling.cli.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.checkpoint.Dtype;
import dev.starling.engine.checkpoint.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorDiffTest {
  private static SafetensorsFile.Entry tensor(Dtype dtype, byte[] bytes) {
    long elements = bytes.length * 8L / dtype.bits();
    return new SafetensorsFile.Entry("t", dtype, List.of(elements), MemorySegment.ofArray(bytes));
  }

  private static TensorDiff diff(Dtype dtype, byte[] a, byte[] b) {
    long[] compared = {0};
    TensorDiff diff =
        TensorDiff.of(tensor(dtype, a), tensor(dtype, b), bytes -> compared[0] += bytes);
    assertEquals(a.length, compared[0]);
    return diff;
  }

  @ParameterizedTest
  @CsvSource({
    "F64,000000000000f03f0000000000000040,000000000000f03f0000000000000840,1,1",
    "F32,0000803f00000040,0000803f00000000,1,2",
    "F32,0000c07f0000803f,0000c07f0000803f,0,0",
    "F32,0000c07f,0000803f,1,NaN",
    "F32,00000000,00000080,1,0",
    "F16,003c0040,003c0044,1,2",
    "BF16,803f0040,803fa040,1,3",
    "I8,05ff,0501,1,2",
    "U8,05ff,0501,1,254",
    "U32,ffffffff,00000000,1,4294967295",
    "I64,ffffffffffffffff,0100000000000000,1,2"
  })
  void shouldMeasureTheDistanceOfEveryType(
      Dtype dtype, String a, String b, long different, double maxAbs) {
    TensorDiff diff = diff(dtype, HexFormat.of().parseHex(a), HexFormat.of().parseHex(b));
    assertNull(diff.problem());
    assertEquals(different, diff.different());
    assertEquals(maxAbs, diff.maxAbs());
    assertEquals(different == 0, diff.isEqual());
  }

  @Test
  void shouldCompareBitsWhenATypeHasNoDistance() {
    assertTrue(diff(Dtype.F8_E4M3, new byte[] {1, 2}, new byte[] {1, 2}).isEqual());
    assertFalse(diff(Dtype.F8_E4M3, new byte[] {1, 2}, new byte[] {1, 3}).isEqual());
  }

  @Test
  void shouldFindEveryDifferenceWhenTensorsAreLong() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    byte[] a = new byte[4 * 100_003];
    random.nextBytes(a);
    byte[] b = a.clone();
    long changed = 0;
    for (int i = 3; i < b.length; i += 4 * random.nextInt(1, 40_000)) {
      b[i] ^= (byte) 0x80;
      changed++;
    }
    assertEquals(changed, diff(Dtype.F32, a, b).different(), "seed " + seed);
  }

  @Test
  void shouldSayBothShapesWhenTheyDiffer() {
    TensorDiff diff =
        TensorDiff.of(tensor(Dtype.F32, new byte[8]), tensor(Dtype.F64, new byte[8]), bytes -> {});
    assertEquals("F32[2] and F64[1]", diff.problem());
    assertFalse(diff.isEqual());
  }
}

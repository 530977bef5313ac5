package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The checked-in PTX before the PTX compiler of CUDA 12.0, which JCuda brings as a library: what it
 * takes, a driver of CUDA 12.0 takes. It needs neither a GPU nor nvcc.
 */
class PtxVersionTest {
  private static final Path CHECKED_IN =
      Path.of("src/main/resources/dev/starling/cuda/starling.ptx").toAbsolutePath();

  /** Compiles and returns the name of the result. */
  private static String compile(String ptx, String architecture) {
    byte[] bytes = (ptx + '\0').getBytes(StandardCharsets.US_ASCII);
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    int created = JNvPTXCompiler.nvPTXCompilerCreate(compiler, bytes.length, bytes);
    assertEquals(nvPTXCompileResult.NVPTXCOMPILE_SUCCESS, created, "no compiler was made");
    try {
      String[] options = {"--gpu-name=" + architecture, "--verbose"};
      int result = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
      return nvPTXCompileResult.stringFor(result) + log(compiler);
    } finally {
      JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
    }
  }

  private static String log(nvPTXCompilerHandle compiler) {
    long[] length = new long[1];
    JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, length);
    byte[] text = new byte[Math.toIntExact(length[0]) + 1];
    JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, text);
    return new String(text, StandardCharsets.US_ASCII).replace("\0", "").replaceAll("^(?=.)", ": ");
  }

  @Test
  void shouldAskTheCompilerOfCuda12Point0() {
    int[] major = new int[1];
    int[] minor = new int[1];
    JNvPTXCompiler.nvPTXCompilerGetVersion(major, minor);
    assertEquals("12.0", major[0] + "." + minor[0]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_75", "sm_80", "sm_86", "sm_89", "sm_90"})
  void shouldBeTakenWhenTheDriverIsOfCuda12Point0(String architecture) throws Exception {
    assertEquals("NVPTXCOMPILE_SUCCESS", compile(Files.readString(CHECKED_IN), architecture));
  }

  @Test
  void shouldBeRefusedWhenItNamesTheVersionOfCuda13() throws Exception {
    String ptx = Files.readString(CHECKED_IN);
    String newer = ptx.replaceFirst("(?m)^\\.version .*$", ".version 9.0");
    assertNotEquals(ptx, newer);
    String result = compile(newer, "sm_90");
    assertTrue(result.startsWith("NVPTXCOMPILE_ERROR_UNSUPPORTED_PTX_VERSION"), result);
  }

  @Test
  void shouldBeRefusedWhenAKernelIsBroken() throws Exception {
    String ptx = Files.readString(CHECKED_IN);
    String broken = ptx.replaceFirst("ld\\.param\\.u64", "ld.param.u63");
    assertNotEquals(ptx, broken);
    String result = compile(broken, "sm_90");
    assertTrue(result.startsWith("NVPTXCOMPILE_ERROR_COMPILATION_FAILURE"), result);
  }
}

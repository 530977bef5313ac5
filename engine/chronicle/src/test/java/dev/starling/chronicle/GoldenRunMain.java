package dev.starling.chronicle;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Sgd;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Records the golden runs of the present format anew. Not part of the build, and not to be run for
 * a format that has its files: those are proof that old runs can still be read. When the format
 * becomes another one, raise {@link LogRecord#FORMAT}, then run this once, from engine/chronicle,
 * with the flags and the class path that tests have:
 *
 * <pre>
 *   java ... dev.starling.chronicle.GoldenRunMain src/test/resources
 * </pre>
 */
final class GoldenRunMain {
  private static final long SEED = 20_260_101;
  private static final int STEPS = 12;
  private static final int SETS = 2;

  private GoldenRunMain() {}

  /** Takes the directory of the test resources. */
  public static void main(String[] args) throws Exception {
    Path into = Path.of(args[0]).resolve(GoldenRun.directory(LogRecord.FORMAT));
    if (Files.exists(into)) {
      throw new IllegalStateException(into + " is there already: a golden file is never replaced");
    }
    Path runs = Files.createTempDirectory("golden");
    Path momentum = runs.resolve("momentum-bf16");
    sample(GradientPayload.BF16).train(momentum);
    GoldenRun.pack(momentum, into, "momentum-bf16");

    Path dropped = runs.resolve("adamw-f32-dropped");
    sample(GradientPayload.F32)
        .train(
            dropped,
            (set, recorder) -> {
              if (set == SETS) {
                recorder.dropBefore(set);
              }
            });
    GoldenRun.pack(dropped, into, "adamw-f32-dropped");

    Path killed = runs.resolve("killed-bf16");
    Process writer = ChildJvm.start(KilledRunMain.class, killed.toString(), Long.toString(SEED));
    writer.getInputStream().transferTo(System.out);
    writer.waitFor();
    GoldenRun.pack(killed, into, "killed-bf16");
  }

  private static SampleRun sample(GradientPayload payload) {
    boolean isBf16 = payload == GradientPayload.BF16;
    return new SampleRun(
        SEED,
        2,
        new long[] {37, 52},
        2,
        parameters -> isBf16 ? new Sgd(0.9f, 1e-4f, parameters) : new AdamW(0.01f, parameters),
        payload,
        STEPS,
        SETS);
  }
}

package dev.starling.cli.log;

import dev.starling.chronicle.ChronicleLog;
import dev.starling.chronicle.ChronicleLogContext;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Origin;
import dev.starling.engine.log.RunText;
import dev.starling.engine.log.UpdateLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Writes logs as workers do: a model of two stripes, its gradients are 24 bytes long. */
final class TestRun {
  static final int STRIPES = 2;
  static final long GRADIENT_BYTES = 24;

  /** As long-lived as the buffers of a worker, which outlive its log. */
  private static final MemorySegment VALUES = Arena.global().allocate(GRADIENT_BYTES, 8);

  private final Path directory;

  TestRun(Path directory) {
    this.directory = directory;
  }

  Path log(int rank, int incarnation) {
    return directory.resolve("log").resolve(rank + "." + incarnation);
  }

  /** Writes a log that ends with END. */
  void write(int rank, int incarnation, Consumer<UpdateLog> events) {
    write(rank, incarnation, new ChronicleLogContext(), UpdateLog.OnFailure.STOP, events);
  }

  void write(
      int rank,
      int incarnation,
      ChronicleLogContext context,
      UpdateLog.OnFailure onFailure,
      Consumer<UpdateLog> events) {
    ChronicleLog sink = ChronicleLog.create(log(rank, incarnation), context.blockBytes(1 << 20));
    try (UpdateLog log =
        new UpdateLog(sink, text(rank, incarnation), STRIPES, onFailure, sentence -> {})) {
      log.restored(Origin.initial(STRIPES));
      events.accept(log);
      sink.useReserve();
    }
  }

  /** Writes a log whose writer never ended it: no END record. */
  void writeKilled(int rank, int incarnation, Consumer<UpdateLog> events) {
    Path killed = log(rank, incarnation);
    try (ChronicleLog sink =
            ChronicleLog.create(
                directory.resolve("killed"), new ChronicleLogContext().blockBytes(1 << 20));
        UpdateLog log =
            new UpdateLog(
                sink, text(rank, incarnation), STRIPES, UpdateLog.OnFailure.STOP, sentence -> {})) {
      log.restored(Origin.initial(STRIPES));
      events.accept(log);
      Files.createDirectories(killed);
      Files.copy(
          directory.resolve("killed").resolve("00000000.cq4"), killed.resolve("00000000.cq4"));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static String text(int rank, int incarnation) {
    return new RunText()
        .put(RunText.FORMAT, 1)
        .put(RunText.JOB, "j")
        .put(RunText.RANK, rank)
        .put(RunText.INCARNATION, incarnation)
        .put(RunText.STRIPES, "4,2")
        .toString();
  }

  /** One update of four gradients whose first stripe is exchanged and whose second is not. */
  static void update(UpdateLog log, long step, int peer) {
    log.gradient(step, 4, step - 1, 0.1f, 1, GradientPayload.F32, GRADIENT_BYTES);
    log.fragment(VALUES, 0, GRADIENT_BYTES);
    log.intent(0, step, peer, 0, step + 100, true);
    log.commit(0, step);
    log.step(1, step);
  }
}

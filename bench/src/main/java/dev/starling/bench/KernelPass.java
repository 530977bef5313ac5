package dev.starling.bench;

import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Optimizers;
import dev.starling.engine.replay.ChainId;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The kernels that the replay of a run's logs needs, and nothing else: the same calls in the order
 * of their times, on memory of the same sizes that is there before. Belongs to one thread.
 */
final class KernelPass implements AutoCloseable {
  private static final int ALONE = -1;

  private final GradientPayload payload;
  private final long parameters;
  private final Kernels kernels = new CpuKernels();
  private final List<State> states = new ArrayList<>();
  private final List<Event> events = new ArrayList<>();

  /** One call, or a few: a piece of a gradient, or what makes a version. */
  private record Event(
      long timeNs,
      RecordKind kind,
      int rank,
      int peer,
      boolean withUpdate,
      long step,
      float rate,
      float scale,
      long offset,
      long count) {}

  /** What replay has for each chain; the payload is what it finds in the log. */
  private record State(
      PrivateMemory model, PrivateMemory gradient, PrivateMemory payload, Optimizer optimizer)
      implements AutoCloseable {
    static State allocate(RunLogs logs) {
      long bytes = logs.shape().modelBytes();
      State state =
          new State(
              PrivateMemory.allocate("a model", bytes),
              PrivateMemory.allocate("a gradient", bytes),
              PrivateMemory.allocate("a payload", bytes),
              Optimizers.parse(logs.optimizer(), logs.shape().parameters()));
      VectorKernels.fill(state.gradient.segment(), 0, 1e-3f, logs.shape().parameters());
      return state;
    }

    @Override
    public void close() {
      optimizer.close();
      payload.close();
      gradient.close();
      model.close();
    }
  }

  /** Reads what has to be computed. */
  KernelPass(RunLogs logs) {
    payload = logs.shape().payload();
    parameters = logs.shape().parameters();
    for (ChainId chain : logs.logs()) {
      states.add(State.allocate(logs));
      try (LogCursor cursor = logs.open(chain)) {
        while (cursor.next()) {
          read(chain.rank(), cursor.record());
        }
      }
    }
    events.sort(Comparator.comparingLong(Event::timeNs));
  }

  private void read(int rank, MemorySegment record) {
    RecordKind kind = LogRecord.kind(record);
    int peer = kind == RecordKind.INTENT ? LogRecord.bodyInt(record, 16) : ALONE;
    boolean withUpdate = LogRecord.has(record, LogRecord.WITH_UPDATE);
    long timeNs = LogRecord.timeNs(record);
    switch (kind) {
      case GRADIENT ->
          events.add(
              new Event(
                  timeNs,
                  kind,
                  rank,
                  peer,
                  false,
                  LogRecord.bodyLong(record, 0),
                  LogRecord.bodyFloat(record, 20),
                  LogRecord.bodyFloat(record, 24),
                  0,
                  0));
      case FRAGMENT -> {
        long first = LogRecord.bodyLong(record, 0) / payload.bytesPerValue();
        long count =
            ((long) LogRecord.bodyLengthBytes(record) - Long.BYTES) / payload.bytesPerValue();
        events.add(new Event(timeNs, kind, rank, peer, false, 0, 0, 0, first, count));
      }
      case STEP, INTENT ->
          events.add(new Event(timeNs, kind, rank, peer, withUpdate, 0, 0, 0, 0, parameters));
      case TORN, FENCE -> throw new IllegalStateException("the run was disturbed: make another");
      default -> {}
    }
  }

  /** Computes everything once. */
  void run() {
    float[] rates = new float[states.size()];
    float[] scales = new float[states.size()];
    for (Event event : events) {
      State state = states.get(event.rank());
      switch (event.kind()) {
        case GRADIENT -> {
          rates[event.rank()] = event.rate();
          scales[event.rank()] = event.scale();
          state.optimizer().begin(event.step());
        }
        case FRAGMENT -> advance(state, event.offset(), event.count(), scales[event.rank()]);
        default -> publish(state, event, rates[event.rank()]);
      }
    }
  }

  private void advance(State state, long first, long count, float scale) {
    MemorySegment gradient = state.gradient().segment();
    long offset = first * Float.BYTES;
    if (payload == GradientPayload.BF16) {
      VectorKernels.unpackBf16(
          state.payload().segment(), first * Short.BYTES, gradient, offset, count);
    }
    if (scale != 1f) {
      kernels.scale(gradient, offset, scale, count);
    }
    state.optimizer().advance(kernels, gradient, offset, count);
  }

  private void publish(State state, Event event, float rate) {
    MemorySegment x = state.model().segment();
    MemorySegment u = state.optimizer().update(state.gradient().segment());
    float keep = state.optimizer().keep(rate);
    if (event.peer() == ALONE) {
      kernels.step(x, 0, u, 0, x, 0, rate, keep, event.count());
      return;
    }
    MemorySegment y = states.get(event.peer()).model().segment();
    if (event.withUpdate()) {
      kernels.stepAverageBoth(x, 0, u, 0, y, 0, x, 0, y, 0, rate, keep, event.count());
    } else {
      kernels.averageBoth(x, 0, y, 0, x, 0, y, 0, event.count());
    }
  }

  @Override
  public void close() {
    states.forEach(State::close);
    kernels.close();
  }
}

package dev.starling.cuda.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cuda.FakeCuda;
import dev.starling.cuda.kernel.CudaKernelsProvider;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import dev.starling.models.Model;
import dev.starling.models.Models;
import dev.starling.models.Pass;
import dev.starling.models.PassFactory;
import dev.starling.models.data.BatchSampler;
import dev.starling.models.data.Dataset;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Workers whose gradients and exchanges are both computed on a device: snapshot and gradient
 * buffers are copied straight, while the communication agent uses the same device from its own
 * thread.
 */
class TrainingOnDeviceTest {
  private static final int WORKERS = 2;
  private static final int STEPS = 120;
  private static final int BATCH = 8;
  private static final int INPUTS = 12;
  private static final int CLASSES = 4;

  private final Model model = Models.parse("mlp:9", INPUTS, CLASSES);

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    FakeCuda.reset(3);
  }

  /** Every class has its own direction, with noise around it. */
  private static Dataset samples(int count) {
    SplittableRandom random = new SplittableRandom(7);
    float[] features = new float[count * INPUTS];
    int[] labels = new int[count];
    for (int row = 0; row < count; row++) {
      labels[row] = random.nextInt(CLASSES);
      for (int i = 0; i < INPUTS; i++) {
        double centre = i % CLASSES == labels[row] ? 1 : 0;
        features[row * INPUTS + i] = (float) (centre + 0.4 * random.nextGaussian());
      }
    }
    return new Dataset("clusters", features, labels, CLASSES, INPUTS, 1, 1);
  }

  private static void awaitApplied(Worker worker, long gradients) {
    long startNs = System.nanoTime();
    while (worker.counters().get(Counter.GRADIENTS_APPLIED) < gradients) {
      assertTrue(
          System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(20),
          "gradient " + gradients + " was not applied in time");
      LockSupport.parkNanos(10_000);
    }
  }

  private void train(Worker worker, PassFactory passes, Dataset data) {
    BatchSampler sampler = BatchSampler.whole(data, BATCH, 1, worker.rank());
    try (Pass pass = passes.open(model, BATCH, worker.rank())) {
      for (int step = 0; step < STEPS; step++) {
        try (Snapshot snapshot = worker.snapshot()) {
          pass.gradient(snapshot.stripe(0), sampler.next(), worker.gradient());
          assertTrue(worker.submit());
        }
        awaitApplied(worker, step - 1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mapped", "staged"})
  void shouldTrainWithGradientsAndExchangesOnTheDevice(String placement) throws Exception {
    Dataset data = samples(400);
    Map<String, String> settings = Map.of("placement", placement, "matrix", "tiled");
    PassFactory passes = new CudaPassProvider().open(settings);
    JobContext context =
        new JobContext()
            .workers(WORKERS)
            .parameterCount(model.parameterCount())
            .kernels(new CudaKernelsProvider().open(settings))
            .schedule(new Schedule.Constant(0.2f));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(model.parameterCount() * Float.BYTES, 64);
      model.initialise(parameters, new SplittableRandom(1));
      try (LocalJob job = LocalJob.launch(context, parameters)) {
        long pinned = FakeCuda.callCount("cuMemHostRegister");
        job.run(worker -> train(worker, passes, data));
        // Indices and results of each pass, and the data set's way to the device: no other copy.
        assertEquals(
            pinned + 2 * WORKERS + 1, FakeCuda.callCount("cuMemHostRegister"), "memory pinned");
        job.average(parameters);
        long exchanges = 0;
        for (int rank = 0; rank < WORKERS; rank++) {
          exchanges += job.worker(rank).counters().get(Counter.EXCHANGES);
        }
        assertTrue(exchanges > 0, "no exchange took place");
      }
      double accuracy = model.newPass(BATCH).evaluate(parameters, data).accuracy();
      assertTrue(accuracy > 0.9, "accuracy " + accuracy);
    }
    assertEquals(0, FakeCuda.count("pageableCopies"));
    assertEquals(Map.of(), FakeCuda.live());
    assertEquals(List.of(), FakeCuda.violations());
  }
}

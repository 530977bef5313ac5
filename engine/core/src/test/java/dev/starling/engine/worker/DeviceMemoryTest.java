package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.LinkPace;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.KernelsFactory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A worker tells a device of all memory that it computes on, before it does, and takes none away
 * under it (P6), also when setting up fails half-way.
 */
class DeviceMemoryTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final long SEED = System.nanoTime();

  private final List<DeviceKernels> devices = Collections.synchronizedList(new ArrayList<>());

  /** Makes a device for each worker; one registration of rank 1's may be refused. */
  private final class Devices implements KernelsFactory {
    private final int failing;

    Devices(int failing) {
      this.failing = failing;
    }

    @Override
    public String description(int rank) {
      return "devices that are none";
    }

    @Override
    public Kernels open(int rank) {
      DeviceKernels device = new DeviceKernels(SEED + rank, rank == 1 ? failing : 0);
      devices.add(device);
      return device;
    }
  }

  private JobContext context(long parameters, int failing) {
    return new JobContext()
        .workers(2)
        .parameterCount(parameters)
        .stripeBytes(parameters * Float.BYTES / 3 & -64)
        .chunkBytes(1024)
        .mergeLimit(0)
        .optimizer(count -> new AdamW(0.01f, count))
        .schedule(new Schedule.Constant(0.05f))
        .kernels(new Devices(failing));
  }

  private void requireNoMistakes() {
    for (DeviceKernels device : devices) {
      assertEquals(List.of(), device.mistakes(), "seed " + SEED);
      assertEquals(List.of(), device.known(), "seed " + SEED);
      assertTrue(device.isClosed());
    }
  }

  private static void descend(Worker worker, int steps, long count) {
    for (int step = 0; step < steps; step++) {
      try (Snapshot snapshot = worker.snapshot();
          Arena arena = Arena.ofConfined()) {
        MemorySegment values = arena.allocate(count * Float.BYTES);
        snapshot.copyTo(values);
        MemorySegment gradient = worker.gradient();
        for (long i = 0; i < count; i++) {
          gradient.setAtIndex(FLOAT, i, values.getAtIndex(FLOAT, i) - i % 3);
        }
        assertTrue(worker.submit());
      }
      long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (worker.counters().get(Counter.GRADIENTS_APPLIED) < step - 1) {
        assertTrue(System.nanoTime() - deadlineNs < 0, "gradient " + step + " was not applied");
        LockSupport.parkNanos(1_000);
      }
    }
  }

  /** A result that is used before the device has it, or memory it does not know, shows here. */
  @ParameterizedTest
  @CsvSource({
    "ALLREDUCE, 2, false",
    "ALLREDUCE, 3, false",
    "ALLREDUCE, 3, true",
    "D_PSGD, 3, false",
    "D_PSGD, 3, true",
    "A_PSGD, 3, false",
    "A_PSGD, 3, true"
  })
  void shouldTrainOnADeviceWithTheAlgorithmsToCompareWith(
      Algorithm algorithm, int workers, boolean links) throws Exception {
    long count = 5_000;
    JobContext context =
        context(count, 0)
            .stripeBytes(JobContext.STRIPE_BYTES_DEFAULT)
            .workers(workers)
            .algorithm(algorithm)
            .link(links ? new LinkPace(1e9, 1_000, Map.of()) : null);
    try (Arena arena = Arena.ofConfined()) {
      try (LocalJob job = LocalJob.launch(context, arena.allocate(count * 4))) {
        job.run(worker -> descend(worker, 150, count));
        float[][] models = new float[workers][];
        for (int rank = 0; rank < workers; rank++) {
          MemorySegment model = arena.allocate(count * Float.BYTES);
          job.copyReplica(rank, model);
          models[rank] = model.toArray(FLOAT);
        }
        for (int i = 0; i < count; i++) {
          boolean same = algorithm == Algorithm.ALLREDUCE;
          assertEquals(models[0][i], models[1][i], same ? 0 : 0.2, "parameter " + i);
          assertEquals(i % 3, models[0][i], 0.3, "parameter " + i);
        }
      }
      requireNoMistakes();
    }
  }

  @Test
  void shouldTrainWhenADeviceComputesLaterAndKnowsOnlyWhatItWasTold() throws Exception {
    long count = 5_000;
    try (Arena arena = Arena.ofConfined()) {
      try (LocalJob job = LocalJob.launch(context(count, 0), arena.allocate(count * 4))) {
        job.run(worker -> descend(worker, 300, count));
        MemorySegment average = arena.allocate(count * Float.BYTES);
        job.average(average);
        for (long i = 0; i < count; i++) {
          assertEquals(i % 3, average.getAtIndex(FLOAT, i), 0.1, "parameter " + i);
        }
        assertTrue(job.worker(0).counters().get(Counter.EXCHANGES) > 0, "no exchange took place");
        assertEquals(
            List.of(
                "the replica of rank 0",
                "the gradient buffers of rank 0",
                "the optimizer's state of rank 0",
                "the replica of rank 1 as rank 0 sees it"),
            devices.get(0).known());
      }
      requireNoMistakes();
      assertEquals(2, devices.get(0).mostWaiting(), "combines under way at once");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void shouldLeaveNothingBehindWhenTheDeviceRefusesMemory(int failing) {
    long count = 500;
    try (Arena arena = Arena.ofConfined()) {
      StarlingException refused =
          assertThrows(
              StarlingException.class,
              () -> LocalJob.launch(context(count, failing), arena.allocate(count * 4)).close());
      assertTrue(refused.getMessage().contains("no memory is taken today"), refused.getMessage());
    }
    assertFalse(devices.isEmpty());
    requireNoMistakes();
  }

  /** Whatever is in flight when a job is closed ends before any memory is given back (P6). */
  @Test
  void shouldEndWhatIsInFlightBeforeTheDeviceForgetsMemory() {
    long count = 100_000;
    for (int round = 0; round < 20; round++) {
      try (Arena arena = Arena.ofConfined();
          LocalJob job = LocalJob.launch(context(count, 0), arena.allocate(count * 4))) {
        for (int rank = 0; rank < 2; rank++) {
          Worker worker = job.worker(rank);
          try (Snapshot snapshot = worker.snapshot()) {
            assertEquals(0, snapshot.version(0) >>> 8);
            worker.gradient().fill((byte) 0);
            assertTrue(worker.submit());
          }
        }
        LockSupport.parkNanos(round * 200_000L);
      }
    }
    requireNoMistakes();
  }
}

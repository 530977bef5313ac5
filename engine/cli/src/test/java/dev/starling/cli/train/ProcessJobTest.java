package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.PrivateSharedMemory;
import dev.starling.engine.memory.PrivateMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A supervisor whose system is short of processes and threads. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessJobTest {
  private static final long LIMIT_S = 20;

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private final List<String> told = new ArrayList<>();
  private final List<Process> started = new ArrayList<>();
  private int starts;

  @AfterEach
  void endWhatAFailureLeft() {
    started.forEach(Process::destroyForcibly);
  }

  private synchronized void tell(String line) {
    told.add(line);
  }

  /** In place of a worker: one that dies at once, or one that lives until it is killed. */
  private Process child(String command) throws IOException {
    Process process = new ProcessBuilder("sh", "-c", command).start();
    started.add(process);
    return process;
  }

  private void train(int restarts, WorkerProcess.Starter starter) throws Exception {
    TrainOptions options = new TrainOptions();
    options.workers = 1;
    options.steps = 100L;
    options.generatedSamples = 40;
    options.model = "softmax";
    options.processes = true;
    options.restarts = restarts;
    options.directory = shared.directory();
    options.out = shared.run("run");
    Path directory = Files.createDirectories(options.out);
    RunPlan plan = RunPlan.of(options);
    try (PrivateMemory memory =
            PrivateMemory.allocate("the model", plan.parameterCount() * Float.BYTES);
        StopSignal stop = StopSignal.silent();
        Recording recording = Recording.open(plan, directory, memory.segment(), this::tell);
        ProcessJob job = new ProcessJob(plan, recording, List.of(), stop, this::tell, starter)) {
      job.train();
    }
  }

  private long count(String part) {
    return told.stream().filter(line -> line.contains(part)).count();
  }

  @Test
  void shouldTryAgainAfterASecondWhenTheSystemRefusesAProcess() {
    long beginNs = System.nanoTime();
    RuntimeException failure =
        assertThrows(
            RuntimeException.class,
            () ->
                train(
                    3,
                    command -> {
                      if (starts++ == 1 || starts == 3) {
                        throw new IOException("error=11, Resource temporarily unavailable");
                      }
                      return child("kill -9 $$");
                    }));
    assertEquals(4, starts, told::toString);
    assertEquals(
        2,
        count(
            "rank 0 could not be started again (error=11, Resource temporarily unavailable); it is"
                + " tried again in 1 s"),
        told::toString);
    assertTrue(System.nanoTime() - beginNs >= TimeUnit.SECONDS.toNanos(2), told::toString);
    assertTrue(failure.getMessage().contains("every worker process was lost"), failure::toString);
  }

  @Test
  void shouldGiveUpWhenTheLastRestartIsRefused() {
    assertThrows(
        RuntimeException.class,
        () ->
            train(
                1,
                command -> {
                  if (starts++ == 1) {
                    throw new IOException("error=11");
                  }
                  return child("kill -9 $$");
                }));
    assertEquals(
        1,
        count("could not be started again (error=11); the others go on without it"),
        told::toString);
  }

  @Test
  void shouldEndAProcessThatRunsThoughItsStartFailedForWantOfAThread() throws Exception {
    assertThrows(
        RuntimeException.class,
        () ->
            train(
                1,
                command -> {
                  if (starts++ == 1) {
                    child("exec sleep 1000");
                    throw new OutOfMemoryError("unable to create native thread");
                  }
                  return child("kill -9 $$");
                }));
    assertRefusedForWantOfAThread();
  }

  @Test
  void shouldEndAProcessThatNobodyCanReadForWantOfAThread() throws Exception {
    WorkerProcess.Starter starter =
        new WorkerProcess.Starter() {
          @Override
          public Process start(List<String> command) throws IOException {
            return child(starts++ == 1 ? "exec sleep 1000" : "kill -9 $$");
          }

          @Override
          public void read(Thread reader) {
            if (starts == 2) {
              throw new OutOfMemoryError("unable to create native thread");
            }
            reader.start();
          }
        };
    assertThrows(RuntimeException.class, () -> train(1, starter));
    assertRefusedForWantOfAThread();
  }

  private void assertRefusedForWantOfAThread() throws InterruptedException {
    assertEquals(
        1,
        count(
            "rank 0 could not be started again (the system refuses the threads that look after it"
                + " (unable to create native thread): raise the number of processes"),
        told::toString);
    assertEquals(2, started.size());
    assertTrue(started.getLast().waitFor(LIMIT_S, TimeUnit.SECONDS), "it outlives the job");
  }
}

package dev.starling.cli.chaos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Processes that do nothing but keep processors busy. They end by themselves when nobody ends them.
 */
final class BusyProcesses implements AutoCloseable {
  /** How many there are for each processor. */
  static final int PER_PROCESSOR = 4;

  private static final String LONGEST_S = "20";

  private final List<Process> processes = new ArrayList<>();

  BusyProcesses() throws IOException {
    int count = PER_PROCESSOR * Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < count; i++) {
      processes.add(
          new ProcessBuilder("timeout", LONGEST_S, "sh", "-c", "while :; do :; done").start());
    }
  }

  @Override
  public void close() {
    for (Process process : processes) {
      // The signal goes on to the shell, which a forced end would leave behind.
      process.destroy();
    }
    processes.forEach(process -> process.onExit().join());
  }
}

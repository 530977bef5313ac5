package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class AgentThreadTest {
  @Test
  void shouldGetAShortSliceForTheCallingThreadAlone() throws Exception {
    String before = slice();
    AtomicReference<String> inside = new AtomicReference<>("");
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  assertTrue(AgentThread.requestShortSlice());
                  inside.set(slice());
                });
    thread.join();
    assertEquals(before, slice());
    String release = Files.readString(Path.of("/proc/sys/kernel/osrelease")).trim();
    if (inside.get().isEmpty()) {
      System.out.println("Linux " + release + " shows no slices, nothing to compare");
    } else if (slicesCanBeSet(release)) {
      assertEquals(AgentThread.SLICE_NS, Long.parseLong(inside.get()));
    }
  }

  private static boolean slicesCanBeSet(String release) {
    String[] numbers = release.split("[.-]");
    int major = Integer.parseInt(numbers[0]);
    return major > 6 || major == 6 && Integer.parseInt(numbers[1]) >= 12;
  }

  /** The slice in nanoseconds as the kernel shows it, empty where it does not. */
  private static String slice() {
    try {
      return Files.readAllLines(Path.of("/proc/thread-self/sched")).stream()
          .filter(line -> line.startsWith("se.slice"))
          .map(line -> line.substring(line.indexOf(':') + 1).trim())
          .findFirst()
          .orElse("");
    } catch (java.io.IOException notShown) {
      return "";
    }
  }
}

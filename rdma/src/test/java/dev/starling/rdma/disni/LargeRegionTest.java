package dev.starling.rdma.disni;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.jextract.Lanes;
import dev.starling.rdma.FakeVerbs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A region beyond the 2 GiB of DiSNI's lengths. A device pins it, so it needs the memory. */
@Timeout(300)
@Tag("device")
class LargeRegionTest {
  private static final long GIB = 1L << 30;

  @Test
  void shouldReadBeyondTwoGiB() throws IOException {
    VerbsState.enter();
    long freeBytes = availableBytes();
    Lanes.enter(
        "verbs-4g",
        FakeVerbs.isFake() || freeBytes > 4 * GIB,
        "pinning 3 GiB needs 4 GiB of free memory and there are " + freeBytes + " bytes");
    try (PrivateMemory memory = PrivateMemory.allocate("a large region", 3 * GIB);
        Loopback loop = new Loopback();
        FfmMr mr = loop.pd.register(memory.segment(), Loopback.ALL)) {
      assertEquals(3 * GIB, mr.lengthBytes());
      assertThrows(ConfigurationException.class, mr::getLength);
      long far = 3 * GIB - 64;
      memory.segment().set(JAVA_LONG, far, 0x1234_5678_9abcL);
      long base = mr.addressLong();
      loop.requests.read(0, 1, base, 8, mr.lkey(), base + far, mr.rkey(), true);
      assertEquals(0, loop.run(0, 1));
      assertEquals(0x1234_5678_9abcL, memory.segment().get(JAVA_LONG, 0));
    }
    VerbsState.assertNothingLeft();
  }

  private static long availableBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemAvailable:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return 0;
  }
}

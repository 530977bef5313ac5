package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** On the fake only: on a device the probe is run by itself. */
@Tag("fake")
class VerbsProbeTest {
  private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\": (\\d+\\.\\d{3})(?:, |$)");
  private static final long WINDOW_NS = 20_000_000;

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    assertEquals("", FakeVerbs.misuse());
    assertEquals(0, FakeVerbs.reset(), "something was not closed: " + FakeVerbs.log());
  }

  private static Map<String, Double> parse(String members) {
    Map<String, Double> numbers = new TreeMap<>();
    int end = 0;
    for (MatchResult found : MEMBER.matcher(members).results().toList()) {
      assertEquals(end, found.start(), members);
      end = found.end();
      numbers.put(found.group(1), Double.valueOf(found.group(2)));
    }
    assertEquals(members.length(), end, members);
    return numbers;
  }

  @Test
  void shouldMeasureLatencyAndBandwidth() {
    try (VerbsProbe probe = new VerbsProbe(FakeVerbs.device(), "1", 200, 20, WINDOW_NS)) {
      Map<String, Double> latency = parse(probe.latency());
      assertEquals(6, latency.size());
      for (String name : new String[] {"cas", "read", "write"}) {
        double medianUs = latency.get(name + "Us");
        assertTrue(medianUs > 0.01 && medianUs < 1_000, name + " takes " + medianUs + " us");
        assertTrue(latency.get(name + "P99Us") >= medianUs, latency::toString);
      }
      Map<String, Double> bandwidth = parse(probe.bandwidth());
      for (String name : new String[] {"readMBs", "writeMBs", "fabricReadMBs", "fabricWriteMBs"}) {
        double megabytes = bandwidth.get(name);
        assertTrue(megabytes > 10 && megabytes < 1e6, name + " " + megabytes);
      }
      assertEquals(4, bandwidth.size());
    }
  }

  @Test
  void shouldNameTheAddressThatNoGidHolds() {
    ConfigurationException failure =
        assertThrows(
            ConfigurationException.class,
            () -> new VerbsProbe(FakeVerbs.device(), "192.0.2.77", 1, 0, WINDOW_NS));
    assertTrue(failure.getMessage().contains("holds 192.0.2.77"), failure.getMessage());
  }
}

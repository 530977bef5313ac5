package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KernelsChoiceTest {
  private final KernelsFactory cpu = KernelsFactory.of(CpuKernels::new);
  private final KernelsFactory opened = KernelsFactory.of(() -> new ParallelCpuKernels(2));
  private String unavailable;
  private String refusal;
  private Map<String, String> given;

  private final KernelsProvider provider =
      new KernelsProvider() {
        @Override
        public String name() {
          return "abacus";
        }

        @Override
        public Optional<String> unavailableReason() {
          return Optional.ofNullable(unavailable);
        }

        @Override
        public KernelsFactory open(Map<String, String> settings) {
          given = settings;
          if (refusal != null) {
            throw new StarlingException(refusal);
          }
          if (settings.containsKey("colour")) {
            throw new ConfigurationException("colour is no setting of an abacus");
          }
          return opened;
        }
      };

  private KernelsChoice choose(String wanted, KernelsProvider... providers) {
    return KernelsChoice.of(wanted, Map.of("beads", "7"), cpu, 3, List.of(providers));
  }

  @Test
  void shouldTakeTheFirstDeviceThatCanBeUsedWhenNothingIsAskedFor() {
    KernelsChoice choice = choose("auto", provider);
    assertEquals("abacus", choice.device());
    assertSame(opened, choice.kernels());
    assertEquals(Map.of("beads", "7"), given);
    assertEquals("device abacus (" + opened.description(3) + "): it can be used", choice.reason());
  }

  @Test
  void shouldTakeTheCpuAndSayWhyWhenTheDeviceCannotBeUsed() {
    unavailable = "this machine has no beads";
    KernelsChoice choice = choose("auto", provider);
    assertEquals("cpu", choice.device());
    assertSame(cpu, choice.kernels());
    assertEquals(
        "device cpu (" + cpu.description(3) + "): not abacus, this machine has no beads",
        choice.reason());
  }

  @Test
  void shouldTakeTheCpuAndSayWhyWhenTheDeviceFailsToOpen() {
    refusal = "the beads are stuck: shake it";
    KernelsChoice choice = choose("auto", provider);
    assertEquals("cpu", choice.device());
    assertTrue(choice.reason().endsWith("not abacus, " + refusal), choice.reason());
  }

  @Test
  void shouldTellAFactoryTheRankOnItsHost() {
    List<String> asked = new ArrayList<>();
    KernelsFactory local =
        new KernelsFactory() {
          @Override
          public String description(int rank) {
            return "of " + rank;
          }

          @Override
          public Kernels open(int rank) {
            asked.add("opened " + rank);
            return new CpuKernels();
          }
        };
    KernelsFactory global = local.byLocalRank(rank -> rank % 4);
    assertEquals("of 1", global.description(13));
    global.open(14).close();
    assertEquals(List.of("opened 2"), asked);
  }

  @Test
  void shouldTakeTheCpuWhenNothingElseIsThere() {
    assertTrue(choose("auto").reason().endsWith("nothing else is on the class path"));
  }

  @Test
  void shouldOpenNoDeviceWhenTheCpuIsAskedFor() {
    assertSame(cpu, choose("cpu", provider).kernels());
    assertEquals(null, given);
  }

  @Test
  void shouldRefuseWhenWhatIsAskedForCannotBeUsed() {
    unavailable = "this machine has no beads";
    assertEquals(
        "device=abacus cannot be used, this machine has no beads: choose cpu, which computes the"
            + " same bits",
        assertThrows(ConfigurationException.class, () -> choose("abacus", provider)).getMessage());
    unavailable = null;
    refusal = "the beads are stuck: shake it";
    assertEquals(
        refusal,
        assertThrows(StarlingException.class, () -> choose("abacus", provider)).getMessage());
  }

  @Test
  void shouldRefuseWhatNobodyBrings() {
    assertEquals(
        "device=quipu is unknown: choose one of auto, cpu, abacus",
        assertThrows(ConfigurationException.class, () -> choose("quipu", provider)).getMessage());
  }

  /** A setting that is wrong is the person's to mend, also where the CPU could do. */
  @Test
  void shouldRefuseWrongSettingsAlsoWhenNothingIsAskedFor() {
    assertThrows(
        ConfigurationException.class,
        () -> KernelsChoice.of("auto", Map.of("colour", "red"), cpu, 3, List.of(provider)));
  }
}

package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.topology.Topology;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A simulator that finds nothing proves nothing: each planted mistake must be found. */
class PlantedMistakesTest {
  private static final int MAX_SEEDS = 2_000;

  private static void assertFound(
      String mistake,
      List<String> names,
      UnaryOperator<Remote> remotes,
      UnaryOperator<Kernels> kernels,
      boolean addressable) {
    assertFound(
        mistake,
        names,
        seed ->
            SimOptions.of(seed, 4, 20)
                .shape(Topology.Kind.COMPLETE, 1, addressable)
                .faults(0, 3, 2, 0)
                .mutants(remotes, kernels));
  }

  /** A mistake that only shows when dead workers come back. */
  private static void assertFoundByReturns(
      String mistake, List<String> names, UnaryOperator<Remote> remotes) {
    assertFound(
        mistake,
        names,
        seed ->
            SimOptions.of(seed, 4, 12)
                .shape(Topology.Kind.COMPLETE, 2, seed % 2 == 0)
                .faults(2, 1, 0, 0)
                .returning()
                .mutants(remotes, UnaryOperator.identity()));
  }

  private static void assertFound(
      String mistake, List<String> names, LongFunction<SimOptions> options) {
    for (long seed = 1; seed <= MAX_SEEDS; seed++) {
      SimReport report = Simulation.run(options.apply(seed));
      if (!report.violations().isEmpty()) {
        String found = report.violations().getFirst();
        System.out.println(mistake + ": found by seed " + seed + ": " + found);
        assertTrue(names.stream().anyMatch(found::startsWith), mistake + " was found as " + found);
        return;
      }
    }
    throw new AssertionError(mistake + " was not found by " + MAX_SEEDS + " seeds");
  }

  private static void assertFound(
      String mistake, List<String> names, UnaryOperator<Remote> remotes, boolean addressable) {
    assertFound(mistake, names, remotes, UnaryOperator.identity(), addressable);
  }

  @Test
  void shouldFindAPublishThatDoesNotWaitForItsData() {
    assertFound(
        "publish before data",
        List.of("I2", "P3"),
        remote ->
            new MistakenRemote(remote) {
              @Override
              public void write(
                  long offset, MemorySegment from, long fromOffset, long length, long tag) {
                super.write(offset, from, fromOffset, length, tag);
                completeNow(tag, 0);
              }
            },
        false);
  }

  @Test
  void shouldFindAGuardThatIsNotRead() {
    assertFound(
        "guard not read",
        List.of("I2"),
        remote ->
            new MistakenRemote(remote) {
              private final Set<Long> guards = new HashSet<>();

              @Override
              public void readWord(long offsetBytes, long tag) {
                if (offsetBytes % ControlLine.LENGTH_BYTES == ControlLine.GUARD_OFFSET) {
                  guards.add(tag);
                }
                super.readWord(offsetBytes, tag);
              }

              @Override
              long seen(long tag, long value) {
                return guards.remove(tag) ? 0 : value;
              }
            },
        true);
  }

  @Test
  void shouldFindAnAcknowledgementThatComesTooEarly() {
    assertFound(
        "acknowledged while still writing",
        List.of("I2"),
        remote ->
            new MistakenRemote(remote) {
              @Override
              public void write(
                  long offset, MemorySegment from, long fromOffset, long length, long tag) {
                super.write(offset, from, fromOffset, length, tag);
                settle();
              }
            },
        false);
  }

  @Test
  void shouldFindAPublishByStore() {
    assertFound(
        "publish by store",
        List.of("I1", "I2", "I3", "I4", "P3", "a worker failed"),
        remote ->
            new MistakenRemote(remote) {
              @Override
              public void compareAndSwap(long offset, long expected, long desired, long tag) {
                if (!LockWord.isFree(expected) && desired == LockWord.publish(expected)) {
                  direct().set(ValueLayout.JAVA_LONG, offset, desired);
                  invented.add(new long[] {tag, expected});
                } else {
                  super.compareAndSwap(offset, expected, desired, tag);
                }
              }
            },
        true);
  }

  @Test
  void shouldFindALockThatIsBrokenWithoutQuarantine() {
    assertFound(
        "broken without quarantine",
        List.of("I2"),
        remote ->
            new MistakenRemote(remote) {
              @Override
              public void compareAndSwap(long offset, long expected, long desired, long tag) {
                boolean fence = !LockWord.isFree(expected) && LockWord.owner(expected) != rank();
                if (fence && desired == LockWord.fence(expected)) {
                  direct().set(ValueLayout.JAVA_INT, offset + ControlLine.QUARANTINE_OFFSET, 0);
                }
                super.compareAndSwap(offset, expected, desired, tag);
              }
            },
        true);
  }

  @Test
  void shouldFindAFenceThatKeepsTheVersion() {
    assertFound(
        "fence keeps the version",
        List.of("I1", "I3"),
        remote ->
            new MistakenRemote(remote) {
              @Override
              public void compareAndSwap(long offset, long expected, long desired, long tag) {
                boolean fence = !LockWord.isFree(expected) && desired == LockWord.fence(expected);
                super.compareAndSwap(
                    offset, expected, fence ? LockWord.releaseUnchanged(expected) : desired, tag);
              }
            },
        true);
  }

  @Test
  void shouldFindAPublishThatSkipsAVersion() {
    assertFound(
        "a version is skipped",
        List.of("I1", "I3"),
        remote ->
            new MistakenRemote(remote) {
              @Override
              public void compareAndSwap(long offset, long expected, long desired, long tag) {
                boolean publish =
                    !LockWord.isFree(expected) && desired == LockWord.publish(expected);
                super.compareAndSwap(offset, expected, publish ? desired + 1 : desired, tag);
              }
            },
        true);
  }

  /** The home takes the successor's lock for the dead worker's: it is broken while it is used. */
  @Test
  void shouldFindARankThatUsesTheEpochOfItsPredecessor() {
    assertFoundByReturns(
        "an epoch is used again",
        List.of("I1", "I2"),
        remote ->
            new MistakenRemote(remote) {
              @Override
              public int epoch() {
                return 1;
              }
            });
  }

  @Test
  void shouldFindALivingPeerThatIsTakenForDead() {
    assertFoundByReturns(
        "a living peer is taken for dead",
        List.of("I2"),
        remote ->
            new MistakenRemote(remote) {
              private int asked;

              @Override
              public PeerState state() {
                return ++asked % 40 == 0 ? PeerState.DEAD : super.state();
              }
            });
  }

  @Test
  void shouldFindAGradientThatIsLost() {
    assertFound(
        "a lost gradient",
        List.of("I5/I7"),
        UnaryOperator.identity(),
        PlantedMistakesTest::forgetful,
        true);
  }

  /** Kernels that apply nothing in a step alone. */
  private static Kernels forgetful(Kernels kernels) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("step")) {
                arguments[6] = 0f;
              }
              return method.invoke(kernels, arguments);
            });
  }
}

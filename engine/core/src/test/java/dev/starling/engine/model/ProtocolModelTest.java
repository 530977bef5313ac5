package dev.starling.engine.model;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The stripe protocol, every interleaving of three workers, one of which may die at any step. The
 * model and what it checks are described at the top of {@code src/test/promela/stripe.pml}.
 *
 * <p>The first test proves the protocol; the second proves that the first means something: a
 * mistake is planted, and the check that must notice it does.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ProtocolModelTest {
  @TempDir private Path directory;

  @BeforeEach
  void enterLane() {
    SpinLane.enter();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // At least this many states: a model that stops early would be free of errors, too.
    "EXCHANGE, 5000000",
    "SNAPSHOT, 1000000",
    "PAUSE, 1000000",
    "STUCK, 3000000",
    "LATE_DEATH, 3000000",
    "VERBS, 5000000",
    "REJOIN, 2000000",
    "CUTS, 2000000"
  })
  void shouldHoldEveryInvariantInEveryInterleaving(String configuration, long statesAtLeast)
      throws Exception {
    Spin.Verdict verdict = Spin.check(directory, configuration);
    System.out.printf(
        "spin model %s: %,d states, depth %d, %.1f s, %s, errors: %d%n",
        configuration,
        verdict.states(),
        verdict.depth(),
        verdict.seconds(),
        verdict.isExhaustive() ? "exhaustive" : "truncated",
        verdict.errors());
    assertAll(
        () -> assertEquals(0, verdict.errors(), verdict::explain),
        () -> assertTrue(verdict.isExhaustive(), verdict::explain),
        () -> assertTrue(verdict.states() >= statesAtLeast, verdict::explain));
  }

  /** The third column is a part of the assertion that must fail, as spin prints it. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "SNAPSHOT | MUTANT_PIN_NO_RECHECK                   | seen!=0",
        "SNAPSHOT | MUTANT_NO_PIN_REREAD_UNDER_LOCK         | pinned[",
        "EXCHANGE | MUTANT_HOLD_AND_WAIT                    | done[0]&&computed[0]",
        "EXCHANGE | MUTANT_PUBLISH_PEER_BEFORE_DATA         | second[((peer*4)",
        "PAUSE    | MUTANT_RELEASE_BY_STORE                 | rises[peer]",
        "PAUSE    | MUTANT_BREAK_WITHOUT_QUARANTINE         | quarantinedFor[((peer*4)",
        "PAUSE    | MUTANT_COUNT_BEFORE_BREAK               | quarantinedFor[((peer*4)",
        "PAUSE    | MUTANT_READER_KEEPS_COPY_OF_BROKEN_LOCK | whole",
        "PAUSE    | MUTANT_TORN_DROPS_GRADIENT              | applied[",
        "PAUSE    | MUTANT_TORN_KEEPS_AVERAGE               | second[((me*4)",
        "PAUSE    | MUTANT_ACKNOWLEDGE_AFTER_EXCHANGE_ONLY  | mask[0]==0",
        "PAUSE    | MUTANT_FENCE_RECORD_DECIDES             | fenceRecord",
        "STUCK    | MUTANT_GUARD_BEFORE_WORD                | quarantinedFor[((peer*4)",
        "VERBS    | MUTANT_BREAK_BEFORE_QUEUE_PAIR_IN_ERROR | flyingFrom[from]",
        "VERBS    | MUTANT_CONNECT_BEFORE_CLEARING          | (lock[0]>>8)",
        "VERBS    | MUTANT_WORD_NOT_READ_AGAIN_AFTER_CUTTING_OFF | openFence==uncertain",
        "VERBS    | MUTANT_UNCERTAIN_PUBLISH_COUNTS_AS_DONE | claimed[1]",
        "SNAPSHOT | MUTANT_OWN_GUARD_NOT_READ_AGAIN         | pinned[me]",
        "PAUSE    | MUTANT_LIFT_BEFORE_ACKNOWLEDGEMENT      | quarantinedFor[((peer*4)",
        "PAUSE    | MUTANT_READER_LOOKS_AT_PLANE_ONLY       | whole",
        "REJOIN   | MUTANT_EPOCH_USED_AGAIN                 | done[0]&&computed[0]",
        "REJOIN   | MUTANT_ATTACHMENT_READ_BEFORE_WORD      | lock[peer]>>8",
        "REJOIN   | MUTANT_SUCCESSOR_IN_THE_OLD_REGION      | lock[peer]>>8",
        "CUTS     | MUTANT_CUT_NOT_COMPARED                 | cut[peer]==cut[me]",
        "CUTS     | MUTANT_CUT_READ_BEFORE_LOCK             | cut[peer]==cut[me]",
        "CUTS     | MUTANT_CUT_MARKED_BEFORE_LOCK           | cutVersion[0]",
        "CUTS     | MUTANT_JOINER_READS_CUT_ONCE            | cutVersion[0]"
      })
  void shouldFindThePlantedMistake(String configuration, String mistake, String assertion)
      throws Exception {
    Spin.Verdict verdict = Spin.check(directory, configuration, mistake);
    assertEquals(1, verdict.errors(), verdict::explain);
    assertTrue(verdict.violated().contains(assertion), verdict::explain);
  }

  /** I6: whoever waits for a peer needs a run in which nothing else happens. */
  @Test
  void shouldEndEveryRunInEveryInterleaving() throws Exception {
    Spin.Verdict verdict = Spin.checkEnding(directory, "FINITE");
    assertEquals(0, verdict.errors(), verdict::explain);
    assertTrue(verdict.isExhaustive(), verdict::explain);
    assertTrue(verdict.states() >= 1_000_000, verdict::explain);
  }

  @Test
  void shouldFindTheRunThatDoesNotEnd() throws Exception {
    Spin.Verdict verdict = Spin.checkEnding(directory, "FINITE", "MUTANT_TRIES_PARTNERS_FOR_EVER");
    assertEquals(1, verdict.errors(), verdict::explain);
    assertTrue(verdict.violated().contains("non-progress cycle"), verdict::explain);
  }

  @Test
  void shouldNotCallATruncatedSearchExhaustive() throws Exception {
    Spin.Verdict verdict = Spin.check(directory, 20, "PAUSE");
    assertEquals(0, verdict.errors(), verdict::explain);
    assertTrue(!verdict.isExhaustive(), verdict::explain);
  }
}

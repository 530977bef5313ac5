package dev.starling.cli.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SetSummaryTest {
  @ParameterizedTest
  @CsvSource({"0,0 s", "119,119 s", "120,2 min", "7199,119 min", "7200,2 h", "172800,2 d"})
  void shouldTellTheAgeInItsLargestWholeUnit(long seconds, String age) {
    assertEquals(age, SetSummary.age(seconds));
  }
}

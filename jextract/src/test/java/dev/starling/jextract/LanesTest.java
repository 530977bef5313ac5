package dev.starling.jextract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class LanesTest {
  @Test
  void shouldGoOnWhenTheToolIsThere() {
    Lanes.enter("sample,spin", "sample", true, "this is a test of lanes");
  }

  @Test
  void shouldSkipWithTheReasonWhenTheLaneIsNotRequired() {
    for (String required : new String[] {null, "", "spin", "samples"}) {
      TestAbortedException skipped =
          assertThrows(
              TestAbortedException.class,
              () -> Lanes.enter(required, "sample", false, "this is a test of lanes"));
      assertEquals(
          "Lane 'sample' is skipped because this is a test of lanes.", skipped.getMessage());
    }
  }

  @Test
  void shouldFailWhenTheLaneIsRequired() {
    for (String required : new String[] {"sample", "spin, sample", "sample,spin"}) {
      AssertionFailedError failed =
          assertThrows(
              AssertionFailedError.class,
              () -> Lanes.enter(required, "sample", false, "this is a test of lanes"));
      assertEquals(
          "Lane 'sample' is required by STARLING_REQUIRED_LANES but this is a test of lanes.",
          failed.getMessage());
    }
  }
}
